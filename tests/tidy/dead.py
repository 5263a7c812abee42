"""No dead files: every file of src/ must be reachable from the program's main or the embedding API. A header is reached
through an include; a .cc through the header that it implements: the one of the same name, else any header that it
includes from its folder or the one above."""

import re

from tree import blank, is_code

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


def check(tree):
    files = {path: text for path, text in tree.items() if is_code(path) and path.startswith(("src/", "include/"))}
    includes = {path: [_place(name) for name in _INCLUDE.findall(blank(text, keep_strings=True))] for path, text in files.items()}
    implemented_by = {}
    for path, included in includes.items():
        if path.endswith(".cc"):
            own = path.removesuffix(".cc") + ".h"
            folder = path.rsplit("/", 1)[0]
            near = (folder, folder.rsplit("/", 1)[0])
            for header in [own] if own in files else [name for name in included if name.rsplit("/", 1)[0] in near or name.startswith("include/")]:
                implemented_by.setdefault(header, []).append(path)
    reached = set()
    left = [path for path in files if path == "src/tool/main.cc" or path.startswith("include/")]
    while left:
        path = left.pop()
        if path in reached or path not in files:
            continue
        reached.add(path)
        left += includes[path] + implemented_by.get(path, [])
    for path in sorted(set(files) - reached):
        yield f"{path}: nothing uses it"


def _place(name):
    return ("include/" if name.startswith("sluice/") else "src/") + name
