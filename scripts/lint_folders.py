"""Runs clang-tidy over the folders of src/, each as one file: lint_folders.py BUILD JOBS [FILE...], where FILE selects
its folder.

Most of clang-tidy's time goes into the headers that each file reads again, and its checks of a main file do not
apply to included files. So a folder's files are concatenated into one main file, and findings are reported for the
original files."""

import json
import pathlib
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

INCLUDED = re.compile(r'^#include "(?P<path>[^"]+\.cc)"$', re.MULTILINE)
SUMMARY = re.compile(r"^(\d+ warnings? generated|Suppressed|Use -)")


def folders(build):
    """(name, compiler arguments, files) of each unity file in src/'s libraries and program."""
    for command in json.loads((build / "compile_commands.json").read_text()):
        unity = pathlib.Path(command["file"])
        name = re.fullmatch(r"sluice(_\w+)?\.dir", unity.parts[-3])
        if name and unity.suffix == ".cxx":
            arguments = shlex.split(command["command"])
            first = next(i for i, argument in enumerate(arguments) if argument.startswith("-"))
            yield unity.parts[-3][:-4], arguments[first:arguments.index("-o")], INCLUDED.findall(unity.read_text())


def lint(folder, build, root):
    name, arguments, files = folder
    together, starts, text = build / "lint" / f"{name}.cc", [], ""
    for file in files:
        starts.append((text.count("\n"), file))
        text += pathlib.Path(file).read_text().rstrip("\n") + "\n"
    together.write_text(text)
    run = subprocess.run(["clang-tidy-14", "--quiet", f"--config-file={root}/.clang-tidy", "--extra-arg=-Wno-error",
                          "--extra-arg=-Wno-unknown-warning-option", str(together), "--", *arguments],
                         capture_output=True, text=True, check=False)

    def whose(match):
        line = int(match[1])
        before, file = max(start for start in starts if start[0] < line)
        return f"{file}:{line - before}:"

    found = re.sub(re.escape(str(together)) + r":(\d+):", whose, run.stdout + run.stderr)
    return run.returncode, "\n".join(line for line in found.splitlines() if not SUMMARY.match(line))


def main():
    build, jobs, wanted = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), {str(pathlib.Path(f).resolve()) for f in sys.argv[3:]}
    root = pathlib.Path(__file__).resolve().parent.parent
    (build / "lint").mkdir(exist_ok=True)
    chosen = [folder for folder in folders(build) if not wanted or wanted & set(folder[2])]
    if not chosen:
        sys.exit("nothing to look at")
    chosen.sort(key=lambda folder: -len(folder[2]))  # the longest first, so that none runs alone at the end
    failed = False
    with ThreadPoolExecutor(jobs) as pool:
        for code, found in pool.map(lambda folder: lint(folder, build, root), chosen):
            failed |= code != 0
            if found:
                print(found, flush=True)
    sys.exit(failed)


main()
