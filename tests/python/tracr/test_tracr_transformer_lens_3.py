"""The tests of `test_tracr_transformer_lens`, with TransformerLens 3, from the folder of the environment that it lies in."""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(sys.prefix) / "transformer-lens-3"


def test_with_transformer_lens_3():
    assert (FOLDER / "transformer_lens").is_dir(), f"requirements-transformer-lens-3.txt is to be installed in {FOLDER}"
    path = os.pathsep.join([str(FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])])
    tests = Path(__file__).with_name("test_tracr_transformer_lens.py")
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", str(tests)]
    env = {**os.environ, "PYTHONPATH": path, "TRANSFORMER_LENS_UNDER_TEST": "3."}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
