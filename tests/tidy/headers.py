"""A header begins with a comment that says what it is for, and is included once."""

import re


def check(tree):
    for path, text in tree.items():
        if not path.endswith(".h"):
            continue
        if not text.startswith("//"):
            yield f"{path}:1: begins without a comment that says what it is for"
        if not re.search(r"^#pragma once$", text, re.MULTILINE):
            yield f"{path}: no #pragma once"
