"""Speed: importing, compiling and the first run. The limits are far above what is measured; the figures are printed with `-s`."""

import statistics
import subprocess
import sys
import time

import raspc


def import_time():
    """Processor time, which other processes do not lengthen much."""
    script = "import time; t = time.process_time(); import raspc; print(time.process_time() - t)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return float(done.stdout)


def test_import_is_quick_and_brings_no_numpy():
    script = "import sys, raspc; raspc.compile(raspc.standard('hist'))('ab'); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False", "numpy is imported when an array is first asked for"
    fastest = min(import_time() for _ in range(5))
    print(f"import raspc: {1e3 * fastest:.0f} ms")
    assert fastest < 0.1


def test_small_programs_compile_and_run_in_milliseconds():
    slow = {}
    for name in raspc.standard_programs():
        times = []
        for _ in range(5):
            start = time.perf_counter()
            program = raspc.standard(name)
            raspc.compile(program)(program.example)
            times.append(1e3 * (time.perf_counter() - start))
        print(f"{name}: compile and first run {min(times):.1f} ms, median {statistics.median(times):.1f} ms")
        # Debug assertions are on in this build, and other processes may be at work: no more than a sanity check.
        if min(times) > 250:
            slow[name] = min(times)
    assert not slow
