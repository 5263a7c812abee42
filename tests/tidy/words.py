"""Words that must not occur in names, and text that must not occur anywhere."""

import re

from tree import blank, is_code, line_of

# Each means opposite things in different proxies: say caller, provider, target, peer, listener.
FORBIDDEN = {"upstream", "downstream", "client", "server", "upstreams", "downstreams", "clients", "servers"}
# Names chosen by libraries.
LIBRARY_NAMES = re.compile(r"^(SSL|TLS|TLSEXT|X509|EVP|EXFLAG|XKU)_")

_NAME = re.compile(r"[A-Za-z_]\w*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# Written so that this file does not match itself.
_ANYWHERE = [
    (re.compile(r"(?<![\w.])/(?:wor[k]|far[m]|roo[t]|home/[a-z][\w-]*)/[\w.]"), "a path of one machine"),
    (re.compile(r"registry\.npmj[s]|(?:deb|security)\.debian[.]org|pypi[.]org|pythonhosted[.]org|crates[.]io"), "a registry's host name"),
    (re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b"), "unfinished work"),
]


def check(tree):
    for path, text in tree.items():
        for pattern, what in _ANYWHERE:
            for match in pattern.finditer(text):
                yield f"{path}:{line_of(text, match.start())}: {what}: {match.group()}"
        if path.startswith(("src/", "include/")) and is_code(path):
            yield from _names(path, text)


def _names(path, text):
    for part in _PART.findall(path):
        if part.lower() in FORBIDDEN:
            yield f"{path}: '{part}' in a file's name"
    code = re.sub(r"^[ \t]*#[ \t]*include[^\n]*", "", blank(text), flags=re.MULTILINE)
    for match in _NAME.finditer(code):
        name = match.group()
        if LIBRARY_NAMES.match(name):
            continue
        bad = {part.lower() for part in _PART.findall(name)} & FORBIDDEN
        if bad:
            yield f"{path}: '{name}' says {' and '.join(sorted(bad))}"
