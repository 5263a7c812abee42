"""What sluice's pool of connections to targets gains: CPU and latency with reused connections and with a new one for
every request, over TCP and over TLS with session resumption. Started by connection_pool_bench.sh; README.md says how.
"""
import json
import time
from pathlib import Path

from machine import LOAD_CORE, PROXY_CORE, ROOT, about_commit, about_machine, guarded, say, spelled
from proxies import FIELDS, PATH, TlsTarget, pool_counts, sluice
from rig import Rig, fresh_folder, in_turn, parse_options

CONNECTIONS = (1, 50)
METRICS_S, TARGET_LOG_S = 0.25, 1.5  # delay until counters and logs can be read
RESUMED = "handshakes that took a session up again (%)"
COLUMNS = (("CPU per request (us)", 1), ("requests per second", 0), ("p50 (us)", 0), ("p99 (us)", 0), ("dialed", 0), ("reused", 0))
# Model name (its target behaves this way) -> description.
KINDS = {"kept": "TCP, kept", "closed": "TCP, closed after every answer", "secure": "TLS, kept", "secure-closed": "TLS, closed after every answer"}


def named(kind, connections, what):
    return f"{KINDS[kind]}, {connections} at once: {what}"


class PoolBench(Rig):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        self.target = TlsTarget(folder)
        self.target.start()
        of = {"kept": ("http", self.target.plain_port, None), "closed": ("http", self.target.plain_closing_port, None),
              "secure-closed": ("https", self.target.closing_port, self.target.certificate)}
        self.sluice = sluice(options.sluice, folder, self.target.plain_port, self.target,
                             [(model, f"{scheme}://127.0.0.1:{port}/v1", certificate) for model, (scheme, port, certificate) in of.items()])
        self.sluice.start()

    def step(self, kind, connections, core):
        counts, sessions, cpu = self.settled(), self.target.sessions(), self.sluice.process.cpu_ns()
        answer = self.run_wrk(self.sluice.port, PATH, connections, "POST", FIELDS, core, model=kind)
        cpu = self.sluice.process.cpu_ns() - cpu
        if kind == "secure-closed":
            time.sleep(TARGET_LOG_S)
            resumed, all_ = (now - then for now, then in zip(self.target.sessions(), sessions))
            self.put("sluice", named(kind, connections, RESUMED), 100 * resumed / max(all_, 1))
        dialed, reused = (now - then for now, then in zip(self.settled(), counts))
        for what, value in (("CPU per request (us)", cpu / 1000 / answer["requests"]), ("requests per second", answer["requests"] / answer["seconds"]),
                            *((f"{q} (us)", answer[f"{q}_us"]) for q in ("p50", "p90", "p99", "p99.9", "max")),
                            ("dialed", dialed), ("reused", reused)):
            self.put("sluice", named(kind, connections, what), value)

    def settled(self):
        time.sleep(METRICS_S)
        return pool_counts(self.sluice.port)

    def run(self):
        for number, kinds in in_turn(self.o.rounds, list(KINDS)):
            for connections in CONNECTIONS:
                core = PROXY_CORE if connections == 1 else LOAD_CORE  # as in benchmark.py
                self.target.process.pin(core)
                for kind in kinds:
                    self.step(kind, connections, core)
            say(f"round {number + 1} of {self.o.rounds}")


def table(result):
    medians = {name: sides["sluice"] for name, sides in result["medians"].items()}
    lines = [f"{spelled(result['about'], result['load_before'])} Commit {result['commit']['describe'] or 'unknown'}; medians of {result['rounds']} "
             f"interleaved rounds of {result['seconds']} s.", "",
             "| connections | to the target | " + " | ".join(name for name, _ in COLUMNS) + " | handshakes resumed | CPU, to kept |",
             "|---:|---" + "|---:" * (len(COLUMNS) + 2) + "|"]
    for connections in CONNECTIONS:
        for kind in KINDS:
            kept = "secure" if kind.startswith("secure") else "kept"
            cpu, base = (medians[named(k, connections, "CPU per request (us)")] for k in (kind, kept))
            resumed = medians.get(named(kind, connections, RESUMED))
            lines.append(f"| {connections} | {KINDS[kind]} | " + " | ".join(
                f"{medians[named(kind, connections, name)]:,.{digits}f}" for name, digits in COLUMNS)
                + (" | " if resumed is None else f" | {resumed:.0f} %") + f" | {cpu / base:.2f} |")
    return "\n".join(lines) + "\n"


def main():
    options = parse_options(__doc__, 4, 2, 1, 1, lambda parser: parser.add_argument("--out", type=Path, default=ROOT / "build/bench", help="a folder"))
    if not options.sluice.exists():
        raise SystemExit(f"{options.sluice} is not built")
    out = options.out.resolve()

    def measure():
        bench = PoolBench(options, fresh_folder(out / "run"))
        bench.run()
        return bench

    bench = guarded(measure, 10)
    result = {"about": about_machine(), "commit": about_commit(), "rounds": options.rounds, "seconds": options.seconds,
              "load_before": bench.load_before, "medians": bench.medians(), "samples": bench.samples}
    (out / "connection_pool.json").write_text(json.dumps(result, indent=1))
    (out / "connection_pool.md").write_text(table(result))
    print(table(result))
    say(f"written: {out}/connection_pool.md, connection_pool.json")


if __name__ == "__main__":
    main()
