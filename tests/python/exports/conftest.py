"""Has the cases written that the tests read, and prints the measured errors after them."""

import os
import subprocess
from pathlib import Path

import torch

ROOT = Path(__file__).parents[3]


def written():
    """The folder of the cases: that of the environment, else one that is written anew."""
    folder = os.environ.get("RASPC_EXPORT_CASES")
    if folder is None:
        folder = str(ROOT / "target" / "export-cases")
        command = ["cargo", "run", "--quiet", "--locked", "-p", "raspc", "--example", "export_cases", "--", folder]
        subprocess.run(command, cwd=ROOT, check=True)
    return folder


os.environ["RASPC_EXPORT_CASES"] = written()
torch.set_grad_enabled(False)
# The models are tiny: threads cost more than they save.
torch.set_num_threads(1)


def pytest_terminal_summary(terminalreporter):
    import report

    terminalreporter.section("measured errors")
    for line in report.lines():
        terminalreporter.write_line(line)
