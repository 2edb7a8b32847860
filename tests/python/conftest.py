"""Makes the helpers beside the folders of tests importable; Ctrl-C for the tests that press it."""

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises KeyboardInterrupt: a process that a shell started in the background ignores it, and so do those it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
