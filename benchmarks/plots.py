"""Draws a result's plots as PNG with gnuplot. Without gnuplot there are no plots, but the tables are the same."""
import shutil
import subprocess

from machine import say

COLOURS = {"direct": "#999999", "nginx": "#2a9d5c", "haproxy": "#3a6fb0", "sluice": "#d1495b"}


def quoted(text):
    return '"' + str(text).replace("_", " ") + '"'


def script(file, columns, panels):
    """`panels`: (title, y label, logarithmic, labels of the x axis, {side: values})."""
    width = 560 * columns
    lines = [f"set terminal pngcairo size {width},420 font 'sans,10'", f"set output '{file}'", f"set multiplot layout 1,{columns}",
             "set key top left", "set grid ytics", "set style data linespoints", "set offsets 0.2,0.2,0,0"]
    for number, (title, y, logarithmic, labels, sides) in enumerate(panels):
        lines += [f"set title {quoted(title)}", f"set ylabel {quoted(y)}", "set logscale y" if logarithmic else "unset logscale; set yrange [0:*]",
                  "set xtics (" + ", ".join(f"{quoted(label)} {i}" for i, label in enumerate(labels)) + ")"]
        for side, values in sides.items():
            rows = "\n".join(f"{i} {value}" for i, value in enumerate(values) if value is not None)
            lines.append(f"$d{number}{side} << END\n{rows}\nEND")
        lines.append("plot " + ", ".join(f"$d{number}{side} using 1:2 linewidth 2 pointtype 7 linecolor rgb '{COLOURS[side]}' title '{side}'"
                                         for side in sides))
    return "\n".join([*lines, "unset multiplot"]) + "\n"


def scripts(medians, names, out, named, connections, cases, quantiles):
    """(file, gnuplot script) for each plot."""
    def panel(title, y, logarithmic, labels, measures):
        sides = {side: [medians[m].get(side) for m in measures] for side in ["direct", *names]}
        return title, y, logarithmic, labels, {side: values for side, values in sides.items() if any(v is not None for v in values)}

    def plot(what, panels):
        file = out.with_name(f"{out.stem}-{what}.png")
        return file, script(file, len(panels), panels)

    for count in connections:
        yield plot(f"latency-{count}", [panel(f"{case}, {count:,} at once: latency", "us", True, quantiles,
                                              [named(case, count, f"{q} (us)") for q in quantiles]) for case in cases])
    yield plot("cpu", [panel(f"{case}: CPU per request", "us", False, connections,
                             [named(case, count, "CPU per request (us)") for count in connections]) for case in cases])
    yield plot("rss", [panel(f"{case}: resident memory", "KB", False, ["idle", *connections],
                             ["RSS idle (KB)", *(named(case, count, "RSS (KB)") for count in connections)]) for case in cases])


def draw(medians, names, out, named, connections, cases, quantiles):
    if not shutil.which("gnuplot"):
        say("no plots: gnuplot is not there (scripts/deps.sh --bench installs it); the tables are complete")
        return
    for file, text in scripts(medians, names, out, named, connections, cases, quantiles):
        done = subprocess.run(["gnuplot"], input=text, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
        if done.returncode:
            say(f"no {file.name}: gnuplot: {done.stderr[-500:]}")
        else:
            say(f"written: {file}")
