"""Writes `python/raspc/_native.pyi`, the types of the native module, from the module itself: `python tests/python/stubs.py`.

PyO3 notes the signatures and documentation of everything the module exports; maturin reads them from the built library. What is inside
a list or dictionary that Rust makes object by object is written into the signature there.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
STUB = ROOT / "python/raspc/_native.pyi"
HEAD = "# Written by tests/python/stubs.py from the native module; do not edit.\n"


def generated():
    """The text of the stub."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "maturin", "generate-stubs", "--quiet", "--locked", "--profile", "dev", "--out", folder]
        subprocess.run(command, cwd=ROOT, check=True)
        (file,) = Path(folder).rglob("*.pyi")
        return HEAD + file.read_text(encoding="utf-8")


if __name__ == "__main__":
    STUB.write_text(generated(), encoding="utf-8")
