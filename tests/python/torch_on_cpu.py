"""Makes PyTorch's Linux wheel importable without CUDA: stand-ins for NVIDIA's large libraries, beside PyTorch's own.

The only wheel that the package index has for Linux on x86-64 is built for CUDA. Its CPU half is whole, but the dynamic linker
wants some two gigabytes of NVIDIA's libraries before it loads any of it. The CUDA runtime, which is asked at the start
how many devices there are, is small and is installed. Of the others nothing is called where there is no device: each
that is missing is linked here from functions that end the process when they are called after all. That takes seconds; it
needs a C compiler, which Rust needs too, and readelf, which comes with it. Where torch can be imported already (other
systems, a CPU build, CUDA installed), nothing is done.

    python torch_on_cpu.py
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# What a library exports: symbols of a version (NVIDIA names versions after libraries), or with a prefix where they have none.
UNVERSIONED = {"libnccl.": "nccl", "libcufile.": "cuFile", "libcusparseLt.": "cusparseLt", "libcuda.": "cu"}
VERSIONS = {"libnvshmem_host.": "NVSHMEM"}


def importable():
    done = subprocess.run([sys.executable, "-c", "import torch"], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def missing(folder):
    """NVIDIA's libraries that PyTorch's are linked against and that are not there; the symbols wanted, as name@version."""
    places = [folder, *folder.parents[1].glob("nvidia/*/lib")]
    there = {path.name for place in places for path in place.iterdir()}
    needed, symbols = set(), set()
    for library in sorted(folder.glob("*.so*")):
        command = ["readelf", "--wide", "--dynamic", "--dyn-syms", str(library)]
        for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
            needed.update(re.findall(r"\(NEEDED\).*\[(lib(?:cu|nv|nccl).*)\]", line))
            words = line.split()
            if len(words) >= 8 and words[6] == "UND":
                symbols.add(words[7])
    return sorted(needed - there), sorted(symbols)


def exports(library, symbols):
    """The version of a library's symbols ("" where they have none) and their names."""
    for start, prefix in UNVERSIONED.items():
        if library.startswith(start):
            others = [p for p in UNVERSIONED.values() if p != prefix and p.startswith(prefix)]
            named = [s for s in symbols if re.match(prefix + "[A-Z]", s) and "@" not in s]
            return "", [s for s in named if not any(s.startswith(p) for p in others)]
    version = next((v for start, v in VERSIONS.items() if library.startswith(start)), library)
    return version, [s.partition("@")[0] for s in symbols if s.partition("@")[2] == version]


def link(folder, library, version, names):
    """A shared library of functions that end the process."""
    with tempfile.TemporaryDirectory() as temporary:
        source, script = Path(temporary, "stand_in.c"), Path(temporary, "versions")
        code = 'extern void abort(void); extern int puts(const char *);\n'
        code += "".join(f'void {name}(void) {{ puts("{name} is a stand-in"); abort(); }}\n' for name in names)
        source.write_text(code, encoding="utf-8")
        command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{library}", "-o", str(folder / library), str(source)]
        if version:
            script.write_text(f"{version} {{ global: *; }};\n", encoding="utf-8")
            command.append(f"-Wl,--version-script={script}")
        subprocess.run(command, check=True)


def main():
    fine, _ = importable()
    spec = importlib.util.find_spec("torch")
    if fine or spec is None:
        return 0 if fine else "torch is not installed"
    folder = Path(spec.submodule_search_locations[0]) / "lib"
    libraries, symbols = missing(folder)
    for library in libraries:
        link(folder, library, *exports(library, symbols))
    fine, error = importable()
    return 0 if fine else f"torch still cannot be imported:\n{error}"


if __name__ == "__main__":
    sys.exit(main())
