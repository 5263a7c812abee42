#!/usr/bin/env python3
"""Lists every libuv call that sluice makes, as a Markdown table. inventory.py prints it; --check FILE fails unless
FILE contains the same between the markers; --write FILE updates it."""
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- inventory -->\n", "<!-- /inventory -->\n"
sys.path.insert(0, str(ROOT / "tests/tidy"))
from tree import blank  # noqa: E402

CALL = re.compile(r"\b(uv_[a-z0-9_]*[a-z0-9])\s*\(")


def table():
    counts, files = Counter(), defaultdict(Counter)
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".cc", ".h"):
            continue
        for match in CALL.finditer(blank(path.read_text(encoding="utf-8"))):
            counts[match[1]] += 1
            files[match[1]][str(path.relative_to(ROOT / "src"))] += 1
    lines = ["| function | calls | in src/ |", "|---|---:|---|"]
    for name in sorted(counts):
        lines.append(f"| `{name}` | {counts[name]} | {', '.join(sorted(files[name]))} |")
    everywhere = {file for each in files.values() for file in each}
    lines.append(f"| {len(counts)} functions | {sum(counts.values())} | {len(everywhere)} files |")
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) == 1:
        print(table(), end="")
        return
    if len(sys.argv) != 3 or sys.argv[1] not in ("--check", "--write"):
        sys.exit("usage: inventory.py [--check FILE | --write FILE]")
    file = Path(sys.argv[2])
    text = file.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    held, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{file}: no {BEGIN.strip()} ... {END.strip()}")
    if sys.argv[1] == "--write":
        file.write_text(before + begin + table() + end + after, encoding="utf-8")
    elif held != table():
        sys.exit(f"{file}: the inventory differs from the source; benchmarks/runtimes/inventory.py --write {file} renews it")


if __name__ == "__main__":
    main()
