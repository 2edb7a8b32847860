"""Types: the stub is that of the module, and the package and a program that uses it pass mypy."""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import stubs

TESTS = Path(__file__).parents[1]


def test_the_stub_is_generated_from_the_module():
    assert stubs.STUB.read_text(encoding="utf-8") == stubs.generated(), "run `python tests/python/stubs.py`"


def test_the_package_is_typed():
    assert resources.files("raspc").joinpath("py.typed").is_file()
    assert resources.files("raspc").joinpath("_native.pyi").is_file()


def mypy(*words):
    done = subprocess.run([sys.executable, "-m", "mypy", "--no-color-output", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_passes_mypy():
    modules = ["sops", "program", "models", "runs", "circuits", "pictures", "errors", "_html", "_opaque", "_pickled", "_command"]
    files = [str(stubs.ROOT / f"python/raspc/{module}.py") for module in modules]
    mypy("--strict", "--follow-imports=silent", *files)


USER = """
import numpy
import raspc
from typing import Any, List

def count(symbol: str) -> raspc.SOp:
    hits = raspc.select(raspc.tokens, symbol)
    return raspc.selector_width(hits).named("count")

model: raspc.Model = raspc.compile(count("a") + 1, vocab="ab", max_len=3)
out: List[Any] = model("ab")
rows: List[numpy.ndarray] = model.run("ab").residuals
batch: raspc.BatchRun = model.run([["a"], ["b", "a"]])
sizes: int = model.config.d_model
mask: numpy.ndarray = raspc.select(raspc.tokens, raspc.tokens, "<")("ab")
done: bool = bool(model.verify())
"""


def test_a_program_that_uses_it_passes_mypy(tmp_path):
    (tmp_path / "user.py").write_text(USER)
    mypy("--strict", str(tmp_path / "user.py"))
    (tmp_path / "wrong.py").write_text('import raspc\nraspc.compile(raspc.tokens, vocab="ab", max_len="three")\n')
    wrong = subprocess.run(
        [sys.executable, "-m", "mypy", str(tmp_path / "wrong.py")], capture_output=True, text=True
    )
    assert wrong.returncode == 1 and "max_len" in wrong.stdout
