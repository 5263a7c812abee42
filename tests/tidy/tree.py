"""The project's text files as a mapping of path to text, so that a test can run any check on a made-up project."""

import os
import re
import subprocess


def read(root):
    """Files that git tracks or would track; without git, everything outside build/ and hidden folders."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True)
    if listed.returncode == 0:
        paths = [path for path in listed.stdout.decode().split("\0") if path]
    else:
        paths = []
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if f not in ("build", "__pycache__") and (f == ".ci" or f[0] != ".")]
            paths += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    tree = {}
    for path in sorted(paths):
        try:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                tree[path] = file.read()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # binary test data, or deleted but not yet committed
    return tree


def is_code(path):
    return path.endswith((".cc", ".h"))


_NOT_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/            # comments
      |R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)"   # raw strings
      |"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'""",  # a ' between digits only groups them
    re.DOTALL | re.VERBOSE,
)


def blank(text, keep_strings=False):
    """The same text with comments, and strings unless kept, replaced by spaces; lines and columns stay the same."""

    def spaces(match):
        if keep_strings and match.group()[0] not in "/":
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return _NOT_CODE.sub(spaces, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
