"""Files over 500 lines and functions over 80 fail, unless ratchet.txt lists them with their size; a listed size may only
shrink. Files over 400 and functions over 60 are only reported."""

import os
import re

from tree import blank, is_code, line_of

FILE_MOST, FILE_AIM = 500, 400
FUNCTION_MOST, FUNCTION_AIM = 80, 60
RATCHET = "tests/tidy/ratchet.txt"

_SIZED = (".cc", ".h", ".py", ".sh", ".mjs", ".js")
_CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum)\b|\bextern\s*$")
_LABELS = re.compile(r"\s*(?:(?:public|private|protected)\s*:\s*)*")
_NAME = re.compile(r"([~\w:]+|operator[^\s\w(]+|operator\s*\(\))\s*\(")


def sizes(tree):
    """Yields (name, lines, most, aim) of every file and, in src/ and include/, every function."""
    for path, text in tree.items():
        if path.endswith(_SIZED):
            yield path, text.count("\n"), FILE_MOST, FILE_AIM
        if is_code(path) and path.startswith(("src/", "include/")):
            for name, lines in functions(text):
                yield f"{path}:{name}", lines, FUNCTION_MOST, FUNCTION_AIM


def functions(text):
    """Yields (name, lines) of each function body at namespace or class level. Not a parser: braces are matched, and the text
    before a brace decides what it opens."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), blank(text), flags=re.MULTILINE)
    begin = 0  # of the declaration being read
    position = 0
    while position < len(code):
        mark = code[position]
        if mark in ";}":
            begin = position + 1
        elif mark == "{":
            head = code[begin:position]
            kind = _kind(head)
            if kind == "container":
                begin = position + 1
            else:
                end = _closing(code, position)
                if kind == "function":
                    first = begin + _LABELS.match(head).end()
                    yield _name(head), line_of(code, end) - line_of(code, first) + 1
                    begin = end + 1
                position = end  # an initialiser: the declaration continues
        position += 1


def _kind(head):
    plain = _without_templates(head).strip()
    if plain.count("(") > plain.count(")"):
        return "initialiser"  # f(int a = {}), make({...})
    if re.search(r"\)\s*:(?!:)", plain) and re.search(r"[\w>]$", plain) and not re.search(r"\)\s*(?:const|noexcept|override)$", plain):
        return "initialiser"  # Foo::Foo() : member_{...}
    if _CONTAINER.search(plain) and not re.search(r"\)\s*(?:const|noexcept|override|final|mutable|->.*|\s)*$", plain):
        return "container"
    outside = re.sub(r"operator\W+", "", plain)
    while (fewer := re.sub(r"\([^()]*\)", "", outside)) != outside:
        outside = fewer
    if "(" in plain and "=" not in outside:
        return "function"
    return "initialiser"


def _without_templates(head):
    while True:
        shorter = re.sub(r"^\s*(?:template\s*)?<[^<>]*>|template\s*<[^<>]*>", " ", head)
        inner = re.sub(r"(template\s*<[^<>]*)<[^<>]*>", r"\1", shorter)
        if inner == head:
            return head
        head = inner


def _name(head):
    match = _NAME.search(_without_templates(head))
    return match.group(1) if match else "?"


def _closing(code, opening):
    depth = 0
    for position in range(opening, len(code)):
        if code[position] == "{":
            depth += 1
        elif code[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    return len(code) - 1


def listed(tree):
    result = {}
    for line in tree.get(RATCHET, "").splitlines():
        if line.strip() and not line.startswith("#"):
            name, size = line.rsplit(None, 1)
            result[name] = int(size)
    return result


def check(tree):
    ratchet = listed(tree)
    seen = {}
    for name, lines, most, _ in sizes(tree):
        seen[name] = max(lines, seen.get(name, 0))
        allowed = ratchet.get(name, most)
        if lines > max(most, allowed):
            yield f"{name}: {lines} lines, at most {max(most, allowed)}"
    for name, size in ratchet.items():
        now = seen.get(name, 0)
        most = FUNCTION_MOST if ":" in os.path.basename(name) else FILE_MOST
        if now <= most:
            yield f"{RATCHET}: {name} no longer needs its line"
        elif now < size:
            yield f"{RATCHET}: {name} has shrunk to {now}: write that"


def warnings(tree):
    for name, lines, most, aim in sizes(tree):
        if aim < lines <= most:
            yield f"{name}: {lines} lines, aim at {aim}"
