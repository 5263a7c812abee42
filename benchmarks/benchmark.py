"""The whole suite: sluice next to nginx and HAProxy, all as proxies of the same origin, from one connection to a
thousand; and what building sluice costs. README.md says what each figure means.

Started by benchmark.sh. Python only starts, pins, reads /proc and writes the tables: nothing measured runs in it.
"""
import json
import sys
import time
from pathlib import Path

import builds
import compare_results
import plots
from machine import LOAD_CORE, PROXY_CORE, ROOT, about_commit, about_machine, guarded, output, say, spelled
from proxies import FIELDS, PATH, TlsTarget, haproxy, nginx, origin_counts, sluice
from rig import Rig, fresh_folder, in_turn, parse_options, ratio_table

CONNECTIONS = (1, 50, 200, 1000)
HEALTH, POST, TLS = "GET /health", "small POST", "small POST, TLS to the target"
TLS_CONNECTIONS = (1, 50)
QUANTILES = ("p50", "p90", "p99", "p99.9", "max")
LARGE_CONNECTIONS, LARGE_BYTES = 16, 1_048_576
MINUTES_AT_MOST = 40  # twice what it takes on two cores


def named(case, connections, what):
    return f"{case}, {connections:,} connection{'s' if connections > 1 else ''}: {what}"


class Suite(Rig):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        self.start_origin()
        self.target = TlsTarget(folder)
        self.target.start()
        self.proxies = [nginx(folder, self.origin_port, self.target, keepalive=1024), haproxy(folder, self.origin_port, self.target)]
        if options.sluice.exists():
            self.proxies.append(sluice(options.sluice, folder, self.origin_port, self.target))
        else:
            say(f"sluice is left out: {options.sluice} is not built")
        self.names = [proxy.name for proxy in self.proxies]
        self.direct = (("direct", self.origin_port, PATH),)

    def pin(self, connections):
        """Returns the load's core. At one connection everything shares a core: waking another one takes longer than
        a proxy does."""
        core = PROXY_CORE if connections == 1 else LOAD_CORE
        self.origin_process.pin(core)
        self.target.process.pin(core)
        return core

    def step(self, proxy, case, connections, core):
        """One run of wrk through a proxy, and everything that is read from it."""
        method, path, model, counts = {
            HEALTH: ("GET", "/health", "fast", None),
            POST: ("POST", PATH, "fast", lambda: origin_counts(self.origin_port)),
            TLS: ("POST", proxy.tls_path, proxy.tls_model, self.target.counts)}[case]
        before, cpu, rss = counts and counts(), proxy.process.cpu_ns(), []
        answer = self.run_wrk(proxy.port, path, connections, method, FIELDS, core, model,
                              meanwhile=lambda: rss.append(proxy.process.memory_kb()["rss_kb"]))
        cpu = proxy.process.cpu_ns() - cpu
        self.put_answer(proxy.name, case, connections, answer)
        self.put(proxy.name, named(case, connections, "CPU per request (us)"), cpu / 1000 / answer["requests"])
        self.put(proxy.name, named(case, connections, "RSS (KB)"), rss[0])
        if counts:
            accepted, answered = (now - then - 1 for now, then in zip(counts(), before))  # without our query itself
            self.put(proxy.name, named(case, connections, "target connections opened"), accepted)
            self.put(proxy.name, named(case, connections, "reused target connections (%)"), 100 * (1 - accepted / answered))

    def put_answer(self, name, case, connections, answer):
        self.put(name, named(case, connections, "requests per second"), answer["requests"] / answer["seconds"])
        for quantile in QUANTILES:
            self.put(name, named(case, connections, f"{quantile} (us)"), answer[f"{quantile}_us"])

    def steps(self):
        """From one connection to a thousand. Each round starts the proxies afresh, since memory is read at each
        step."""
        for number, proxies in in_turn(self.o.rounds, self.proxies):
            for proxy in proxies:
                proxy.restart()
                self.put(proxy.name, "RSS idle (KB)", proxy.process.memory_kb()["rss_kb"])
            for connections in CONNECTIONS:
                core = self.pin(connections)
                for case in (HEALTH, POST):
                    for proxy in proxies:
                        self.step(proxy, case, connections, core)
                self.put_answer("direct", POST, connections, self.run_wrk(self.origin_port, PATH, connections, "POST", FIELDS, core))
            for connections in TLS_CONNECTIONS:
                core = self.pin(connections)
                for proxy in proxies:
                    self.step(proxy, TLS, connections, core)
            say(f"connections: round {number + 1} of {self.o.rounds}")

    def first_frame(self):
        self.pin(1)
        sides = [*self.direct, *((p.name, p.port, p.sse_path) for p in self.proxies)]
        for _, turn in in_turn(self.o.rounds, sides):
            for side, port, path in turn:
                answer = self.run_load(PROXY_CORE, "sse", port, path, 3, 500, 250 * self.o.seconds, *FIELDS)
                for quantile in ("p50", "p99"):
                    self.put(side, f"SSE, from the request to the first frame: {quantile} (us)", answer[f"first_{quantile}_us"])

    def large_bodies(self):
        core = self.pin(LARGE_CONNECTIONS)
        for _, proxies in in_turn(self.o.rounds, self.proxies):
            for name, fields, body_bytes in (("1 MB answers", [f"x-bench-body: {LARGE_BYTES}"], 0), ("1 MB requests", [], LARGE_BYTES)):
                for proxy in proxies:
                    cpu = proxy.process.cpu_ns()
                    answer = self.run_wrk(proxy.port, proxy.large_path if body_bytes else PATH, LARGE_CONNECTIONS, "POST", FIELDS + fields, core,
                                          body_bytes=body_bytes)
                    self.put(proxy.name, f"{name}: MB per second", answer["requests"] * LARGE_BYTES / 1e6 / answer["seconds"])
                    self.put(proxy.name, f"{name}: CPU per request (us)", (proxy.process.cpu_ns() - cpu) / 1000 / answer["requests"])

    def run(self):
        self.steps()
        self.first_frame()
        self.large_bodies()
        for proxy in self.proxies:
            self.put(proxy.name, "RSS after all (KB)", proxy.process.memory_kb()["rss_kb"])


def tables(result, proxies):
    """The whole page, in Markdown."""
    medians, about = result["medians"], result["about"]
    names = [proxy.name for proxy in proxies]
    lines = [f"{spelled(about, result['load_before'])} {', '.join(about['programs'])}. Commit {result['commit']['describe'] or 'unknown'}; medians of "
             f"{result['rounds']} interleaved rounds, {result['seconds']} s each run; all of it took {result['took_s'] / 60:.1f} minutes.", ""]
    lines += [f"- {proxy.name}: {proxy.on}" for proxy in proxies] + ["", "## Build", "", "| | |", "|---|---:|"]
    lines += [f"| {name} | {value:,.0f} |" for name, value in result["build"].items()]
    lines += [f"| {name} | {value} |" for name, value in result["build_notes"].items()]
    columns = ("requests per second", "CPU per request (us)", *(f"{q} (us)" for q in QUANTILES), "RSS (KB)", "reused target connections (%)")
    for case, counts in ((HEALTH, CONNECTIONS), (POST, CONNECTIONS), (TLS, TLS_CONNECTIONS)):
        shown = [c for c in columns if named(case, counts[0], c) in medians]
        lines += ["", f"## {case}", "", "| connections | | " + " | ".join(shown) + " |", "|---:|---" + "|---:" * len(shown) + "|"]
        for connections in counts:
            for side in ["direct", *names]:
                cells = [medians[named(case, connections, column)].get(side) for column in shown]
                if any(cell is not None for cell in cells):
                    lines.append(f"| {connections:,} | {side} | " + " | ".join("" if cell is None else f"{cell:,.{1 if cell < 100 else 0}f}"
                                                                              for cell in cells) + " |")
    rest = [(name, sides) for name, sides in medians.items() if not name.startswith((HEALTH, POST))]
    ratios = [(name, sides) for name, sides in medians.items() if name.startswith((HEALTH, POST))
              and name.endswith(("requests per second", "CPU per request (us)", "p50 (us)", "p99 (us)"))]
    lines += ["", "## First frame, 1 MB bodies, memory", "", *ratio_table(rest, ["direct", *names])]
    lines += ["", "## Ratios at each step", "", *ratio_table(ratios, names)]
    return "\n".join(lines) + "\n"


def version_of(name, *command):
    words = output("sh", "-c", " ".join(command) + " 2>&1").split("\n")[0].replace("/", " ").split()
    return f"{name} {next((word for word in words if word[0].isdigit()), 'of unknown version')}"


def measure(options, out):
    began, commit = time.monotonic(), about_commit()
    folder = fresh_folder(out.parent / "run")
    suite = Suite(options, folder)
    suite.run()
    build, notes = builds.measure(options, out.parent)
    result = {"about": {**about_machine(), "programs": [version_of("nginx", "nginx -v"), version_of("HAProxy", "haproxy -v")]},
              "commit": commit, "rounds": options.rounds, "seconds": options.seconds, "quick": options.quick,
              "load_before": suite.load_before, "took_s": round(time.monotonic() - began), "build": build, "build_notes": notes,
              "medians": suite.medians(), "samples": suite.samples}
    return result, tables(result, suite.proxies), suite.names


def main():
    def more(parser):
        parser.add_argument("--out", type=Path, default=ROOT / "build/bench/benchmark.json", help="tables and plots go beside it, by its name")
        parser.add_argument("--against", type=Path, help="an earlier result, to compare this one with")

    options = parse_options(__doc__, 5, 3, 2, 1, more)
    out = options.out.resolve()
    if out.suffix != ".json":
        raise SystemExit("--out: a name that ends with .json")
    earlier = compare_results.read(options.against) if options.against else None  # before it may be overwritten
    out.parent.mkdir(parents=True, exist_ok=True)
    result, page, names = guarded(lambda: measure(options, out), MINUTES_AT_MOST)
    out.write_text(json.dumps(result, indent=1))
    out.with_suffix(".md").write_text(page)
    print(page)
    say(f"written: {out} and {out.with_suffix('.md').name}")
    plots.draw(result["medians"], names, out, named, CONNECTIONS, (HEALTH, POST), QUANTILES)
    if earlier:
        print("\n".join(compare_results.compare(earlier, result)))


if __name__ == "__main__":
    sys.exit(main())
