"""How much memory one connection can make sluice hold, by RSS: at most 1 MB without a key, and the body limit plus 4
MB with one. And running out of memory costs exchanges, never the process."""

import contextlib
import json
import socket
import time

import pytest

from support.dialects import BY_NAME, DIALECTS
from support.process import Sluice
from support.provider import Provider
from support.settings import PATIENCE, SANITIZED, wait_for
from support.wire import Cut, request_bytes

CHAT = BY_NAME["openai"]
BODY_MB = 32
CALLERS = 24  # act concurrently, so that what they hold exceeds what malloc keeps
KEY = "sk-bounds-5b21"


async def answer(request):
    await request.answer(b'{"choices": []}')


def config_for(provider, **more):
    return {
        "providers": {"openai": {"base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "pk-bounds"}},
        "keys": [{"name": "one", "key": KEY}],
        "workers": 1,
        **more,
    }


def request_line(path, more=b""):
    return b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + more + b"\r\n"


def send_all_it_takes(connection, data, most_s=3.0):
    """Sends without reading, until sluice takes no more for a while."""
    connection.socket.setblocking(False)
    sent, last = 0, time.monotonic()
    while sent < len(data) and time.monotonic() - last < most_s / 6 * PATIENCE:
        try:
            sent += connection.socket.send(data[sent:sent + 262144])
            last = time.monotonic()
        except BlockingIOError:
            time.sleep(0.005)
        except (BrokenPipeError, ConnectionResetError):  # rejected: that bounds it too
            break
    connection.socket.settimeout(15 * PATIENCE)
    return sent


def most_rss_kb(sluice, seconds):
    """The maximum while it processes what was sent."""
    most, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        most = max(most, sluice.rss_kb())
        time.sleep(0.02)
    return most


EVIL = {
    "pipelined pages": request_line(b"/openapi.json") * 20_000,
    "pipelined metrics": request_line(b"/metrics") * 20_000,
    "pipelined errors": request_line(b"/nothing") * 20_000,
    "pipelined models without a key": request_line(b"/v1/models") * 20_000,
    "pipelined HEAD": request_line(b"/metrics").replace(b"GET", b"HEAD") * 20_000,
    "pipelined 100-continue": (b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx") * 9_000,
    "behind one that waits": b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n" + request_line(b"/health") * 99_000,
    "a head of 60 KB": request_line(b"/health", b"x: " + b"y" * 60_000 + b"\r\n") * 50,
    "many fields": request_line(b"/health", b"a: b\r\n" * 99) * 500,
    "a head without end": b"GET / HTTP/1.1\r\nHost: x\r\nx: " + b"y" * 4_000_000,
    "a target without end": b"GET /" + b"y" * 4_000_000,
    "tiny chunks": b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 500_000,
    "chunk extensions": b"POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"e" * 4_000_000,
    "trailers": b"POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"t: u\r\n" * 500_000,
    "an unread body of a page": b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 33000000\r\n\r\n" + b"x" * 8_000_000,
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with Provider(answer) as provider, Sluice(tmp_path_factory.mktemp("bounds"), config_for(provider)) as sluice:
        for path in ("/openapi.json", "/metrics", "/nothing"):  # first-use memory is counted before
            sluice.get(path)
        sluice.at_rest_kb = sluice.rss_kb()  # one figure for all kinds: malloc keeps what an earlier one needed
        yield sluice


@pytest.mark.parametrize("kind", EVIL)
def test_what_a_caller_without_a_key_can_make_sluice_hold(gateway, kind, report):
    before = gateway.at_rest_kb
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(gateway.connect(receive_buffer=4096)) for _ in range(CALLERS)]
        sent = [send_all_it_takes(connection, EVIL[kind], 0.6) for connection in connections]
        held_kb = (most_rss_kb(gateway, 1.5) - before) / CALLERS
        report(f"{kind}: {sent[0] >> 10} of {len(EVIL[kind]) >> 10} kB sent, nothing read, {CALLERS} times: RSS {before} kB and "
               f"{held_kb:.0f} kB more for each")
        assert SANITIZED or held_kb <= 1024
    assert gateway.get("/health").status == 200


def test_pipelined_answers_all_come_once_they_are_read(gateway):
    count = 300
    with gateway.connect(receive_buffer=4096) as connection:
        connection.send(request_line(b"/openapi.json") * count)
        time.sleep(0.2)
        assert {connection.read_answer().status for _ in range(count)} == {200}


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_what_a_caller_with_a_key_can_make_sluice_hold(tmp_path, framing, report):
    """A body of the full limit, without its last byte."""
    body = b'{"model": "openai/m", "x": "' + b"y" * (BODY_MB << 20)
    body = body[:(BODY_MB << 20) - 1]
    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider)) as sluice:
        headers = {"Authorization": f"Bearer {KEY}"}
        assert sluice.post("/v1/chat/completions", {"model": "openai/m", "messages": []}, list(headers.items())).status == 200
        before = most = sluice.rss_kb()
        with sluice.connect() as connection:
            how = f"Content-Length: {BODY_MB << 20}" if framing == "length" else "Transfer-Encoding: chunked"
            connection.send(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n{how}\r\n\r\n".encode())
            time.sleep(0.1)
            announced = sluice.rss_kb() - before
            for at in range(0, len(body), 65536):
                piece = body[at:at + 65536]
                connection.send(piece if framing == "length" else f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                if at % (1 << 20) == 0:
                    most = max(most, sluice.rss_kb())
            time.sleep(0.1)
            most = max(most, sluice.rss_kb())
            report(f"a body of {BODY_MB} MB, {framing}: RSS {before} kB, {announced} kB more when it was announced, {most - before} kB more at most")
            assert SANITIZED or announced < 256
            assert SANITIZED or most - before <= (BODY_MB + 4) * 1024


PIECES = {  # dialect, beginning, repeated part, end
    "pictures": ("ollama", '{"model": "kind", "messages": [{"role": "user", "content": "a", "images": [', '""', "]}]}"),
    "texts": ("anthropic", '{"model": "kind", "max_tokens": 9, "messages": [{"role": "user", "content": [', '{"type":"text","text":""}', "]}]}"),
    "numbers": ("openai", '{"model": "kind", "messages": [{"role": "user", "content": "a"}], "x": [', "0", "]}"),
}


@pytest.mark.parametrize("kind", list(PIECES))
def test_what_is_translated_takes_a_multiple_that_is_bounded(tmp_path, kind, report):
    """Ten million empty pictures took 6.7 GB, and for 24 s no other caller was served."""
    name, begin, again, behind = PIECES[kind]
    body = (begin + ",".join([again] * ((BODY_MB << 20) // (len(again) + 1) - 100)) + behind).encode()
    config = targets_of(None, "m")
    if name == "openai":
        config["providers"]["chat"].update(dialect="anthropic")
    with Sluice(tmp_path, config) as sluice:
        before = sluice.rss_kb()
        refused = sluice.post(BY_NAME[name].path("kind"), body, [("Authorization", f"Bearer {KEY}")])
        assert refused.status == 400 and "more than can be translated" in BY_NAME[name].error_message(refused.body)
        most = sluice.most_rss_kb()
        report(f"{len(body) >> 20} MB of {kind} to be translated: RSS {before} kB, {most - before} kB more at most")
        assert SANITIZED or most - before < (BODY_MB + 128) * 1024


LIMITED = ["bash", "-c", 'ulimit -v 614400; exec "$0" "$@"']  # 600 MB of address space


@pytest.mark.skipif(SANITIZED, reason="sanitizers need more address space than that")
def test_announcing_much_takes_nothing(tmp_path, report):
    """60 heads that announced 32 MB each ended a gateway with 600 MB of address space."""
    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider), wrapper=LIMITED) as sluice:
        before = sluice.rss_kb()
        callers = [sluice.connect() for _ in range(60)]
        for caller in callers:
            caller.send(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {32 << 20}\r\n\r\n{{"
                        .encode())
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 60, "all of them")
        report(f"60 heads that announce 32 MB each: RSS {before} kB and {sluice.rss_kb() - before} kB more")
        assert sluice.rss_kb() - before < 60 * 100
        for caller in callers:
            caller.socket.close()


@pytest.mark.skipif(SANITIZED, reason="sanitizers need more address space than that")
def test_memory_that_runs_out_is_503_and_no_end(tmp_path, report):
    """60 bodies of 32 MB arrive, with 600 MB available: those without room get 503, the others continue."""
    body = b'{"model": "openai/m", "messages": [], "x": "' + b"y" * (30 << 20) + b'"}'
    statuses = []
    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider), wrapper=LIMITED) as sluice:
        callers = [sluice.connect() for _ in range(30)]
        headers = [("Authorization", f"Bearer {KEY}")]
        data = request_bytes("POST", "/v1/chat/completions", headers, body)
        for caller in callers:  # everything but the last byte
            try:
                caller.send(data[:-1])
            except (BrokenPipeError, ConnectionResetError, socket.timeout):
                pass
        for caller in callers:
            try:
                caller.send(data[-1:])
                statuses.append(caller.read_answer().status)
            except Exception as error:  # the reset that ends a caller who keeps sending may destroy the answer
                statuses.append(type(error).__name__)
            caller.socket.close()
        report(f"30 bodies of 30 MB into 600 MB of address space: { {status: statuses.count(status) for status in statuses} }")
        assert 503 in statuses
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "all to be over")
        answer_after = sluice.post("/v1/chat/completions", {"model": "openai/m", "messages": []}, headers)
        assert answer_after.status == 200


def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}).encode() + b"\n\n"


def call(arguments, **more):
    return {"tool_calls": [{"index": 0, **more, "function": {"arguments": arguments, **({"name": "f"} if more else {})}}]}


LONG = "y" * 60_000
LINK = {"type": "url_citation", "url_citation": {"url": "http://x/" + LONG, "title": "t", "start_index": 0, "end_index": 1}}
ENDLESS = {  # the first part, and the repeated part
    "text": ({"content": "a"}, {"content": LONG}),
    "thinking": ({"reasoning_content": "a"}, {"reasoning_content": LONG}),
    "arguments": (call("{\"", id="1", type="function"), call(LONG)),
    # text after a call that never completes
    "waiting": (call("{\"", id="1", type="function"), {"content": LONG}),
    "citations": ({"content": "a"}, {"annotations": [LINK]}),
    "citations-before-text": ({}, {"annotations": [LINK]}),
    "sound": ({}, {"audio": {"id": "1", "data": LONG}}),
}


async def answer_without_end(request):
    first, again = ENDLESS[json.loads(request.body)["model"]]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    with contextlib.suppress(ConnectionError):
        await request.send(head + chunk(first))
        frames = chunk(again) * 10
        for _ in range(66):  # 40 MB
            await request.send(frames)
        await request.send(chunk({}, "stop") + b"data: [DONE]\n\n")
    return False  # closes


def targets_of(provider, model, **more):
    """A provider that speaks only chat completions, under the name `kind`."""
    port = provider.port if provider else 9  # never asked
    target = {"dialect": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "api_key": "pk-bounds"}
    return {
        "keys": [{"name": "one", "key": KEY}],
        "workers": 1,
        **more,
        "providers": {"chat": target},
        "models": {"kind": {"targets": [{"model": f"chat/{model}"}], "retry": {"attempts": 1}}},
    }


@pytest.mark.parametrize("kind", list(ENDLESS))
def test_what_a_target_can_make_sluice_hold(tmp_path, kind, report):
    """For a caller of another dialect, at most 32 MiB of an answer is kept; bytes that pass through are not kept."""
    seen = []
    with Provider(answer_without_end) as provider, Sluice(tmp_path, targets_of(provider, kind)) as sluice:
        for dialect in DIALECTS:
            body = json.dumps(dialect.body("kind", stream=True)).encode()
            before, most, got = sluice.rss_kb(), 0, 0
            with sluice.connect() as caller:
                caller.socket.settimeout(30 * PATIENCE)
                caller.send(request_bytes("POST", dialect.path("kind", stream=True), [("Authorization", f"Bearer {KEY}")], body))
                try:
                    head = caller.read_head()
                    for piece in caller.read_body(head):
                        if got >> 20 != (got := got + len(piece)) >> 20:
                            most = max(most, sluice.rss_kb())
                    most = max(most, sluice.rss_kb())
                except Cut:
                    seen.append(f"{dialect.name}: cut after {got >> 20} MiB, ")
                else:
                    seen.append(f"{dialect.name}: {head.status}, {got >> 20} MiB, ")
            seen[-1] += f"{most - before} kB more at most"
            assert most - before < 84 * 1024  # what is kept, and a copy of what is made from it
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "all to be over")
        wait_for(lambda: sluice.metric("sluice_buffered_bytes") == 0, "nothing to be counted any more")
    report(f"40 MB of {kind}: " + "; ".join(seen))


def test_answers_count_among_what_is_under_way(tmp_path):
    with Provider(answer_without_end) as provider:
        with Sluice(tmp_path, targets_of(provider, "waiting", limits={"buffered_mb": 8, "body_mb": 4})) as sluice:
            with pytest.raises(Cut) as cut:
                sluice.post("/v1/messages", BY_NAME["anthropic"].body("kind", stream=True), [("Authorization", f"Bearer {KEY}")])
            assert b"limits.buffered_mb" in cut.value.partial.body
            wait_for(lambda: sluice.metric("sluice_buffered_bytes") == 0, "nothing to be counted any more")
