"""No dialect's name outside its own folder: where dialects differ, the room is asked (src/api/dialect.h)."""

import re

from tree import blank, is_code, line_of

DIALECTS = ("openai", "responses", "anthropic", "gemini", "ollama")
# Where they may be named: the enum, the list, what operators write and see, and the demo provider and the bench caller.
ALLOWED = ("src/base/dialect.h", "src/api/dialects.cc", "src/config/", "src/demo/", "src/bench/")

_WORDS = {name: re.compile(name, re.IGNORECASE) for name in DIALECTS}
# Also a word of HTTP and OpenAPI: only the enum value, the folder, and strings with its paths or endpoints count.
_WORDS["responses"] = re.compile(r"""Dialect::responses\b|\bresponses::|api/responses/|"/?(?:v1/)?responses(?:/|"(?!\s*:))""")


def check(tree):
    for path, text in tree.items():
        if not path.startswith("src/") or not is_code(path) or path.startswith(ALLOWED):
            continue
        code = blank(text, keep_strings=True)
        for name, words in _WORDS.items():
            if path.startswith(f"src/api/{name}/"):
                continue
            for match in words.finditer(code):
                yield f"{path}:{line_of(text, match.start())}: names a dialect outside its folder: {match.group()}"
