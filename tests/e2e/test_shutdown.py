"""SIGTERM lets running exchanges finish and accepts nothing new; a second one ends immediately."""

import signal
import time

import pytest

from support.dialects import BY_NAME
from support.process import Sluice
from support.provider import Provider, head
from support.reload import write
from support.settings import PATIENCE, wait_for
from support.wire import Cut, chunk, request_bytes

CHAT = BY_NAME["openai"]
FRAME = b'data: {"choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class Running:
    """A gateway with one running stream, which ends when the test says so."""

    def __init__(self, folder, **options):
        self.provider = Provider(self.answer)
        self.go_on = self.provider.event()
        config = {
            "shutdown_grace_s": 20,
            "providers": {"openai": {"base_url": f"http://127.0.0.1:{self.provider.port}/v1", "api_key": "pk-shutdown"}},
        }
        self.sluice = Sluice(folder, config, **options)

    async def answer(self, request):
        await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]) + chunk(FRAME))
        await self.go_on.wait()
        await request.send(chunk(END) + b"0\r\n\r\n")

    def __enter__(self):
        self.stream = self.sluice.connect()
        self.stream.send(request_bytes("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m", stream=True)))
        self.head = self.stream.read_head()
        assert self.head.status == 200
        self.pieces = self.stream.read_body(self.head)
        assert b"word" in next(self.pieces)
        return self

    def __exit__(self, *error):
        self.stream.socket.close()
        self.provider.close()
        self.sluice.__exit__(*error)

    def signal(self, number=signal.SIGTERM):
        self.sluice.process.send_signal(number)


def refused(sluice):
    """Whether a new request is rejected: not accepted, or 503. Used only once /ready says so: a request sent before
    the signal arrived would be accepted, and answered for as long as the others."""
    try:
        with sluice.connect() as connection:
            if connection.exchange("GET", "/ready").status != 503:
                return False
        with sluice.connect() as connection:
            return connection.exchange("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m")).status == 503
    except (ConnectionError, Cut):
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_stream_finishes(tmp_path, number):
    with Running(tmp_path) as running:
        idle = running.sluice.connect()
        assert idle.exchange("GET", "/health").status == 200
        running.signal(number)
        assert idle.at_end(), "an idle connection was not closed"
        wait_for(lambda: refused(running.sluice), "new requests to be refused")
        assert running.sluice.process.poll() is None
        running.provider.set(running.go_on)
        rest = b"".join(running.pieces)
        assert rest.endswith(b"data: [DONE]\n\n") and b"error" not in rest
        assert running.stream.at_end()
        assert running.sluice.process.wait(5 * PATIENCE) == 0


def test_pipelined_request_while_draining(tmp_path):
    """A request on a connection that is still being answered does not get silence."""
    with Running(tmp_path) as running:
        running.signal()
        wait_for(lambda: refused(running.sluice), "new requests to be refused")
        running.stream.send(request_bytes("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m")))
        running.provider.set(running.go_on)
        assert b"".join(running.pieces).endswith(b"data: [DONE]\n\n")
        try:
            assert running.stream.read_answer().status == 503
        except Cut as cut:
            assert cut.partial is None
        assert running.sluice.process.wait(5 * PATIENCE) == 0


def test_second_signal_ends_at_once(tmp_path):
    with Running(tmp_path, expect_exit=range(-15, 256)) as running:
        running.signal()
        wait_for(lambda: refused(running.sluice), "new requests to be refused")
        assert running.sluice.process.poll() is None
        began = time.monotonic()
        running.signal()
        running.sluice.process.wait(3 * PATIENCE)
        assert time.monotonic() - began < 2 * PATIENCE
        with pytest.raises(Cut):
            list(running.pieces)


def test_grace_ends(tmp_path):
    with Provider(None) as provider:

        async def answer(request):
            await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]) + chunk(FRAME))
            await request.gone()
            return False

        provider.handle = answer
        config = {
            "shutdown_grace_s": 60,
            "providers": {"openai": {"base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "pk-shutdown"}},
        }
        with Sluice(tmp_path, config, expect_exit=range(0, 256)) as sluice, sluice.connect() as connection:
            write(sluice, config | {"shutdown_grace_s": 1})
            assert sluice.post("/admin/reload", b"").status == 200
            connection.send(request_bytes("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m", stream=True)))
            stream = connection.read_head()
            began = time.monotonic()
            sluice.process.send_signal(signal.SIGTERM)
            with pytest.raises(Cut) as cut:
                list(connection.read_body(stream))
            assert b"[DONE]" not in cut.value.partial.body
            sluice.process.wait(5 * PATIENCE)
            assert 0.9 < time.monotonic() - began < 4 * PATIENCE


def test_idle_gateway_ends_at_once(tmp_path):
    with Sluice(tmp_path, {}, ["--demo"]) as sluice:
        began = time.monotonic()
        sluice.stop()
        assert time.monotonic() - began < 2 * PATIENCE
