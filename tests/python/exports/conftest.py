"""Prints the measured errors after the tests."""

import report


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("measured errors")
    for line in report.lines():
        terminalreporter.write_line(line)
