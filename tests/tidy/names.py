"""One class, one name: no two headers of src/ define a class or a struct of the same name, whatever their namespaces."""

import re

from tree import blank, line_of

# Only at namespace level: a nested class is named with its outer class.
_DEFINED = re.compile(r"^(?:class|struct)\s+(?:\[\[[^\]]*\]\]\s*)?([A-Za-z_]\w*)\s*(?:final\s*)?(?::(?!:)[^;{]*)?\{", re.MULTILINE)


def check(tree):
    seen = {}
    for path, text in sorted(tree.items()):
        if not path.startswith("src/") or not path.endswith(".h"):
            continue
        code = blank(text)
        for match in _DEFINED.finditer(code):
            name, here = match.group(1), f"{path}:{line_of(code, match.start())}"
            if name in seen and seen[name].split(":")[0] != path:
                yield f"{here}: '{name}' is a name that {seen[name]} has given already"
            seen.setdefault(name, here)
