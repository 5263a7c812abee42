"""When a caller leaves early and `drain_on_disconnect` is set, the answer is still read to its end for usage:
streamed and plain, from a target of the caller's dialect and of another. Afterwards gauges, slots and descriptors
are free."""

import json
import signal
import socket
import struct
import time

import pytest

from support.process import Sluice
from support.provider import Provider, head
from support.settings import PATIENCE, wait_for
from support.wire import request_bytes

OPENAI_STREAM = [
    b'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"one"}}]}\n\n',
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":" two"}}]}\n\n',
    b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":41}}\n\n'
    b"data: [DONE]\n\n",
]
ANTHROPIC_STREAM = [
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],'
    b'"usage":{"input_tokens":3,"output_tokens":1}}}\n\nevent: content_block_start\ndata: {"type":"content_block_start","index":0,'
    b'"content_block":{"type":"text","text":""}}\n\nevent: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":"one"}}\n\n',
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" two"}}\n\n',
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\nevent: message_delta\ndata: {"type":"message_delta",'
    b'"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":41}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n',
]
PLAIN = {
    "openai": {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "one"}, "finish_reason": "stop"}],
               "usage": {"prompt_tokens": 3, "completion_tokens": 41}},
    "anthropic": {"id": "x", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "one"}],
                  "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 41}},
}


def config_for(provider, dialect, drains=True):
    base = f"http://127.0.0.1:{provider.port}" + ("/v1" if dialect == "openai" else "")
    return {"providers": {"lab": {"dialect": dialect, "base_url": base, "api_key": "pk-leaving", "models": []}}, "workers": 1,
            "models": {"fast": {"targets": [{"model": "lab/m"}], "drain_on_disconnect": drains, "limits": {"concurrent": 1}}}}


def leave(connection):
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.socket.close()


def ask(connection, stream):
    connection.send(request_bytes("POST", "/v1/chat/completions", body={
        "model": "fast", "stream": stream, "messages": [{"role": "user", "content": "hi"}]}))


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("stream", [True, False])
def test_the_answer_is_read_on(tmp_path, dialect, stream):
    frames = OPENAI_STREAM if dialect == "openai" else ANTHROPIC_STREAM
    sent, go_on = [], []

    async def answer(request):
        if stream:
            await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
            for number, frame in enumerate(frames):
                if number == 1:
                    await go_on[0].wait()
                await request.send(b"%x\r\n%s\r\n" % (len(frame), frame))
            await request.send(b"0\r\n\r\n")
        else:
            await go_on[0].wait()
            await request.answer(json.dumps(PLAIN[dialect]).encode())
        sent.append("all")

    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider, dialect)) as sluice:
        go_on.append(provider.event())
        fds = sluice.fds()
        with sluice.connect() as connection:
            ask(connection, stream)
            wait_for(lambda: provider.requests, "the request at the target")
            if stream:
                assert connection.read_head().status == 200
            leave(connection)
        states = [one["state"] for one in wait_for(lambda: [
            one for one in sluice.get("/admin/exchanges").json()["exchanges"] if one["state"] == "caller_left"], "the caller to be gone")]
        assert states == ["caller_left"]
        with sluice.connect() as other:  # the only slot is taken
            ask(other, False)
            assert other.read_answer().status == 429
        provider.set(go_on[0])
        wait_for(lambda: sent, "the whole answer")
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "no active exchange")
        assert sluice.metric("sluice_active_streams") == 0
        wait_for(lambda: "outcome=caller_gone" in sluice.output(), "the record")
        record = next(line for line in sluice.output().splitlines() if "outcome=caller_gone" in line)
        assert "output_tokens=41" in record and "input_tokens=3" in record and "status=499" in record, record
        assert len(provider.requests) == 1
        with sluice.connect() as other:
            ask(other, False)
            wait_for(lambda: len(provider.requests) == 2, "the next request, whose place is free")
            assert other.read_answer().status == 200
        wait_for(lambda: sluice.fds() <= fds + 1, "its descriptors closed")  # except the kept connection to the target


def test_shutdown_ends_it_at_the_grace(tmp_path):
    async def answer(request):
        await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
        await request.send(b"%x\r\n%s\r\n" % (len(OPENAI_STREAM[0]), OPENAI_STREAM[0]))
        await request.gone()
        return False

    with Provider(answer) as provider:
        config = config_for(provider, "openai") | {"shutdown_grace_s": 1}
        with Sluice(tmp_path, config) as sluice:
            with sluice.connect() as connection:
                ask(connection, True)
                assert connection.read_head().status == 200
                leave(connection)
            wait_for(lambda: any(one["state"] == "caller_left" for one in sluice.get("/admin/exchanges").json()["exchanges"]), "the caller gone")
            began = time.monotonic()
            sluice.process.send_signal(signal.SIGTERM)
            sluice.process.wait(20 * PATIENCE)
            assert 0.9 <= time.monotonic() - began < 10 * PATIENCE
        assert "outcome=caller_gone" in sluice.output()
