#!/usr/bin/env python3
"""What a compiler does not check: include directions, dead files, dialects' names, sizes, words, headers, documents. tidy.py [ROOT]; exits 1 on a finding."""

import os
import sys

import clocks
import dead
import dialects
import documents
import headers
import includes
import names
import sizes
import tree
import words

CHECKS = (includes, dead, dialects, sizes, words, names, clocks, headers, documents)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    files = tree.read(root)
    if not any(path.startswith("src/") for path in files):
        sys.exit(f"tidy: {root} holds no src/")
    for warning in sizes.warnings(files):
        print(f"note: {warning}")
    findings = [finding for module in CHECKS for finding in module.check(files)]
    print("\n".join(findings) or f"tidy: {len(files)} files, nothing found")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
