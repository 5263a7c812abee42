"""What building sluice costs, and the sizes of the results. For benchmark.py."""
import os
import re
import resource
import shutil
import subprocess
import time

from machine import ROOT, output, run_whole, say

STATIC = ("everything but libc static", "shared libraries it still needs")
# Forget the shared libraries that cmake found, so that it searches again.
FOUND = [flag for pattern in ("*OPENSSL*", "*ZLIB*", "*UV*", "pkgcfg*") for flag in ("-U", pattern)]


def build(folder, *settings):
    """Returns wall-clock and CPU seconds."""
    given = [f"-D{name}={os.environ[name]}" for name in ("SLUICE_LLHTTP_SOURCE", "SLUICE_SIMDJSON_SOURCE") if os.environ.get(name)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    options = {"env": {**os.environ, "CCACHE_DISABLE": "1"}, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    run_whole(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_UNITY_BUILD=ON", "-DSLUICE_TESTS=OFF",
               "-DSLUICE_BENCHMARKS=OFF", *given, *settings], 300, **options)
    run_whole(["cmake", "--build", folder, "--target", "sluice"], 1500, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def stripped_bytes(program, folder):
    stripped = folder / "stripped"
    subprocess.run(["strip", "-o", str(stripped), str(program)], check=True, timeout=60)
    return stripped.stat().st_size


def shared_libraries(program):
    """By name, without those of the C library."""
    names = re.findall(r"^\s*(\S+) =>", output("ldd", str(program)), re.M)
    return [name for name in names if not re.match(r"(libc|libm|libpthread|libdl|librt|libresolv|linux-vdso)\.so", name)]


def measure(options, folder):
    """(figures, notes) of a build from nothing: without ccache, the program only. --quick builds nothing."""
    figures, notes = {}, {}
    if options.sluice.exists():
        figures["the measured program, stripped (bytes)"] = stripped_bytes(options.sluice, folder / "run")
        notes["the measured program's shared libraries"] = ", ".join(shared_libraries(options.sluice)) or "none"
    if options.quick:
        return figures, {**notes, "clean build, other sizes": "not measured with --quick"}
    say("builds: from nothing, then static")
    clean = folder / "clean-build"
    shutil.rmtree(clean, ignore_errors=True)
    seconds, cpu = build(clean, "-DSLUICE_STRIP=OFF")
    figures["clean release build (s)"], figures["clean release build (s of CPU)"] = round(seconds, 1), round(cpu, 1)
    figures["plain release, not stripped (bytes)"] = (clean / "sluice").stat().st_size
    figures["plain release, stripped (bytes)"] = stripped_bytes(clean / "sluice", folder / "run")
    build(clean, *FOUND, "-DSLUICE_STATIC=ON")
    figures[f"plain release, {STATIC[0]}, stripped (bytes)"] = stripped_bytes(clean / "sluice", folder / "run")
    notes[STATIC[1]] = ", ".join(shared_libraries(clean / "sluice")) or "none"
    return figures, notes
