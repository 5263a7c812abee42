"""Documents name only files that exist: every project path in a *.md file, and every relative link."""

import posixpath
import re

from tree import line_of

_PATH = re.compile(r"(?<![\w/.:-])(?:src|include|scripts|tests|docs|cmake|benchmarks|\.ci)/[\w./{}*<>-]*")
_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def check(tree):
    known = set(tree) | {posixpath.splitext(path)[0] for path in tree if path.endswith((".h", ".cc"))}  # src/gateway/exchange means both files
    for path in tree:
        while path := posixpath.dirname(path):
            known.add(path)
    for document, text in tree.items():
        if not document.endswith(".md"):
            continue
        for match in _PATH.finditer(text):
            named = match.group().rstrip(".-/")
            if not re.search(r"[*<>{}]", named) and named not in known:
                yield f"{document}:{line_of(text, match.start())}: no such file: {match.group()}"
        for match in _LINK.finditer(text):
            named = posixpath.normpath(posixpath.join(posixpath.dirname(document), match.group(1)))
            if named not in known:
                yield f"{document}:{line_of(text, match.start())}: dead link: {match.group(1)}"
