"""PyTorch's settings, and the measured errors after the tests."""

import torch

torch.set_grad_enabled(False)
# The models are tiny: threads cost more than they save.
torch.set_num_threads(1)


def pytest_terminal_summary(terminalreporter):
    import report

    terminalreporter.section("measured errors")
    for line in report.lines():
        terminalreporter.write_line(line)
