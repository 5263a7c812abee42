"""Who may include whom (src/ is layered; a folder may use itself, base and what is listed here), and which library may be used
where: swapping the event loop, the parser or the TLS library means rewriting one folder."""

import re

from tree import blank, is_code, line_of

# A name is a folder; "folder/file.h" allows only that file.
FOLDERS = {
    "base": [],
    "config": [],
    "net": [],
    "tls": ["net"],
    "http": ["net"],
    "api": ["http", "net/stream.h"],  # for the constant of a body's padding
    "storage": ["net", "config"],
    "policy": ["storage", "config"],
    "routing": ["config"],
    "observe": [],
    "alerts": ["observe", "http", "net", "config"],
    "daemon": [],
    "admin": ["http", "api", "policy", "routing", "observe", "net/clock.h", "config"],
    "demo": ["api", "http", "net"],
    "gateway": ["api", "routing", "policy", "storage", "alerts", "observe", "http", "tls", "net", "config", "sluice"],
    "bench": ["api", "http", "tls", "net", "config/url.h"],
    "wiring": ["gateway", "admin", "demo", "policy", "routing", "observe", "api", "http", "tls", "net", "config", "sluice"],  # wires all folders
    "tool": ["bench", "gateway", "routing", "config", "daemon", "observe", "net", "sluice"],
    "sluice": [],  # include/sluice, the embedding API
}

# First part of an include path, or all of it -> where it may be included (a folder, or one file).
LIBRARIES = {
    "uv.h": ["net"],
    "uv": ["net"],
    "openssl": ["tls", "policy"],  # policy: hashing of keys only, see HASHING
    "llhttp.h": ["http/parser.cc"],
    "zlib.h": ["http"],
    "zstd.h": ["http"],
    "nlohmann": ["config", "demo"],
    "CLI": ["tool"],
}
HASHING = {"openssl/evp.h", "openssl/sha.h", "openssl/crypto.h"}

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?P<mark>["<])(?P<path>[^">]+)[">]', re.MULTILINE)


def folder_of(path):
    """src/net/loop.h -> net; src/file.cc -> src; include/sluice/gateway.h -> sluice; others None."""
    parts = path.split("/")
    if parts[0] == "include" and len(parts) > 2:
        return parts[1]
    if parts[0] == "src":
        return parts[1] if len(parts) > 2 else "src"
    return None


def inner_folder(path):
    """api/openai/dialect.cc -> api/openai; api/dialect.h -> None. Files of an inner folder may be included only there."""
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else None


def check(tree):
    for path, text in tree.items():
        folder = folder_of(path)
        if folder is None or not is_code(path):
            continue
        if folder not in FOLDERS:
            yield f"{path}: folder '{folder}' has no line in tests/tidy/includes.py"
            continue
        for match in _INCLUDE.finditer(blank(text, keep_strings=True)):
            problem = _problem(path, folder, match["mark"], match["path"])
            if problem:
                yield f"{path}:{line_of(text, match.start('path'))}: {problem}"


def _problem(path, folder, mark, included):
    first = included.split("/")[0]
    if mark == '"':
        if "/" not in included:
            return f'"{included}": includes are written "folder/file.h"'
        if first in FOLDERS:
            inner = inner_folder(included)
            if inner and inner != inner_folder(path.removeprefix("src/")):
                return f"{included} is for {inner} alone"
            if first not in (folder, "base") and not {first, included} & set(FOLDERS[folder]):
                return f"{folder} may not include {first} ({included})"
            return None
    allowed = LIBRARIES.get(first)
    if allowed is None:
        return None
    if folder not in allowed and path.removeprefix("src/") not in allowed:
        return f"<{included}> only in {', '.join(allowed)}"
    if first == "openssl" and folder != "tls" and included not in HASHING:
        return f"<{included}>: only hashing outside tls"
    return None
