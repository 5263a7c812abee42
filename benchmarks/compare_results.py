#!/usr/bin/env python3
"""Compares two results of benchmark.sh: compare_results.py EARLIER.json LATER.json

Different machines, and the same machine from hour to hour, differ by more than most changes do. So sluice's ratio to
nginx in the same round is compared. A change is marked if it exceeds the noise: what the spread of both results' rounds
lets happen by chance except for one time in a hundred (Student's t; with few rounds the noise is large, as it should
be). Sizes and build times have no nginx figure and are compared directly.
"""
import argparse
import json
import statistics
from pathlib import Path

LEAST = 0.02  # a smaller change of a ratio is never marked
LEAST_OF_BUILD = 0.005
# Student's distribution, two-sided 99 %, by degrees of freedom; between two entries the smaller one applies.
STUDENT = ((2, 9.92), (3, 5.84), (4, 4.60), (5, 4.03), (6, 3.71), (7, 3.50), (8, 3.36), (10, 3.17), (15, 2.95), (30, 2.75), (100, 2.63))
OF_ONE_SAMPLE = {"(s)": 0.15, "(s of CPU)": 0.15}  # assumed spread of a single sample
MORE_IS_BETTER = ("per second", "reused target connections (%)")


def read(path):
    try:
        result = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path}: {error}")
    if not isinstance(result, dict) or not isinstance(result.get("samples"), dict) or "about" not in result:
        raise SystemExit(f"{path}: not a result of benchmark.sh")
    return result


def ratios(sides):
    """sluice's ratio to nginx, round by round."""
    return [ours / theirs for ours, theirs in zip(sides.get("sluice", []), sides.get("nginx", [])) if theirs > 0]


def noise_of(old, new):
    """How much the later median may differ by chance, relative to the earlier one. Needs at least two samples each.
    A median is 1.25 times as noisy as a mean."""
    student = next(t for freedom, t in reversed(STUDENT) if freedom <= len(old) + len(new) - 2)
    middle = statistics.median(old)
    return 1.25 * student * (statistics.variance(old) / len(old) + statistics.variance(new) / len(new)) ** 0.5 / middle if middle else 0


def verdict(name, earlier, later, noise):
    """'', 'better' or 'WORSE'."""
    if not earlier:
        return "" if later == earlier else "changed"
    change = later / earlier - 1
    if abs(change) <= noise:
        return ""
    return "better" if (change > 0) == name.endswith(MORE_IS_BETTER) else "WORSE"


def rows(earlier, later):
    """(name, earlier, later, noise, verdict, sluice's own figures in both) for everything that both results contain."""
    for name, sides in later["samples"].items():
        old, new = ratios(earlier["samples"].get(name, {})), ratios(sides)
        if not old or not new:
            continue
        medians = statistics.median(old), statistics.median(new)
        own = tuple(statistics.median(result["samples"][name]["sluice"]) for result in (earlier, later))
        if 1 in (len(old), len(new)):
            yield name, *medians, None, "one sample", own  # no way to estimate the noise
        else:
            noise = max(LEAST, noise_of(old, new))
            yield name, *medians, noise, verdict(name, *medians, noise), own
    for name, value in later.get("build", {}).items():
        old = earlier.get("build", {}).get(name)
        if old:
            noise = next((of for unit, of in OF_ONE_SAMPLE.items() if name.endswith(unit)), LEAST_OF_BUILD)
            yield name, old, value, noise, verdict(name, old, value, noise), None


def warnings(earlier, later):
    """What makes the comparison less reliable."""
    for what in ("processor", "cores", "kernel", "compiler", "programs"):
        one, other = earlier["about"].get(what), later["about"].get(what)
        if one != other:
            yield f"warning: {what} differs: {one} and {other}"
    for what in ("rounds", "seconds"):
        if earlier.get(what) != later.get(what):
            yield f"warning: {what} differ: {earlier.get(what)} and {later.get(what)}"
    for name in earlier.get("build_notes", {}).keys() & later.get("build_notes", {}).keys():  # a size that describes something else
        one, other = earlier["build_notes"][name], later["build_notes"][name]
        if one != other:
            yield f"warning: {name} differ: {one}; {other}"
    for name, result in (("the earlier", earlier), ("the later", later)):
        if result.get("load_before", 0) > 1:
            yield f"warning: the machine was busy when {name} began (load average {result['load_before']:.1f})"
        if result.get("commit", {}).get("dirty"):
            yield f"warning: {name} has changes that are in no commit"


def compare(earlier, later):
    """The lines to print."""
    lines = [f"{name}: {result.get('commit', {}).get('describe') or 'unknown commit'}, {result['about'].get('when')}"
             for name, result in (("earlier", earlier), ("later", later))]
    lines += [*warnings(earlier, later), "", f"{'sluice / nginx, medians of rounds':<76} {'earlier':>10} {'later':>10} {'change':>8} {'noise':>7}"]
    found = list(rows(earlier, later))
    for name, one, other, noise, what, own in found:
        digits = 0 if own is None and one >= 1000 else 3 if own else 1
        change = f"{100 * (other / one - 1):+.1f}%" if one else ""
        noise = "" if noise is None else f"{100 * noise:.1f}%"
        tail = f"   (sluice: {own[0]:,.1f} and {own[1]:,.1f})" if own else "   (as it is)"
        lines.append(f"{name:<76} {one:>10,.{digits}f} {other:>10,.{digits}f} {change:>8} {noise:>7} {what:<10}{tail}")
    if not found:
        lines.append("nothing stands in both")
    marked = [what for *_, what, _ in found]
    one_sample = f"; {count} have but one sample and tell nothing" if (count := marked.count("one sample")) else ""
    return [*lines, "", f"{marked.count('WORSE')} worse, {marked.count('better')} better, {marked.count('')} within the noise, of {len(found)}{one_sample}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("earlier", type=Path)
    parser.add_argument("later", type=Path)
    options = parser.parse_args()
    print("\n".join(compare(read(options.earlier), read(options.later))))


if __name__ == "__main__":
    main()
