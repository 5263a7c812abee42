"""Measures the proxies of this folder, which differ only in their event loop, with the same origin. Started by run.sh.

The speed of a shared machine changes from second to second. So a round is short (some 100 ms for each proxy), rounds
are interleaved, each begins with another proxy, and the medians are accompanied by the medians of each round's ratio to
libuv.
"""
import argparse
import json
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))
from build import RUNTIMES, Build, Runtime, about  # noqa: E402
from machine import LOAD_CORE, PROXY_CORE, Process, running  # noqa: E402
from proxies import FIELDS, PATH, sluice  # noqa: E402

NOT_PERMITTED = 3  # exit code of a proxy if the kernel refuses its loop
STREAMS = 1000
FRAMES, FRAME_INTERVAL_US = 40, 5000
CONNECTIONS = 50
TIMED = ("CPU per request (us)", "CPU per request, all on one core (us)", "CPU per SSE frame (us)", "latency p50 (us)", "latency p99 (us)")


def spread(quarters, digits):
    low, median, high = (f"{value:.{digits}f}" for value in quarters)
    return f"{median} ({low} to {high})"


def user_and_system(runtime):
    fields = Path(f"/proc/{runtime.process.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]), int(fields[12])


class Bench:
    def __init__(self, options, folder, build):
        self.o, self.folder, self.build, self.samples = options, folder, build, {}
        self.runtimes, self.calls, self.calls_by = [], {}, ""
        self.load_before = os.getloadavg()[0]
        self.origin = Process([folder / "origin"], LOAD_CORE, subprocess.PIPE, folder)
        self.origin_port = int(self.origin.process.stdout.readline().split()[1])
        for runtime in RUNTIMES:
            if self.start(runtime):
                self.runtimes.append(runtime)
            else:
                print(f"{runtime.name}: not permitted on this machine", file=sys.stderr)
        self.loaded = list(self.runtimes)
        if options.sluice.exists():
            self.loaded.append(self.start_sluice())

    def start_sluice(self):
        """All of sluice, to see how much of its time a loop could save."""
        proxy, whole = sluice(self.o.sluice.resolve(), self.folder, self.origin_port), Runtime("sluice", "")
        proxy.start()
        whole.process, whole.port, whole.fields = proxy.process, proxy.port, FIELDS
        return whole

    def start(self, runtime):
        """False: the kernel does not permit this runtime."""
        runtime.process = Process([self.build.program(runtime), self.origin_port, *runtime.arguments], PROXY_CORE,
                                  subprocess.PIPE, self.folder)
        first = runtime.process.process.stdout.readline().decode()
        if first.startswith("port "):
            runtime.port = int(first.split()[1])
            return True
        if runtime.process.process.wait(10) == NOT_PERMITTED:
            running.remove(runtime.process)
            return False
        raise SystemExit(f"{runtime.name} did not start: {first}")

    def put(self, runtime, name, value):
        self.samples.setdefault(name, {}).setdefault(runtime.name, []).append(value)

    def check(self):
        for runtime in self.runtimes:
            subprocess.run([sys.executable, "-B", str(HERE / "check.py"), str(self.build.program(runtime)), *runtime.arguments],
                           check=True, timeout=120, stdout=sys.stderr)

    def begin_load(self, runtime, kind, *fields):
        load = subprocess.Popen(["taskset", "-c", str(LOAD_CORE), str(self.folder / "load"), "batch", str(runtime.port), PATH,
                                 str(CONNECTIONS), *runtime.fields, *fields], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        runtime.loads[kind] = load

    def batch(self, runtime, kind, count):
        """Returns CPU nanoseconds and seconds."""
        load, before = runtime.loads[kind], runtime.process.cpu_ns()
        load.stdin.write(b"%d\n" % count)
        load.stdin.flush()
        answer = json.loads(load.stdout.readline() or "null") or sys.exit(f"{runtime.name}: {kind} failed")
        return runtime.process.cpu_ns() - before, answer["seconds"]

    def in_turn(self, rounds, what, runtimes=None):
        runtimes = runtimes or self.runtimes
        for number in range(rounds):
            shift = number % len(runtimes)
            for runtime in runtimes[shift:] + runtimes[:shift]:
                what(runtime)

    def throughput(self):
        def requests(runtime):
            cpu, seconds = self.batch(runtime, "requests", self.o.requests)
            self.put(runtime, "CPU per request (us)", cpu / 1000 / self.o.requests)
            self.put(runtime, "its core in use (%)", cpu / seconds / 1e7)

        def requests_on_one_core(runtime):
            cpu, _ = self.batch(runtime, "requests", self.o.requests)
            self.put(runtime, "CPU per request, all on one core (us)", cpu / 1000 / self.o.requests)

        def frames(runtime):
            cpu, _ = self.batch(runtime, "frames", CONNECTIONS)
            self.put(runtime, "CPU per SSE frame (us)", cpu / 1000 / (CONNECTIONS * FRAMES))

        for runtime in self.loaded:
            self.begin_load(runtime, "requests")
            self.begin_load(runtime, "frames", f"x-bench-frames: {FRAMES}", f"x-bench-interval-us: {FRAME_INTERVAL_US}")
            for kind in runtime.loads:
                self.batch(runtime, kind, 4 * CONNECTIONS)  # warm-up
        before = {r.name: user_and_system(r) for r in self.runtimes}
        self.in_turn(self.o.rounds, requests, self.loaded)
        for runtime in self.runtimes:
            user, system = (after - then for after, then in zip(user_and_system(runtime), before[runtime.name]))
            self.put(runtime, "of it in user space (%)", 100 * user / (user + system))
        self.in_turn(self.o.rounds // 2, frames)
        # The proxy then runs only when load and origin are idle, and finds a lot to do at that moment, as on a full
        # core.
        self.pin_load(PROXY_CORE)
        self.in_turn(self.o.rounds // 2, requests_on_one_core, self.loaded)
        self.pin_load(LOAD_CORE)

    def pin_load(self, core):
        self.origin.pin(core)
        for runtime in self.loaded:
            os.sched_setaffinity(runtime.loads["requests"].pid, {core})

    def latency(self):
        """One connection, everything on one core, as in compare.py."""
        self.origin.pin(PROXY_CORE)

        def measure(port):
            done = subprocess.run(["taskset", "-c", str(PROXY_CORE), str(self.folder / "load"), "latency", str(port), PATH,
                                   str(self.o.requests)], stdout=subprocess.PIPE, check=True, timeout=120)
            return json.loads(done.stdout)

        def one(runtime):
            answer = measure(runtime.port)
            for quantile in ("p50", "p99"):
                self.put(runtime, f"latency {quantile} (us)", answer[f"{quantile}_us"])

        self.direct = []
        for _ in range(max(2, self.o.rounds // 8)):
            self.direct.append(measure(self.origin_port)["p50_us"])
            self.in_turn(1, one)
        self.origin.pin(LOAD_CORE)

    def system_calls(self):
        perf = shutil.which("perf") and subprocess.run(
            ["perf", "stat", "-e", "raw_syscalls:sys_enter", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=30).returncode == 0
        strace = shutil.which("strace")
        self.calls_by = "perf" if perf else "strace" if strace else "nothing: neither perf nor strace is there"
        for runtime in self.runtimes:
            pid = runtime.process.process.pid
            if strace:
                calls = self.by_strace(runtime, pid)
                self.calls[runtime.name] = {name: round(count, 3) for name, count in calls.items() if count >= 0.005}
            if perf:
                self.put(runtime, "system calls per request", self.by_perf(runtime, pid))
            elif strace:
                self.put(runtime, "system calls per request", sum(calls.values()))

    def traced(self, runtime, tracer, attached):
        try:
            attached(tracer)
            self.batch(runtime, "requests", self.o.requests)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(20)

    def by_strace(self, runtime, pid):
        counts = self.folder / "strace.txt"
        tracer = subprocess.Popen(["strace", "-c", "-f", "-U", "name,calls", "-o", str(counts), "-p", str(pid)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.traced(runtime, tracer, lambda t: t.stderr.readline())
        found = re.findall(r"^\s*(\w+)\s+(\d+)$", counts.read_text(), re.M)
        return {name: int(calls) / self.o.requests for name, calls in found if name != "total"}

    def by_perf(self, runtime, pid):
        counts = self.folder / "perf.txt"
        tracer = subprocess.Popen(["perf", "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-o", str(counts), "-p", str(pid)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.traced(runtime, tracer, lambda _: time.sleep(0.5))
        return int(re.search(r"^(\d+),.*sys_enter", counts.read_text(), re.M)[1]) / self.o.requests

    def memory(self):
        for runtime in self.runtimes:
            self.stop(runtime)
            self.start(runtime)
            self.put(runtime, "RSS idle (KB)", runtime.process.memory_kb()["rss_kb"])
            load = str(self.folder / "load")
            subprocess.run([load, "latency", str(runtime.port), PATH, "100"], stdout=subprocess.DEVNULL, check=True, timeout=60)
            before = runtime.process.memory_kb()["rss_kb"]
            holder = subprocess.Popen(["taskset", "-c", str(LOAD_CORE), load, "hold", str(runtime.port), PATH, str(STREAMS),
                                       "x-bench-frames: 1", "x-bench-hold: 1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                holder.stdout.readline() or sys.exit(f"{runtime.name} did not hold {STREAMS} streams")
                after = runtime.process.memory_kb()["rss_kb"]
                self.put(runtime, f"RSS per open stream, {STREAMS:,} streams (KB)", (after - before) / STREAMS)
            finally:
                holder.stdin.close()
                holder.wait(30)
            self.stop(runtime)

    def stop(self, runtime):
        for load in runtime.loads.values():
            load.stdin.close()
            load.wait(30)
        runtime.loads = {}
        runtime.process.stop()

    def run(self):
        self.check()
        self.throughput()
        self.system_calls()
        self.latency()
        self.memory()
        for whole in self.loaded[len(self.runtimes):]:
            self.stop(whole)
        for runtime in self.runtimes:
            for name, value in self.build.facts(runtime).items():
                self.put(runtime, name, value)

    def medians(self):
        return {name: {runtime: round(statistics.median(values), 2) for runtime, values in each.items()}
                for name, each in self.samples.items()}

    def ratios(self):
        return {name: {runtime: self.quarters(name, runtime, "libuv") for runtime in self.samples[name]} for name in TIMED}

    def quarters(self, name, runtime, base):
        """Quartiles of each round's ratio to `base` in the same round."""
        pairs = zip(self.samples[name][runtime], self.samples[name][base])
        return [round(q, 3) for q in statistics.quantiles([value / other for value, other in pairs], n=4)]

    def saving(self, name, runtime):
        each = self.samples[name]
        return statistics.quantiles([100 * (base - value) / whole for base, value, whole in
                                     zip(each["libuv"], each[runtime], each["sluice"])], n=4)

    def table(self, about):
        medians, ratios = self.medians(), self.ratios()
        lines = [f"{about['processor']}, {about['cores']} cores; Linux {about['kernel']}; {about['compiler']}; "
                 + ", ".join(f"{name} {version}" for name, version in about["packages"].items()) + ".",
                 f"{about['when']}; {self.o.rounds} rounds of {self.o.requests:,} requests over {CONNECTIONS} connections; load "
                 f"average before: {self.load_before:.1f}; latency of the origin without a proxy: "
                 f"{statistics.median(self.direct):.0f} us; system calls counted by {self.calls_by}.", "",
                 "| measure | " + " | ".join(r.name for r in RUNTIMES) + " |", "|---" + "|---:" * len(RUNTIMES) + "|"]
        for name, each in medians.items():
            digits = 1 if "%" in name or "latency" in name or "KB" in name else 2 if "per" in name or "(s " in name else 0
            digits = 0 if "RSS idle" in name else digits
            self.row(lines, name, {runtime: f"{value:,.{digits}f}" for runtime, value in each.items()})
            if name in ratios:
                self.row(lines, f"{name.split(' (')[0]}: ratio to libuv (quartiles)",
                         {runtime: spread(quarters, 2) for runtime, quarters in ratios[name].items()})
        lines += ["", "Quartiles of rounds, for " + " and for ".join(TIMED[:2]) + ":"]
        lines.append("- epoll, edge-triggered to level-triggered: " + "; ".join(
            spread(quarters, 2) for quarters in (self.quarters(name, "epoll, edge", "epoll") for name in TIMED[:2])))
        if "sluice" in medians[TIMED[0]]:
            lines.append("- all of sluice in the same rounds (us): " + "; ".join(
                spread(statistics.quantiles(self.samples[name]["sluice"], n=4), 1) for name in TIMED[:2]))
            lines += [f"- {runtime}'s saving to libuv, in percent of what sluice takes: " + "; ".join(
                spread(self.saving(name, runtime), 0) for name in TIMED[:2])
                for runtime in self.samples[TIMED[0]] if runtime not in ("libuv", "sluice")]
        else:
            lines.append("- sluice is not built and was left out")
        lines += ["", "System calls per request by name, under strace (which slows all of them): "
                  + "; ".join(f"{runtime}: " + ", ".join(f"{name} {count:.2f}" for name, count in calls.items())
                              for runtime, calls in self.calls.items()) + "."] if self.calls else ["", "strace is missing."]
        return "\n".join(lines) + "\n"

    def row(self, lines, name, cells):
        lines.append(f"| {name} | " + " | ".join(cells.get(r.name, "") for r in RUNTIMES) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--requests", type=int, default=2000, help="of each proxy in each round")
    parser.add_argument("--quick", action="store_true", help="4 rounds: is it all in order?")
    parser.add_argument("--sluice", type=Path, default=ROOT / "build/release/sluice", help="measured beside them if it is there")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench")
    options = parser.parse_args()
    if options.quick:
        options.rounds = 4
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for load and origin")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = options.out.resolve() / "runtimes"
    folder.mkdir(parents=True, exist_ok=True)
    build = Build(folder, 1 if options.quick else 2)
    build.all()
    bench = None
    try:
        bench = Bench(options, folder, build)
        bench.run()
    finally:
        for runtime in bench.loaded if bench else RUNTIMES:
            for load in runtime.loads.values():
                load.kill()
        for process in list(running):
            process.stop()
    machine = about()
    (options.out / "runtimes.json").write_text(json.dumps(
        {"about": machine, "rounds": options.rounds, "requests": options.requests, "load_before": bench.load_before,
         "medians": bench.medians(), "ratios_to_libuv": bench.ratios(), "calls_by_name": bench.calls, "samples": bench.samples},
        indent=1))
    (options.out / "runtimes.md").write_text(bench.table(machine))
    print(bench.table(machine))
    print(f"written: {options.out}/runtimes.md, runtimes.json", file=sys.stderr)


if __name__ == "__main__":
    main()
