"""TransformerLens 3, in a process of its own: the last version with `HookedTransformer`, whose hooks the circuits name."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Only that one package: all others are those of the environment.
FOLDER = Path(sys.prefix) / "transformer-lens-3"
TESTS = ["test_transformer_lens.py", "test_circuit.py", "test_package.py"]


@pytest.mark.skipif(version("transformer-lens").startswith("3."), reason="it runs already")
def test_transformer_lens_3():
    assert (FOLDER / "transformer_lens").is_dir(), f"requirements-transformer-lens-3.txt is to be installed in {FOLDER}"
    paths = [str(FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(HERE / test) for test in TESTS)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}, capture_output=True, text=True)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert " passed" in done.stdout and "HookedTransformer" in done.stdout
