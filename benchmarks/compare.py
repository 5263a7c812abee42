"""Measures sluice beside nginx and HAProxy, all as a proxy before the same origin; README.md says what each figure means.

Started by compare.sh. Python only starts, pins, reads /proc and writes the tables: nothing that is measured runs in it.
"""
import argparse
import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATH = "/v1/chat/completions"
KEY = "bench-key-0123456789abcdef0123456789abcdef"
FIELDS = ["authorization: Bearer " + KEY]
PROXY_CORE, LOAD_CORE = 0, 1


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def threads(pid):
    return [int(t) for t in os.listdir(f"/proc/{pid}/task")]


class Process:
    """One program of ours, pinned; its whole process tree is measured, and ended by pid."""

    def __init__(self, command, core, log, cwd):
        self.process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=subprocess.STDOUT, cwd=cwd, start_new_session=True)
        running.append(self)

    def pids(self):
        top = self.process.pid
        return [top, *children(top)]

    def pin(self, core):
        for pid in self.pids():
            for thread in threads(pid):
                os.sched_setaffinity(thread, {core})

    def cpu_ns(self):
        """Time on a core, user and system, of all threads."""
        return sum(int(Path(f"/proc/{pid}/task/{t}/schedstat").read_text().split()[0])
                   for pid in self.pids() for t in threads(pid))

    def memory_kb(self):
        """RSS of the largest process (nginx: the worker, without the master), and PSS of all."""
        rss, pss = [], 0
        for pid in self.pids():
            rollup = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
            rss.append(int(rollup["Rss"].split()[0]))
            pss += int(rollup["Pss"].split()[0])
        return {"rss_kb": max(rss), "pss_kb": pss}

    def stop(self):
        if self in running:
            running.remove(self)
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            for pid in self.pids():
                os.kill(pid, signal.SIGKILL)
            self.process.wait()


running = []


class Proxy:
    """A program under test: how it is configured and started. `sse_path` differs where streams need other settings."""

    def __init__(self, name, command, port, folder, sse_path=PATH, on=""):
        self.name, self.command, self.port, self.folder, self.sse_path, self.on = name, command, port, folder, sse_path, on
        self.process = None

    def start(self):
        with open(self.folder / f"{self.name}.log", "w") as log:
            self.process = Process(self.command, PROXY_CORE, log, self.folder)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                if self.process.process.poll() is not None:
                    break
                time.sleep(0.02)
        raise SystemExit(f"{self.name} did not start:\n" + (self.folder / f"{self.name}.log").read_text()[-2000:])

    def restart(self):
        self.stop()
        self.start()

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None


def nginx(folder, origin_port):
    port = free_port()
    common = ("proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection \"\"; "
              "proxy_read_timeout 600s; proxy_max_temp_file_size 0;")
    (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; worker_rlimit_nofile 16384; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
events {{ worker_connections 8192; }}
http {{
  access_log {folder}/nginx-access.log combined buffer=64k flush=1s;
  keepalive_timeout 75s; keepalive_requests 1000000000;
  client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy; fastcgi_temp_path {folder}/nginx-f;
  uwsgi_temp_path {folder}/nginx-u; scgi_temp_path {folder}/nginx-s;
  upstream origin {{ server 127.0.0.1:{origin_port}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /health {{ access_log off; return 200 "ok"; }}
    location /v1/ {{ {common} }}
    location /sse/v1/ {{ {common} proxy_buffering off; }}
  }}
}}
""")
    return Proxy("nginx", ["nginx", "-c", folder / "nginx.conf", "-e", folder / "nginx-error.log"], port, folder,
                 "/sse" + PATH, "1 worker, keep-alive to the origin, buffered access log; buffering off for SSE only")


def haproxy(folder, origin_port):
    port = free_port()
    (folder / "haproxy.cfg").write_text(f"""
global
  maxconn 8192
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  option http-keep-alive
  http-reuse always
frontend front
  bind 127.0.0.1:{port} backlog 4096
  http-request return status 200 content-type text/plain string ok if {{ path /health }}
  use_backend origin_sse if {{ path_beg /sse/ }}
  default_backend origin
backend origin_sse
  option http-no-delay
  server origin 127.0.0.1:{origin_port}
backend origin
  server origin 127.0.0.1:{origin_port}
""")
    return Proxy("haproxy", ["haproxy", "-db", "-f", folder / "haproxy.cfg"], port, folder, "/sse" + PATH,
                 "1 thread, keep-alive to the origin, http-reuse always, no log; http-no-delay for SSE only")


def sluice(binary, folder, origin_port):
    port = free_port()
    (folder / "sluice.json").write_text(json.dumps({
        "listen": f"127.0.0.1:{port}", "workers": 1, "keys": [{"name": "bench", "key": KEY}],
        "providers": {"origin": {"dialect": "openai", "base_url": f"http://127.0.0.1:{origin_port}/v1", "api_key": "x"}},
        "models": {"fast": "origin/real-model"}}))
    (folder / "sluice.json").chmod(0o600)
    return Proxy("sluice", [binary, "run", "--config", folder / "sluice.json"], port, folder,
                 on="1 worker; API key, routing, metrics, usage and access records (to a file) on")


class Bench:
    def __init__(self, options, folder):
        self.o, self.folder = options, folder
        self.results = {}
        self.load_before = os.getloadavg()[0]
        programs = options.programs
        self.load = programs / "load"
        self.origin_process = Process([programs / "origin"], LOAD_CORE, subprocess.PIPE, folder)
        self.origin_port = int(self.origin_process.process.stdout.readline().split()[1])
        self.proxies = [nginx(folder, self.origin_port), haproxy(folder, self.origin_port)]
        if options.sluice.exists():
            self.proxies.append(sluice(options.sluice, folder, self.origin_port))
        else:
            print(f"sluice is left out: {options.sluice} is not built", file=sys.stderr)

    def put(self, proxy, name, value):
        self.results.setdefault(name, {}).setdefault(proxy, []).append(value)

    def run_load(self, core, *arguments):
        done = subprocess.run(["taskset", "-c", str(core), str(self.load), *map(str, arguments)], stdout=subprocess.PIPE,
                              check=True, timeout=120)
        return json.loads(done.stdout)

    def run_wrk(self, port, path, connections, method, fields):
        done = subprocess.run(["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{self.o.seconds}s",
                               "-s", str(HERE / "wrk.lua"), f"http://127.0.0.1:{port}{path}", "--", method, *fields],
                              stdout=subprocess.PIPE, check=True, timeout=120, text=True)
        answer = json.loads(done.stdout.splitlines()[-1])
        if answer["errors"] or not answer["requests"]:
            raise SystemExit(f"port {port} {path}: errors under load: {answer}")
        return answer

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

    def small_posts(self):
        """The figure that counts most, in many short turns, so that a machine whose speed changes from second to second is
        the same for all."""
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
                if turn > 2:  # by then it is warm
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
            # Many short streams for the first frame; a few long ones, 2 ms from frame to frame, for the others.
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
        self.streams()
        self.start_up()

    def medians(self):
        return {name: {side: round(statistics.median(values), 2) for side, values in sides.items()}
                for name, sides in self.results.items()}

    def table(self):
        names = ["direct"] + [p.name for p in self.proxies]
        lines = [f"Medians of {self.o.rounds} interleaved rounds of {self.o.seconds} s; {os.uname().release}, "
                 f"{os.cpu_count()} cores; {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}. Load average before: "
                 f"{self.load_before:.1f}" + (" (the machine was busy: trust no latency here)." if self.load_before > 1 else "."), ""]
        lines += [f"- {p.name}: {p.on}" for p in self.proxies] + [""]
        ratios = "sluice" in names
        header = ["measure", *names] + (["sluice/nginx", "sluice/haproxy"] if ratios else [])
        lines += ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
        for measure, sides in self.medians().items():
            row = [measure] + [f"{sides[n]:,.1f}" if n in sides else "" for n in names]
            if ratios:
                row += [f"{sides['sluice'] / sides[n]:.2f}" if sides.get(n, 0) > 0 and "sluice" in sides else ""
                        for n in ("nginx", "haproxy")]
            lines.append("| " + " | ".join(row) + " |")
        return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    root = HERE.parent
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each run of each round")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 1 s: is it all in order?")
    parser.add_argument("--sluice", type=Path, default=root / "build/release/sluice")
    parser.add_argument("--programs", type=Path, default=root / "build/release/benchmarks", help="where origin and load are")
    parser.add_argument("--out", type=Path, default=root / "build/bench")
    options = parser.parse_args()
    options.sluice, options.programs, options.out = (p.resolve() for p in (options.sluice, options.programs, options.out))
    if options.quick:
        options.rounds, options.seconds = 2, 1
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for load and origin")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options.out.mkdir(parents=True, exist_ok=True)
    folder = options.out / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        bench = Bench(options, folder)
        bench.run()
    finally:
        for process in list(running):
            process.stop()
    (options.out / "compare.json").write_text(json.dumps(
        {"rounds": options.rounds, "seconds": options.seconds, "load_before": bench.load_before,
         "medians": bench.medians(), "samples": bench.results}, indent=1))
    (options.out / "compare.md").write_text(bench.table())
    print(bench.table())
    print(f"written: {options.out}/compare.md, compare.json", file=sys.stderr)


if __name__ == "__main__":
    main()
