"""What the comparing benchmarks share: the origin, the load programs, and a store of samples by measure and by
proxy."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from machine import LOAD_CORE, ROOT, Process

HERE = Path(__file__).resolve().parent


class Rig:
    """`samples`: measure -> proxy -> values, one per round unless stated otherwise."""

    def __init__(self, options, folder):
        self.o, self.folder = options, folder
        self.samples = {}
        self.load_before = os.getloadavg()[0]
        self.load = options.programs / "load"

    def start_origin(self):
        self.origin_process = Process([self.o.programs / "origin"], LOAD_CORE, subprocess.PIPE, self.folder)
        self.origin_port = int(self.origin_process.process.stdout.readline().split()[1])

    def put(self, proxy, name, value):
        self.samples.setdefault(name, {}).setdefault(proxy, []).append(value)

    def run_load(self, core, *arguments):
        done = subprocess.run(["taskset", "-c", str(core), str(self.load), *map(str, arguments)], stdout=subprocess.PIPE,
                              check=True, timeout=120)
        return json.loads(done.stdout)

    def run_wrk(self, port, path, connections, method, fields, core=LOAD_CORE, model="fast", body_bytes=0, meanwhile=None):
        """Returns wrk's summary (wrk.lua). `meanwhile` is called once, after three quarters of the time."""
        # A timeout counts as an error, and a thousand connections on a full core may wait longer than wrk's default of
        # two seconds.
        command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{self.o.seconds}s", "--timeout", "30s",
                   "-s", str(HERE / "wrk.lua"), f"http://127.0.0.1:{port}{path}", "--", method, *fields]
        wrk = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "BENCH_MODEL": model, "BENCH_BODY_BYTES": str(body_bytes)})
        try:
            if meanwhile:
                time.sleep(0.75 * self.o.seconds)
                meanwhile()
            told = wrk.communicate(timeout=120)[0]
        finally:
            if wrk.poll() is None:
                wrk.kill()
                wrk.wait()
        answer = json.loads(told.splitlines()[-1]) if wrk.returncode == 0 and told else {"errors": f"wrk ended with {wrk.returncode}"}
        if answer["errors"] or not answer["requests"]:
            raise SystemExit(f"port {port} {path}: errors under load: {answer}")
        return answer

    def medians(self):
        return {name: {side: round(statistics.median(values), 2) for side, values in sides.items()}
                for name, sides in self.samples.items()}


def ratio_table(rows, names):
    """Markdown for (label, {name: value}) rows, with sluice's ratios if it is among `names`."""
    ratios = "sluice" in names
    header = ["measure", *names] + (["sluice/nginx", "sluice/haproxy"] if ratios else [])
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    for label, sides in rows:
        row = [label] + [f"{sides[n]:,.1f}" if n in sides else "" for n in names]
        if ratios:
            row += [f"{sides['sluice'] / sides[n]:.2f}" if sides.get(n, 0) > 0 and "sluice" in sides else ""
                    for n in ("nginx", "haproxy")]
        lines.append("| " + " | ".join(row) + " |")
    return lines


def parse_options(about, rounds, seconds, quick_rounds, quick_seconds, add=None):
    """The options shared by these benchmarks; `add` may add more to the parser."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seconds", type=int, default=seconds, help="of each run of each round")
    parser.add_argument("--quick", action="store_true", help=f"{quick_rounds} rounds of {quick_seconds} s: is it all in order?")
    parser.add_argument("--sluice", type=Path, default=ROOT / "build/release/sluice")
    parser.add_argument("--programs", type=Path, default=ROOT / "build/release/benchmarks", help="where origin and load are")
    if add:
        add(parser)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = quick_rounds, quick_seconds
    if options.rounds < 1 or options.seconds < 1:
        parser.error("--rounds and --seconds are 1 or more")
    options.sluice, options.programs = options.sluice.resolve(), options.programs.resolve()
    return options


def fresh_folder(folder):
    """For configurations and logs. Empties an existing folder only if it was created here."""
    mark = folder / ".made-by-benchmarks"
    if folder.exists() and any(folder.iterdir()):
        if not mark.exists():
            raise SystemExit(f"{folder} is not empty, and no benchmark has made it; write the results elsewhere (--out)")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    return folder


def in_turn(rounds, sides):
    """Each round begins with a different side, since the first run after a pause differs from the others."""
    for number in range(rounds):
        shift = number % len(sides)
        yield number, sides[shift:] + sides[:shift]
