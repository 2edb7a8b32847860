"""PyTorch's settings, and the measured errors after the tests."""

import pytest
import torch

# The models are tiny: threads cost more than they save.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def inference():
    with torch.no_grad():
        yield


def pytest_terminal_summary(terminalreporter):
    import report

    terminalreporter.section("measured errors of exports")
    for line in report.lines():
        terminalreporter.write_line(line)
