"""The curves of benchmarks/scale.sh: for each shape and size of configuration the time to start and to reload,
memory, how long a request and the service manager's watchdog wait during the reload, and the instructions per
request."""
import argparse
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

CHAT = "/v1/chat/completions"
CALLER = "count-key-0123456789abcdef"
WATCHDOG_S = 1.0  # pings arrive at least twice as often


def say(text):
    print(text, file=sys.stderr, flush=True)


def keys(count, kind):
    """The caller's key first; the others have a typical length."""
    own = {"name": "count", "key": CALLER} if kind == "clear" else {"name": "count", "sha256": hashlib.sha256(CALLER.encode()).hexdigest()}
    others = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(count - 1)]
    return [own] + [{"name": f"team-{i}", **({"key": "sk-" + text[:45]} if kind == "clear" else {"sha256": text})} for i, text in enumerate(others)]


def config(shape, count, origin):
    one = {"dialect": "openai", "base_url": f"http://127.0.0.1:{origin}/v1", "api_key": "origin-key-0123456789"}
    made = {"listen": "127.0.0.1:0", "workers": 1, "keys": keys(1, "clear"), "providers": {"origin": one}, "models": {"fast": "origin/real-model"}}
    if shape in ("clear", "sha256"):
        made["keys"] = keys(count, shape)
    elif shape == "models":
        made["models"] |= {f"model-{i}": f"origin/real-model-{i}" for i in range(count - 1)}
    elif shape == "providers":
        made["providers"] |= {f"provider-{i}": one | {"api_key": f"key-of-provider-{i:08}", "models": [f"its-model-{i}"]} for i in range(count - 1)}
    elif shape == "all":
        made["keys"] = keys(100 * count, "clear")
        made["models"] |= {f"model-{i}": f"origin/real-model-{i}" for i in range(10 * count - 1)}
        made["providers"] |= {f"provider-{i}": one | {"api_key": f"key-of-provider-{i:08}"} for i in range(count - 1)}
    return made


class Manager:
    """systemd's side of sd_notify: records when the watchdog was fed."""

    def __init__(self, folder):
        self.path = str(folder / "notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.fed = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            if b"WATCHDOG=1" in self.socket.recv(4096):
                self.fed.append(time.monotonic())

    def longest_gap_s(self, since, until):
        moments = [since, *(t for t in self.fed if since < t < until), until]
        return max(b - a for a, b in zip(moments, moments[1:]))


class Sluice:
    def __init__(self, folder, binary, made, manager=None, prefix=()):
        self.file, self.log_path = folder / "sluice.json", folder / "sluice.log"
        self.write(made)
        environment = {"PATH": os.environ["PATH"]}
        if manager:
            environment |= {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}
        self.log = open(self.log_path, "w", encoding="utf-8")
        began = time.monotonic()
        self.process = subprocess.Popen([*prefix, binary, "--config", self.file], stdout=self.log, stderr=self.log, env=environment)
        self.port = int(self.wait_for(r"http://127\.0\.0\.1:(\d+)", 1).group(1))
        self.start_s = time.monotonic() - began

    def write(self, made):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(made), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.rename(self.file)

    def wait_for(self, pattern, count, limit_s=600):
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            found = list(re.finditer(pattern, self.log_path.read_text(encoding="utf-8")))
            if len(found) >= count:
                return found[count - 1]
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        raise SystemExit(f"sluice says nothing of {pattern!r}:\n" + self.log_path.read_text(encoding="utf-8")[-2000:])

    def rss_kb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()


class Caller(threading.Thread):
    """Sends requests continuously on one connection and records how long each answer took."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.ended = threading.Event()
        self.took_ms = []

    def ask(self):
        body = json.dumps({"model": "fast", "messages": [{"role": "user", "content": "Hi"}]})
        self.connection.request("POST", CHAT, body, {"authorization": "Bearer " + CALLER, "content-type": "application/json"})
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"status {answer.status}")

    def run(self):
        while not self.ended.is_set():
            began = time.monotonic()
            self.ask()
            self.took_ms.append((time.monotonic() - began) * 1000)
            time.sleep(0.001)

    def end(self):
        self.ended.set()
        self.join()
        return self.took_ms


def reload_of(sluice, made, manager, number):
    """Returns the seconds to the reload's end, the slowest answer meanwhile (and the usual slowest without a
    reload), and the watchdog's longest gap."""
    quiet = Caller(sluice.port)
    quiet.start()
    time.sleep(0.5)
    usual = max(quiet.end())
    sluice.write(made)
    caller = Caller(sluice.port)
    caller.start()
    began = time.monotonic()
    sluice.process.send_signal(signal.SIGHUP)
    sluice.wait_for("configuration reloaded", number)
    took = time.monotonic() - began
    time.sleep(0.3)  # each worker's part, and freeing the old one
    return took, max(caller.end()), usual, manager.longest_gap_s(began, time.monotonic())


def measure(folder, release, shape, count, origin, rounds):
    rows = []
    for number in range(rounds):
        where = folder / f"{shape}-{count}-{number}"
        where.mkdir()
        manager = Manager(where)
        made = config(shape, count, origin)
        sluice = Sluice(where, release / "sluice", made, manager)
        at_start = sluice.rss_kb()
        time.sleep(WATCHDOG_S)
        results = [reload_of(sluice, made, manager, again + 1) for again in range(3)]
        time.sleep(1.5)
        rows.append((sluice.start_s, *(statistics.median(column) for column in zip(*results)), at_start, sluice.rss_kb()))
        sluice.stop()
    names = ["start_s", "reload_s", "slowest_ms", "usual_slowest_ms", "watchdog_gap_s", "rss_kb", "rss_reloaded_kb"]
    return dict(zip(names, (statistics.median(column) for column in zip(*rows))))


def instructions(folder, release, shape, count, origin, exchanges=500):
    """Instructions of one request, in user space, all threads, without the start."""
    if not shutil.which("valgrind"):
        return None
    where = folder / f"{shape}-{count}-count"
    where.mkdir()
    out = where / "callgrind.out"
    prefix = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--instr-atstart=no"]
    sluice = Sluice(where, release / "sluice", config(shape, count, origin), prefix=prefix)

    def load(number):
        subprocess.run([release / "benchmarks/load", "latency", str(sluice.port), CHAT, str(number), "authorization: Bearer " + CALLER],
                       check=True, stdout=subprocess.DEVNULL)

    def counting(state):
        subprocess.run(["callgrind_control", "-i", state, str(sluice.process.pid)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    load(exchanges // 5)
    counting("on")
    load(exchanges)
    counting("off")
    sluice.stop()
    return int(re.findall(r"^(?:summary|totals): (\d+)", out.read_text(encoding="utf-8"), re.M)[-1]) // exchanges


def table(rows):
    columns = [("start_s", "start (s)", "{:.2f}"), ("reload_s", "reload (s)", "{:.2f}"), ("slowest_ms", "slowest request meanwhile (ms)", "{:.1f}"),
               ("usual_slowest_ms", "without (ms)", "{:.1f}"), ("watchdog_gap_s", "watchdog's longest gap (s)", "{:.2f}"), ("rss_kb", "RSS (MB)", None),
               ("rss_reloaded_kb", "after reloads (MB)", None), ("instructions", "instructions a request", "{:,}")]
    lines = ["| shape | size | " + " | ".join(name for _, name, _ in columns) + " |", "|" + "---|" * (len(columns) + 2)]
    for (shape, count), row in rows.items():
        def cell(key, form):
            value = row.get(key)
            if value is None:
                return ""
            return f"{value / 1024:.1f}" if form is None else form.format(value)
        lines.append(f"| {shape} | {count:,} | " + " | ".join(cell(key, form) for key, _, form in columns) + " |")
    return "\n".join(lines) + "\n"


def plot(rows, out):
    if not shutil.which("gnuplot"):
        return say("no plot: gnuplot is not there; the table is complete")
    panels = [("start_s", "start (s)"), ("reload_s", "reload (s)"), ("rss_kb", "RSS (KB)"), ("instructions", "instructions a request")]
    lines = ["set terminal pngcairo size 2240,420 font 'sans,10'", f"set output '{out}'", "set multiplot layout 1,4", "set key top left", "set grid",
             "set logscale x", "set style data linespoints", "set yrange [0:*]"]
    shapes = dict.fromkeys(shape for shape, _ in rows)
    for number, (key, title) in enumerate(panels):
        lines.append(f"set title '{title}'")
        for shape in shapes:
            points = "\n".join(f"{count} {row[key]}" for (one, count), row in rows.items() if one == shape and row.get(key) is not None)
            lines.append(f"$d{number}{shape} << END\n{points}\nEND")
        lines.append("plot " + ", ".join(f"$d{number}{shape} using 1:2 linewidth 2 title '{shape}'" for shape in shapes))
    subprocess.run(["gnuplot"], input="\n".join([*lines, "unset multiplot"]) + "\n", text=True, check=True, timeout=60)
    say(f"written: {out}")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="the ends of the curves only, one round")
    options.add_argument("--release", type=pathlib.Path, default=pathlib.Path("build/release"))
    options.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/bench/scale.md"))
    given = options.parse_args()
    release = given.release.resolve()
    sizes = {"clear": [1, 100, 1_000, 10_000, 100_000], "sha256": [1, 1_000, 10_000, 100_000], "models": [1, 100, 1_000, 10_000],
             "providers": [1, 100, 1_000], "all": [1_000]}
    if given.quick:
        sizes = {shape: sorted({counts[0], counts[-1]}) for shape, counts in sizes.items()}
    rows = {}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-scale-"))
    origin = subprocess.Popen([release / "benchmarks/origin"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r"port (\d+)", origin.stdout.readline()).group(1))
        for shape, counts in sizes.items():
            for count in counts:
                row = measure(folder, release, shape, count, port, 1 if given.quick else 3)
                row["instructions"] = instructions(folder, release, shape, count, port)
                rows[shape, count] = row
                say(f"{shape} {count:,}: " + ", ".join(f"{name} {value:.3f}" for name, value in row.items() if value is not None))
    finally:
        origin.terminate()
        origin.wait()
        shutil.rmtree(folder)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(table(rows), encoding="utf-8")
    print(table(rows))
    plot(rows, given.out.with_suffix(".png"))


if __name__ == "__main__":
    main()
