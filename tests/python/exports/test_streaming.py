"""A large export streams: what it needs is far less than what it writes; and Ctrl-C ends it."""

import signal
import subprocess
import sys
import time

import pytest
import raspc

FORMATS = ["onnx", "transformer-lens", "torch", "safetensors", "hf-bert"]

# The most memory that the process has had, in kilobytes (getrusage would tell that of the process it was forked from).
EXPORT = """
import sys, raspc
def peak():
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
model = raspc.Model.load(sys.argv[1])
before = peak()
model.export(sys.argv[2], format=sys.argv[3])
print(before, peak())
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The folder of a model of more than 30 million dense parameters."""
    model = raspc.compile(raspc.standard("reverse"), vocab="abc", max_len=1500)
    assert model.config.parameters > 30_000_000
    folder = tmp_path_factory.mktemp("large") / "model"
    model.save(folder)
    return folder


@pytest.mark.parametrize("format", ["onnx", "hf-bert"])
def test_an_interrupted_export_leaves_nothing(large, tmp_path, format, ctrl_c):
    script = "import sys, raspc; raspc.Model.load(sys.argv[1]).export(sys.argv[2], format=sys.argv[3])"
    command = [sys.executable, "-c", script, str(large), str(tmp_path / "export"), format]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not any(tmp_path.iterdir()) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        told = process.communicate()[1]
    assert process.returncode != 0 and "KeyboardInterrupt" in told
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("format", FORMATS)
def test_memory(large, tmp_path, format):
    place = tmp_path / "export"
    command = [sys.executable, "-c", EXPORT, str(large), str(place), format]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    before, peak = (1024 * int(kilobytes) for kilobytes in told)
    files = [place] if place.is_file() else [p for p in place.rglob("*") if p.is_file()]
    size = sum(p.stat().st_size for p in files)
    assert size > 4 * 30_000_000
    assert peak <= 2 * size
    # More than that holds: not a tenth of the file is ever in memory.
    assert peak - before < size / 10, f"{peak - before:,} bytes for a file of {size:,}"
