"""Measures sluice next to nginx and HAProxy, all as proxies of the same origin; README.md says what each figure means.

Started by compare.sh. Python only starts, pins, reads /proc and writes the tables: nothing measured runs in it.
"""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from machine import LOAD_CORE, PROXY_CORE, ROOT, guarded
from proxies import FIELDS, PATH, haproxy, nginx, sluice
from rig import Rig, fresh_folder, parse_options, ratio_table


class Bench(Rig):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        self.start_origin()
        self.proxies = [nginx(folder, self.origin_port), haproxy(folder, self.origin_port)]
        if options.sluice.exists():
            self.proxies.append(sluice(options.sluice, folder, self.origin_port))
        else:
            print(f"sluice is left out: {options.sluice} is not built", file=sys.stderr)

    def throughput(self):
        """CPU of the proxy per request, rounds interleaved."""
        cases = [("small POST", PATH, 50, "POST", []), ("20 kB answer", PATH, 50, "POST", ["x-bench-body: 20480"]),
                 ("1 MB answer", PATH, 16, "POST", ["x-bench-body: 1048576"]), ("GET /health", "/health", 50, "GET", [])]
        for proxy in self.proxies:
            proxy.start()
            self.put(proxy.name, "RSS idle (KB)", proxy.process.memory_kb()["rss_kb"])
            self.put(proxy.name, "PSS idle (KB)", proxy.process.memory_kb()["pss_kb"])
        self.small_posts()
        for round_number in range(self.o.rounds):
            for name, path, connections, method, fields in cases:
                for proxy in self.proxies:
                    before = proxy.process.cpu_ns()
                    answer = self.run_wrk(proxy.port, path, connections, method, FIELDS + fields)
                    cpu = proxy.process.cpu_ns() - before
                    if name != "small POST":
                        self.put(proxy.name, f"{name}: CPU per request (us)", cpu / 1000 / answer["requests"])
                    self.put(proxy.name, f"{name}: requests per second", answer["requests"] / answer["seconds"])
            print(f"throughput: round {round_number + 1} of {self.o.rounds}", file=sys.stderr)
        for proxy in self.proxies:
            self.put(proxy.name, "RSS after load (KB)", proxy.process.memory_kb()["rss_kb"])
            self.put(proxy.name, "PSS after load (KB)", proxy.process.memory_kb()["pss_kb"])

    def large_requests(self):
        """The traffic of agents: large request bodies, small answers."""
        sizes = [("20 kB", 20_000), ("100 kB", 100_000), ("500 kB", 500_000), ("2 MB", 2_000_000)]
        for round_number in range(self.o.rounds):
            for name, bytes_ in sizes:
                for proxy in self.proxies:
                    before = proxy.process.cpu_ns()
                    answer = self.run_wrk(proxy.port, proxy.large_path, 16, "POST", FIELDS, body_bytes=bytes_)
                    self.put(proxy.name, f"{name} request: CPU per request (us)", (proxy.process.cpu_ns() - before) / 1000 / answer["requests"])
            print(f"large requests: round {round_number + 1} of {self.o.rounds}", file=sys.stderr)
        for proxy in self.proxies:
            self.run_wrk(proxy.port, proxy.large_path, 64, "POST", FIELDS, body_bytes=500_000, meanwhile=lambda proxy=proxy: self.put(
                proxy.name, "RSS with 64 requests of 500 kB at once (KB)", proxy.process.memory_kb()["rss_kb"]))

    def small_posts(self):
        """The most important figure, in many short turns, so that a machine whose speed changes from second to
        second affects all proxies equally."""
        loads = {}
        for proxy in self.proxies:
            loads[proxy] = subprocess.Popen(["taskset", "-c", str(LOAD_CORE), str(self.load), "batch", str(proxy.port), PATH, "50", *FIELDS],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        requests = 2_000
        for turn in range(20 * self.o.rounds):
            for proxy, load in loads.items():
                before = proxy.process.cpu_ns()
                load.stdin.write(f"{requests}\n")
                load.stdin.flush()
                if not load.stdout.readline():
                    raise SystemExit(f"{proxy.name}: errors under load")
                if turn > 2:  # warmed up by then
                    self.put(proxy.name, "small POST: CPU per request (us)", (proxy.process.cpu_ns() - before) / 1000 / requests)
        for load in loads.values():
            load.stdin.close()
            load.wait(30)

    def latency(self):
        """One connection, everything on one core: what the proxy adds to the direct way."""
        self.origin_process.pin(PROXY_CORE)
        sides = [("direct", self.origin_port, PATH)] + [(p.name, p.port, p.sse_path) for p in self.proxies]
        count = 1000 * self.o.seconds
        for _ in range(self.o.rounds):
            cases = (("small POST", count, []), ("20 kB answer", count // 2, ["x-bench-body: 20480"]),
                     ("1 MB answer", count // 20, ["x-bench-body: 1048576"]))
            for name, requests, fields in cases:
                seen = {side: self.run_load(PROXY_CORE, "latency", port, PATH, requests, *FIELDS, *fields)
                        for side, port, _ in sides}
                self.put_added(seen, name, "")
            # Many short streams for the first frame; for the others a few long ones with 2 ms between frames.
            for name, prefix, shape in (("SSE first frame", "first_", (3, 500, 250 * self.o.seconds)),
                                        ("SSE per frame", "frame_", (100, 2000, 3 * self.o.seconds))):
                seen = {side: self.run_load(PROXY_CORE, "sse", port, path, *shape, *FIELDS) for side, port, path in sides}
                self.put_added(seen, name, prefix)
        self.origin_process.pin(LOAD_CORE)

    def put_added(self, seen, name, prefix):
        for quantile in ("p50", "p99"):
            for side, answer in seen.items():
                value, direct = answer[f"{prefix}{quantile}_us"], seen["direct"][f"{prefix}{quantile}_us"]
                label = f"{name}: {quantile} (us), proxies: added"
                self.put(side, label, value if side == "direct" else value - direct)

    def streams(self):
        """Memory of a fresh proxy with and without 1,000 quiet streams."""
        count = 1000
        for proxy in self.proxies:
            proxy.restart()
            self.run_load(LOAD_CORE, "latency", proxy.port, PATH, 100, *FIELDS)
            before = proxy.process.memory_kb()["rss_kb"]
            holder = subprocess.Popen(["taskset", "-c", str(LOAD_CORE), str(self.load), "hold", str(proxy.port), proxy.sse_path,
                                       str(count), *FIELDS, "x-bench-frames: 1", "x-bench-hold: 1"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                json.loads(holder.stdout.readline() or "null") or sys.exit(f"{proxy.name} did not hold {count} streams")
                after = proxy.process.memory_kb()["rss_kb"]
                self.put(proxy.name, f"RSS per open stream, {count} streams (KB)", (after - before) / count)
            finally:
                holder.stdin.close()
                holder.wait(30)
            proxy.stop()

    def start_up(self):
        for _ in range(max(5, self.o.rounds)):
            for proxy in self.proxies:
                answer = self.run_load(PROXY_CORE, "ready", proxy.port, "/health", *proxy.command)
                self.put(proxy.name, "exec to first answer (ms)", answer["ready_ms"])

    def run(self):
        self.throughput()
        self.latency()
        self.large_requests()
        self.streams()
        self.start_up()

    def table(self):
        names = ["direct"] + [p.name for p in self.proxies]
        lines = [f"Medians of {self.o.rounds} interleaved rounds of {self.o.seconds} s; {os.uname().release}, "
                 f"{os.cpu_count()} cores; {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}. Load average before: "
                 f"{self.load_before:.1f}" + (" (the machine was busy: trust no latency here)." if self.load_before > 1 else "."), ""]
        lines += [f"- {p.name}: {p.on}" for p in self.proxies] + [""]
        lines += ratio_table(self.medians().items(), names)
        return "\n".join(lines) + "\n"


def main():
    options = parse_options(__doc__, 5, 3, 2, 1,
                            lambda parser: parser.add_argument("--out", type=Path, default=ROOT / "build/bench", help="a folder"))
    out = options.out.resolve()

    def measure():
        bench = Bench(options, fresh_folder(out / "run"))
        bench.run()
        return bench

    bench = guarded(measure, 60)
    (out / "compare.json").write_text(json.dumps(
        {"rounds": options.rounds, "seconds": options.seconds, "load_before": bench.load_before,
         "medians": bench.medians(), "samples": bench.samples}, indent=1))
    (out / "compare.md").write_text(bench.table())
    print(bench.table())
    print(f"written: {out}/compare.md, compare.json", file=sys.stderr)


if __name__ == "__main__":
    main()
