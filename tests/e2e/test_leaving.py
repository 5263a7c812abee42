"""Leaving early frees everything: a caller's close or reset reaches the target immediately, a target's cut reaches
the caller as an error and never as a success."""

import asyncio
import json
import socket
import struct

import pytest

from support.dialects import BY_NAME, DIALECTS
from support.process import Sluice
from support.provider import Provider, head
from support.settings import PATIENCE, wait_for
from support.wire import Cut, request_bytes

FRAME = {
    "openai": b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n',
    "responses": b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"Hel"}\n\n',
    "anthropic": b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n',
    "gemini": b'data: {"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"},"index":0}]}\r\n\r\n',
    "ollama": b'{"model":"m","message":{"role":"assistant","content":"Hel"},"done":false}\n',
}
TYPE = {name: "application/x-ndjson" if name == "ollama" else "text/event-stream" for name in FRAME}


def config_for(provider, **timeouts):
    return {
        "providers": {
            dialect.name: {
                "dialect": dialect.name,
                "base_url": f"http://127.0.0.1:{provider.port}{dialect.base_path}",
                "api_key": "pk-leaving",
                "timeouts": timeouts,
            }
            for dialect in DIALECTS
        }
    }


def close(sock):
    sock.close()


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def half_close(sock):
    sock.shutdown(socket.SHUT_WR)  # RFC 9112 9.6 lets us treat it as leaving; no caller is known to mean anything else


@pytest.mark.parametrize("leave", [close, reset, half_close])
@pytest.mark.parametrize("stage", ["before the head", "after the head", "in the stream"])
def test_caller_leaves(tmp_path, leave, stage):
    gone, begun = [], []

    async def answer(request):
        if stage != "before the head":
            await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
        begun.append(stage)
        if stage == "in the stream":
            await request.send(b"%x\r\n%s\r\n" % (len(FRAME["openai"]), FRAME["openai"]))
        await asyncio.wait_for(request.gone(), 5 * PATIENCE)
        gone.append(stage)
        return False

    dialect = BY_NAME["openai"]
    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider)) as sluice:
        fds = sluice.fds()
        with sluice.connect() as connection:
            connection.send(request_bytes("POST", dialect.path("openai/m"), body=dialect.body("openai/m", stream=stage != "before the head")))
            wait_for(lambda: provider.requests, "the request at the target")
            if stage == "in the stream":
                assert connection.read_head().status == 200
            wait_for(lambda: begun, "its answer to begin")
            assert not gone
            leave(connection.socket)
            wait_for(lambda: gone, "the target to see that nobody waits for its answer", 2)
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "no active exchange")
        assert sluice.metric("sluice_active_streams") == 0
        wait_for(lambda: sluice.fds() <= fds, "its descriptors closed")  # lists of models were fetched at the start
        wait_for(lambda: " 499 " in sluice.output() or "=499" in sluice.output(), "499 in the record")


def test_caller_leaves_in_its_own_request(tmp_path):
    async def answer(request):
        await request.answer(b'{"choices":[]}')

    body = json.dumps(BY_NAME["openai"].body("openai/m")).encode()
    whole = request_bytes("POST", "/v1/chat/completions", body=body)
    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider)) as sluice:
        fds = sluice.fds()
        for leave in (close, reset):
            for sent in (1, 20, len(whole) - len(body), len(whole) - 1):
                with sluice.connect() as connection:
                    connection.send(whole[:sent])
                    leave(connection.socket)
        wait_for(lambda: sluice.fds() <= fds, "its descriptors closed")  # lists of models were fetched at the start
        assert sluice.metric("sluice_active_exchanges") == 0
        assert not provider.requests


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
def test_target_cuts_its_stream(tmp_path, dialect, framing):
    """The caller gets what arrived, then an error event of its dialect if no length was sent, and no clean end."""
    frame = FRAME[dialect.name]

    async def answer(request):
        fields = [("content-type", TYPE[dialect.name])]
        fields += {"chunked": [("transfer-encoding", "chunked")], "length": [("content-length", "5000")], "close": []}[framing]
        data = frame + frame[: len(frame) // 2]
        await request.send(head(200, fields) + (b"%x\r\n%s\r\n" % (len(data), data) if framing == "chunked" else data))
        return False

    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider)) as sluice, sluice.connect() as connection:
        connection.send(request_bytes("POST", dialect.path(f"{dialect.name}/m", True), body=dialect.body(f"{dialect.name}/m", True)))
        with pytest.raises(Cut) as cut:
            connection.read_answer()
        got = cut.value.partial
        assert got.status == 200
        assert got.body.startswith(frame)
        rest = got.body[len(frame) :]
        assert (b"error" in rest) == (got.header("content-length") is None), rest
        assert not any(end in rest for end in (b"[DONE]", b"message_stop", b"response.completed", b'"done":true')), rest
        wait_for(lambda: "target_cut" in sluice.output(), "the cut in the record")


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_target_hangs_up_without_an_answer(tmp_path, dialect):
    async def answer(_):
        return False

    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider)) as sluice:
        for stream in (False, True):
            got = sluice.post(dialect.path(f"{dialect.name}/m", stream), dialect.body(f"{dialect.name}/m", stream))
            assert got.status == 502, got
            assert dialect.error_message(got.body)


@pytest.mark.parametrize("stream", [False, True])
def test_target_is_silent(tmp_path, stream):
    async def answer(request):
        await request.gone()
        return False

    dialect = BY_NAME["anthropic"]
    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider, first_byte_s=1, response_s=1)) as sluice:
        got = sluice.post(dialect.path("anthropic/m", stream), dialect.body("anthropic/m", stream))
        assert got.status == 504, got
        assert dialect.error_message(got.body)


def test_target_is_not_there(tmp_path):
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    dialect = BY_NAME["gemini"]
    config = {"providers": {"gemini": {"dialect": "gemini", "base_url": f"http://127.0.0.1:{port}", "api_key": "pk"}}}
    with Sluice(tmp_path, config) as sluice:
        got = sluice.post(dialect.path("gemini/m"), dialect.body("gemini/m"))
        assert got.status == 502
        assert "refused" in dialect.error_message(got.body)
