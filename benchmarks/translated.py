"""What a whole translated exchange costs, next to one whose bytes pass through: callers of several dialects, one
OpenAI target, one worker. Prints a table; each figure is the best of several rounds. Run by benchmarks/translate.sh
--whole."""
import http.client
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import LOAD_CORE, PROXY_CORE, ROOT, Process, free_port, guarded
from proxies import FIELDS, KEY, Program

PASSES = "/v1/chat/completions"
PATHS = [PASSES, "/v1/responses", "/v1/messages", "/api/chat"]
ROUNDS, STREAMS, HELD, LARGE = 5, 200, 1000, 100
PROGRAMS = ROOT / "build/release/benchmarks"


def large_request(path):
    """500 kB: 61 text messages with line ends and quotes, 20 tools."""
    text = ('The quick brown fox jumps over the lazy dog.\nIt "says": hello\tworld. ' * 120)[:8000]
    messages = [{"role": "assistant" if i % 2 else "user", "content": text} for i in range(60)] + [{"role": "user", "content": "go on"}]
    tools = [{"name": f"tool_{i}", "description": "x" * 300,
              "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}} for i in range(20)]
    body = {"model": "plain", "stream": False, "messages": messages, "tools": [{"type": "function", "function": t} for t in tools]}
    if path == "/v1/messages":
        body |= {"max_tokens": 100, "tools": [{"input_schema": t["parameters"], "name": t["name"], "description": t["description"]} for t in tools]}
    if path == "/v1/responses":
        body = {"model": "plain", "store": False, "input": messages, "tools": [{"type": "function", **t} for t in tools]}
    return json.dumps(body).encode()


class Whole:
    def __init__(self, folder):
        self.folder = folder
        self.origin = Process([PROGRAMS / "origin"], LOAD_CORE, subprocess.PIPE, folder)
        self.origin_port = int(self.origin.process.stdout.readline().split()[1])

    def sluice(self, model):
        """A fresh sluice; its model "fast" belongs to the provider of `model`."""
        to = {"dialect": "openai", "base_url": f"http://127.0.0.1:{self.origin_port}/v1", "api_key": "origin-key"}
        port = free_port()
        config = self.folder / "sluice.json"
        config.write_text(json.dumps({
            "listen": f"127.0.0.1:{port}", "workers": 1, "keys": [{"name": "bench", "key": KEY}], "log": {"access": False},
            "providers": {"plain": to, "paced": to | {"headers": {"x-bench-frames": "20", "x-bench-interval-us": "1000"}},
                          "held": to | {"headers": {"x-bench-frames": "100", "x-bench-hold": "1"}}},
            "models": {"fast": f"{model}/real-model", "plain": "plain/real-model"}}))
        config.chmod(0o600)
        program = Program("sluice", [ROOT / "build/release/sluice", "--config", config], port, self.folder)
        program.start()
        return program

    def load(self, *arguments):
        done = subprocess.run(["taskset", "-c", str(LOAD_CORE), str(PROGRAMS / "load"), *map(str, arguments)], stdout=subprocess.PIPE,
                              check=True, timeout=120)
        return json.loads(done.stdout)

    def first_frames(self):
        """Microseconds that sluice adds to the first frame, p50."""
        program = self.sluice("paced")
        rounds = []
        for _ in range(ROUNDS):
            direct = self.load("sse", self.origin_port, PASSES + "?x-bench-frames=20&x-bench-interval-us=1000", 20, 1000, STREAMS)
            rounds.append({path: self.load("sse", program.port, path, 20, 1000, STREAMS, *FIELDS)["first_p50_us"] - direct["first_p50_us"]
                           for path in PATHS if path != "/v1/responses"})  # the last event repeats the text
        program.stop()
        return {path: min(one[path] for one in rounds) for path in rounds[0]}

    def held_bytes(self, path):
        """RSS of an open stream after 100 frames sent in one burst."""
        program = self.sluice("held")
        self.load("sse", self.origin_port, PASSES + "?x-bench-frames=20", 20, 0, 1)
        before = program.process.memory_kb()["rss_kb"]
        holder = subprocess.Popen([str(PROGRAMS / "load"), "hold", str(program.port), path, str(HELD), *FIELDS],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            json.loads(holder.stdout.readline() or "null") or sys.exit(f"{path}: the streams did not open")
            return (program.process.memory_kb()["rss_kb"] - before) * 1024 // HELD
        finally:
            holder.stdin.close()
            holder.wait(30)
            program.stop()

    def large_us(self):
        """CPU of a 500 kB request."""
        program = self.sluice("plain")
        best = {}
        for _ in range(ROUNDS):
            for path in PATHS:
                body = large_request(path)
                connection = http.client.HTTPConnection("127.0.0.1", program.port)
                before = program.process.cpu_ns()
                for _ in range(LARGE):
                    connection.request("POST", path, body, {"authorization": "Bearer " + KEY, "content-type": "application/json"})
                    answer = connection.getresponse()
                    said = answer.read()
                    if answer.status != 200:
                        raise SystemExit(f"{path}: {answer.status} {said[:300]}")
                connection.close()
                best[path] = min(best.get(path, 1e9), (program.process.cpu_ns() - before) / LARGE / 1000)
        program.stop()
        return best


def measure():
    with tempfile.TemporaryDirectory() as folder:
        whole = Whole(Path(folder))
        try:
            first, large = whole.first_frames(), whole.large_us()
            held = {path: whole.held_bytes(path) for path in PATHS}
        finally:
            whole.origin.stop()
    print("| caller's path, target openai | first frame, added us | ratio | open stream B | 500 kB request us | ratio |")
    print("|---|---:|---:|---:|---:|---:|")
    for path in PATHS:
        frame = f"{first[path]:.0f} | {first[path] / first[PASSES]:.2f}" if path in first else "|"
        print(f"| {path} | {frame} | {held[path]:.0f} | {large[path]:.0f} | {large[path] / large[PASSES]:.2f} |")


if __name__ == "__main__":
    guarded(measure, 10)
