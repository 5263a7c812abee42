"""Sockets that a service manager holds and passes on (support/manager.py stands in for systemd), and restarts
without lost connections."""

import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from support.dialects import BY_NAME
from support.manager import Manager, listening
from support.provider import Provider, head
from support.settings import BINARY, PATIENCE, SCALE, wait_for
from support.wire import Connection, Cut, chunk, request_bytes

CHAT = BY_NAME["openai"]
DEMO = {"providers": {"demo": {"models": ["demo"]}}, "workers": 2}
FRAME = b'data: {"choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
ANSWER = (b'{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],'
          b'"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}')


def test_all_passed_sockets_are_used_without_listen(tmp_path):
    path = tmp_path / "sluice.sock"
    sockets = [listening(), listening(), listening(socket.AF_UNIX, str(path))]
    ports = [held.getsockname()[1] for held in sockets[:2]]
    with Manager(tmp_path, sockets) as manager:
        with manager.start(DEMO) as sluice:
            for port in ports:
                for _ in range(20):  # either worker may accept
                    with Connection.tcp("127.0.0.1", port) as connection:
                        assert connection.exchange("GET", "/health").status == 200
            with Connection.unix(path) as connection:
                assert connection.exchange("GET", "/health").status == 200
            said = sluice.output()
            assert all(f"http://127.0.0.1:{port}" in said for port in ports) and f"unix:{path}" in said, said
        assert path.exists(), "the file is the manager's"


def test_listen_says_which_ones_are_used(tmp_path):
    wanted, other = listening(), listening()
    port, unused = wanted.getsockname()[1], other.getsockname()[1]
    with Manager(tmp_path, [wanted, other]) as manager:
        with manager.start(DEMO | {"listen": [f"localhost:{port}", "127.0.0.1:0"]}) as sluice:
            assert sluice.get("/health").status == 200
            wait_for(lambda: f"is not used address=127.0.0.1:{unused}" in sluice.output(), "the warning")
            own = re.search(r"listens on http://localhost:\d+, http://127\.0\.0\.1:(\d+)", sluice.output())
            with Connection.tcp("127.0.0.1", int(own.group(1))) as connection:  # one that sluice opened
                assert connection.exchange("GET", "/health").status == 200


def test_a_passed_socket_that_others_can_reach_needs_keys(tmp_path):
    with Manager(tmp_path, [listening(address=("0.0.0.0", 0))]) as manager:
        with pytest.raises(AssertionError, match="is reachable from other machines"):
            manager.start(DEMO)


def test_variables_for_another_process_are_ignored(tmp_path):
    with Manager(tmp_path, []) as manager:
        with manager.start(DEMO, listen="127.0.0.1:0", environment={"LISTEN_PID": "1", "LISTEN_FDS": "1"}) as sluice:
            assert sluice.get("/health").status == 200


def test_a_descriptor_that_is_no_listener(tmp_path):
    script = ('import os, sys; os.dup2(0, 3, inheritable=True); '
              'os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="odd"); os.execv(sys.argv[1], sys.argv[1:])')
    ran = subprocess.run([sys.executable, "-c", script, BINARY, "--demo"], cwd=tmp_path, capture_output=True, text=True, timeout=20 * PATIENCE)
    assert ran.returncode == 2, ran
    assert "(odd)" in ran.stderr and "descriptor 3 is not a listening TCP or Unix stream socket" in ran.stderr, ran


class Load:
    """Callers that each make one connection per request, one after another, until told to stop. `pause_s`: between
    connecting and asking."""

    def __init__(self, port, callers, pause_s=0.0):
        self._port, self._pause_s = port, pause_s
        self.answered, self.failures = 0, []
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(callers)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        request = request_bytes("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m"))
        while not self._stop.is_set():
            stage = "connecting"
            try:
                with Connection.tcp("127.0.0.1", self._port, timeout_s=20) as connection:
                    stage = "before the request"
                    self._stop.wait(self._pause_s)
                    connection.send(request)
                    stage = "after the request"
                    answer = connection.read_answer()
                    assert answer.status == 200, answer
            except (OSError, Cut, AssertionError) as failure:
                with self._lock:
                    self.failures.append((stage, repr(failure)))
                continue
            with self._lock:
                self.answered += 1

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30 * PATIENCE)


def test_restarts_under_load_lose_nobody(tmp_path, report):
    """What systemd does with sluice.socket on "restart": SIGTERM, wait for the end, start the next process; callers
    wait meanwhile."""
    rounds = max(2, int(4 * SCALE))
    go_on = None

    async def answer(request):
        if b'"stream": true' in request.body or b'"stream":true' in request.body:
            await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]) + chunk(FRAME))
            await go_on.wait()
            await request.send(chunk(END) + b"0\r\n\r\n")
        else:
            await request.answer(ANSWER)

    with Provider(answer) as provider, Manager(tmp_path) as manager:
        config = {"workers": 2, "shutdown_grace_s": 20, "log": {"access": False},
                  "providers": {"openai": {"base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "pk-activation"}}}
        sluice = manager.start(config)
        loads = [Load(manager.port, 6), Load(manager.port, 4, pause_s=0.2)]
        longest_s = 0.0
        try:
            for _ in range(rounds):
                before = [load.answered for load in loads]
                wait_for(lambda: loads[0].answered > before[0] + 100 and loads[1].answered > before[1] + 4, "answers", 60)
                go_on = provider.event()
                stream = sluice.connect(timeout_s=30)
                stream.send(request_bytes("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m", stream=True)))
                begun = stream.read_head()
                pieces = stream.read_body(begun)
                assert b"word" in next(pieces)
                sluice.process.send_signal(signal.SIGTERM)
                manager.hear("STOPPING=1")
                provider.set(go_on)
                assert b"".join(pieces).endswith(b"data: [DONE]\n\n"), "a stream that was under way"
                stream.socket.close()
                began = time.monotonic()
                sluice.process.wait(20 * PATIENCE)  # a second signal would cut running exchanges
                sluice.stop()  # checks how it ended
                sluice = manager.start(config)
                longest_s = max(longest_s, time.monotonic() - began)
            before = loads[0].answered
            wait_for(lambda: loads[0].answered > before + 100, "answers of the last one", 60)
        finally:
            for load in loads:
                load.stop()
            sluice.stop()
        failures = [failure for load in loads for failure in load.failures]
        answered = sum(load.answered for load in loads)
        report(f"restarts under load: {rounds}, {answered} connections answered, {len(failures)} lost, nobody there for {longest_s:.2f} s")
        assert not failures, failures[:5]


def test_ready_says_no_while_handing_over(tmp_path):
    """Callers that connected before still get an answer."""
    async def answer(request):
        await go_on.wait()
        await request.answer(ANSWER)

    with Provider(answer) as provider, Manager(tmp_path) as manager:
        go_on = provider.event()
        config = {"workers": 1, "providers": {"openai": {"base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "pk-activation"}}}
        with manager.start(config) as sluice:
            busy, ready, late = sluice.connect(), sluice.connect(), sluice.connect()
            busy.send(request_bytes("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m")))
            wait_for(lambda: sluice.metric("sluice_caller_connections") == 4, "all to be accepted")  # the fourth asks here
            sluice.process.send_signal(signal.SIGTERM)
            manager.hear("STOPPING=1")
            wait_for(lambda: not manager.is_held_by(sluice.pid), "the socket to be let go")
            queued = sluice.connect()  # not accepted by any process now
            assert ready.exchange("GET", "/ready").status == 503
            late.send(request_bytes("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m")))
            provider.set(go_on)
            assert busy.read_answer().status == 200
            assert late.read_answer().status == 200
            sluice.process.wait(10 * PATIENCE)
        with manager.start(config):
            queued.send(request_bytes("GET", "/health"))
            assert queued.read_answer().status == 200
