"""The proxies of this folder: what they are, how they are compiled, and on which machine. For measure.py."""
import os
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from machine import about_machine, output  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"]


class Runtime:
    def __init__(self, name, source, libraries="", package="", arguments=()):
        self.name, self.source, self.libraries, self.package, self.arguments = name, source, libraries, package, arguments
        self.process, self.port, self.loads, self.fields = None, 0, {}, []


RUNTIMES = [
    Runtime("libuv", "libuv.cc", "libuv", "libuv1"),
    Runtime("epoll", "epoll.cc"),
    Runtime("epoll, edge", "epoll.cc", arguments=("edge",)),
    Runtime("Asio", "asio.cc", package="libasio-dev"),
    Runtime("libevent", "libevent.cc", "libevent_core", "libevent-core-2.1-7"),
    Runtime("io_uring", "io_uring.cc", "liburing", "liburing2"),
]


def pkg_config(*arguments):
    done = subprocess.run(["pkg-config", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60)
    return done.stdout.split() if done.returncode == 0 else None


class Build:
    """Compiles with g++ -O2; searches llhttp in the same order as cmake/llhttp.cmake."""

    def __init__(self, folder, times):
        self.folder, self.times, self.figures = folder, times, {}
        self.flags, self.objects = self.llhttp()

    def llhttp(self):
        given = os.environ.get("SLUICE_LLHTTP_SOURCE")
        flags = None if given else pkg_config("--cflags", "libllhttp >= 9.2")
        if flags is not None:
            return flags, pkg_config("--libs", "libllhttp")
        roots = [Path(given)] if given else [Path("/usr/share/llhttp"), Path("/usr/share/include/llhttp")]
        folders = [root / sub for root in roots for sub in ("", "src", "build/c", "src/native", "include", "build")]

        def find(name):
            found = next((f / name for f in folders if (f / name).exists()), None)
            return found or sys.exit(f"llhttp: no {name} in {', '.join(map(str, roots))}")

        flags = ["-isystem", str(find("llhttp.h").parent), "-DLLHTTP_STRICT_MODE=1"]
        objects = []
        for name in ("llhttp.c", "api.c", "http.c"):
            objects.append(str(self.folder / (name + ".o")))
            subprocess.run(["gcc", "-O2", *flags, "-c", str(find(name)), "-o", objects[-1]], check=True, timeout=300)
        return flags, objects

    def compile(self, source, program, flags=(), objects=()):
        """Returns the CPU time that it took."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["g++", "-std=c++20", "-O2", *WARNINGS, *flags, str(source), "-o", str(program), *objects], check=True,
                       timeout=300)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def all(self):
        for program in ("origin", "load"):
            self.compile(HERE.parent / f"{program}.cc", self.folder / program)
        for _ in range(self.times):
            for source, r in {r.source: r for r in RUNTIMES}.items():
                flags = [*self.flags, "-DASIO_STANDALONE", *(pkg_config("--cflags", r.libraries) if r.libraries else [])]
                libraries = pkg_config("--libs", r.libraries) if r.libraries else []
                took = self.compile(HERE / source, self.program(r), flags, [*self.objects, *libraries])
                self.figures.setdefault(source, []).append(took)

    def program(self, runtime):
        return self.folder / Path(runtime.source).stem

    def facts(self, runtime):
        stripped = self.folder / "stripped"
        subprocess.run(["strip", "-o", str(stripped), str(self.program(runtime))], check=True, timeout=60)
        linked = re.search(rf"{runtime.libraries}\S* => (\S+)", output("ldd", str(self.program(runtime)))) if runtime.libraries else None
        return {"binary, stripped (KB)": stripped.stat().st_size / 1024,
                "its shared library (KB)": Path(linked[1]).resolve().stat().st_size / 1024 if linked else 0,
                "compile and link (s of CPU)": statistics.median(self.figures[runtime.source]),
                "lines": (HERE / runtime.source).read_text().count("\n")}


def about():
    return {**about_machine(), "packages": {p: output("dpkg-query", "-W", "-f", "${Version}", p)
                                            for p in [r.package for r in RUNTIMES if r.package] + ["node-llhttp"]}}
