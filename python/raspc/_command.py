"""The command ``raspc``, as the wheel installs it: the same program as the Rust binary."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Runs the command line and gives the exit status."""
    from raspc import _native

    # Python's own handler would only note Ctrl-C while native code runs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.stdout.flush()
    return _native.cli(["raspc", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
