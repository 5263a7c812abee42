"""Callers that resume a stream after their connection broke (`resume_s`): on another worker, while it runs and
afterwards, with raw sockets and with the official SDKs, which are not disturbed by the event ids."""

import json
import os
import signal
import socket
import struct
import subprocess
import threading
from pathlib import Path

import anthropic
import ollama
import openai
import pytest
from google import genai

from support.process import Sluice
from support.provider import Provider, head
from support.reload import reload
from support.settings import NODE, PATIENCE, wait_for
from support.wire import Cut, request_bytes

KEY, OTHER_KEY = "ck-resume-0123456789abcdef", "ck-other-0123456789abcdef"
PROMPT = "one two three four five six seven eight"
MESSAGES = [{"role": "user", "content": PROMPT}]
ANSWER = f"You said: {PROMPT}"
CHAT = "/v1/chat/completions"
WORDS = 12


def frame(text):
    return f'data: {{"id":"c","choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}\n\n'.encode()


END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":41}}\n\ndata: [DONE]\n\n'


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def config_for(provider, **more):
    lab = {"dialect": "openai", "base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "pk-resume", "models": []}
    return {"providers": {"lab": lab}, "workers": 4,
            "models": {"kept": {"targets": [{"model": "lab/m"}], "resume_s": 30} | more.pop("route", {})}} | more


class Slow:
    """A provider that sends one word each time it is told to, and finally the end."""

    def __init__(self):
        self.gone = 0
        self.steps = []

    async def __call__(self, request):
        await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
        for number in range(WORDS):
            if number in (2, 7):
                await self.steps[number == 7].wait()
            await request.send(chunk(frame(f" w{number}")))
        await request.send(chunk(END) + b"0\r\n\r\n")


@pytest.fixture
def slow():
    handler = Slow()
    with Provider(handler) as provider:
        handler.steps = [provider.event(), provider.event()]
        provider.go_on = lambda: provider.set(handler.steps[0])
        provider.go_to_end = lambda: (provider.go_on(), provider.set(handler.steps[1]))
        yield provider


def ask(connection, headers=(), model="kept", body=True):
    question = {"model": model, "stream": True, "messages": MESSAGES} if body else None
    connection.send(request_bytes("POST", CHAT, list(headers), question if body else b""))


def read_until(pieces, mark):
    body = b""
    for piece in pieces:
        body += piece
        if mark in body:
            break
    return body


def read_all(connection):
    answer = connection.read_head()
    for piece in connection.read_body(answer):
        answer.body += piece
    return answer


def leave(connection):
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.socket.close()


def words_of(body):
    data = [line[6:] for line in body.decode().splitlines() if line.startswith("data: {")]
    return [choice["delta"].get("content", "") for one in data for choice in json.loads(one)["choices"]]


def last_id(body):
    return [line for line in body[: body.rfind(b"\n\n")].decode().splitlines() if line.startswith("id: ")][-1][4:]


def test_on_any_worker_live_and_afterwards(tmp_path, slow):
    with Sluice(tmp_path, config_for(slow)) as sluice:
        with sluice.connect() as connection:
            ask(connection, [("x-request-id", "tea-1")])
            answer = connection.read_head()
            assert answer.header("x-request-id") == "tea-1"
            had = read_until(connection.read_body(answer), b" w1")
            leave(connection)
        state = "caller_may_come_back"
        wait_for(lambda: any(one["state"] == state for one in sluice.get("/admin/exchanges").json()["exchanges"]), state)
        place = last_id(had)
        results = {}

        def follow(number):  # each connection may be on another worker
            with sluice.connect() as connection:
                ask(connection, [("last-event-id", place)] if number % 2 else [("sluice-resume", "tea-1; after=2")])
                results[number] = read_all(connection)

        threads = [threading.Thread(target=follow, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        wait_for(lambda: sluice.metric('sluice_resumes_total{outcome="resumed"}') == 8, "eight followers")
        slow.go_on()
        slow.go_to_end()
        for thread in threads:
            thread.join(20 * PATIENCE)
        whole = had[: had.rfind(b"\n\n") + 2]
        for number in range(8):
            assert results[number].status == 200 and results[number].header("x-request-id") == "tea-1"
            assert results[number].body == results[0].body
        assert words_of(whole + results[0].body) == [f" w{number}" for number in range(WORDS)] + [""]
        assert results[0].body.endswith(b"data: [DONE]\nid: " + place.rsplit("-", 1)[0].encode() + b"-%d\n\n" % (WORDS + 2))
        for after in range(WORDS + 3):  # and again, after the stream is complete
            with sluice.connect() as connection:
                ask(connection, [("sluice-resume", f"tea-1; after={after}")], body=False)
                rest = read_all(connection)
                assert len(words_of(rest.body)) == max(WORDS + 1 - after, 0)
        assert len(slow.requests) == 1
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "no active exchange")
        wait_for(lambda: sluice.metric("sluice_kept_streams") == 1, "the gauge")
        wait_for(lambda: sluice.output().count("request_id=tea-1") == 1 + 8 + WORDS + 3, "a record of each")
        records = [line for line in sluice.output().splitlines() if "request_id=tea-1" in line]
        first = [line for line in records if "resumed=true" not in line]
        assert len(first) == 1 and "outcome=ok" in first[0] and "output_tokens=41" in first[0], first
        assert all("outcome=ok" in line and "tokens" not in line and "model=kept" in line for line in records if line not in first)


def test_the_first_connection_is_let_go(tmp_path, slow):
    with Sluice(tmp_path, config_for(slow)) as sluice:
        fds = sluice.fds()
        with sluice.connect() as first, sluice.connect() as second:
            ask(first)
            answer = first.read_head()
            pieces = first.read_body(answer)
            read_until(pieces, b" w1")
            ask(second, [("sluice-resume", answer.header("x-request-id") + "; after=2")])
            assert second.read_head().status == 200
            with pytest.raises(Cut):
                list(pieces)
            slow.go_to_end()
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "no active exchange")
        wait_for(lambda: sluice.fds() <= fds + 1, "its descriptors closed")


def test_only_its_key_and_its_time(tmp_path, slow):
    keys = [{"name": "team", "key": KEY}, {"name": "other", "key": OTHER_KEY}]
    config = config_for(slow, keys=keys, listen="127.0.0.1:0", route={"resume_s": 0.5})
    with Sluice(tmp_path, config) as sluice:
        mine, other = ("authorization", f"Bearer {KEY}"), ("authorization", f"Bearer {OTHER_KEY}")
        with sluice.connect() as connection:
            ask(connection, [mine])
            answer = connection.read_head()
            place = last_id(read_until(connection.read_body(answer), b"-2\n\n"))
            leave(connection)
        resume = ("sluice-resume", answer.header("x-request-id"))
        with sluice.connect() as connection:
            ask(connection, [other, resume])
            foreign = connection.read_answer()
        with sluice.connect() as connection:
            ask(connection, [other, ("last-event-id", place)])
            assert foreign.status == connection.read_answer().status == 404
            assert foreign.json()["error"]["code"] == "unknown_stream" and foreign.header("x-should-retry") == "false"
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "the attempt given up")
        with sluice.connect() as connection:
            ask(connection, [mine, resume])
            assert connection.read_answer().json() == foreign.json()
        assert len(slow.requests) == 1
        assert "outcome=caller_gone" in wait_for(lambda: "caller_gone" in sluice.output() and sluice.output(), "the record")
        slow.go_to_end()


def test_reload_and_shutdown(tmp_path, slow):
    config = config_for(slow) | {"shutdown_grace_s": 20}
    with Sluice(tmp_path, config) as sluice:
        with sluice.connect() as connection, sluice.connect() as follower:
            ask(connection, [("x-request-id", "tea-1")])
            read_until(connection.read_body(connection.read_head()), b" w1")
            leave(connection)
            without = json.loads(json.dumps(config))
            del without["models"]["kept"]["resume_s"]
            reload(sluice, without)
            ask(follower, [("sluice-resume", "tea-1")])
            pieces = follower.read_body(follower.read_head())
            body = read_until(pieces, b" w1")
            with sluice.connect() as lone:  # nobody resumes this one
                ask(lone, [("x-request-id", "tea-2")])
                read_until(lone.read_body(lone.read_head()), b" w1")
                leave(lone)
            sluice.process.send_signal(signal.SIGTERM)
            slow.go_to_end()
            body += b"".join(pieces)
            assert words_of(body) == [f" w{number}" for number in range(WORDS)] + [""]
        assert sluice.process.wait(10 * PATIENCE) == 0


def test_a_web_page_comes_back(tmp_path, slow):
    page = ("origin", "http://localhost:3000")
    with Sluice(tmp_path, config_for(slow, cors={"origins": [page[1]]})) as sluice:
        with sluice.connect() as connection:
            asks = [page, ("access-control-request-method", "POST"), ("access-control-request-headers", "last-event-id, sluice-resume")]
            preflight = connection.exchange("OPTIONS", CHAT, asks)
            assert preflight.status == 204 and preflight.header("access-control-allow-headers") == "last-event-id, sluice-resume"
        with sluice.connect() as connection:
            ask(connection, [page])
            answer = connection.read_head()
            assert "x-request-id" in answer.header("access-control-expose-headers")
            place = last_id(read_until(connection.read_body(answer), b"-2\n\n"))
            leave(connection)
        slow.go_to_end()
        with sluice.connect() as connection:
            ask(connection, [page, ("last-event-id", place)])
            rest = read_all(connection)
        assert rest.header("access-control-allow-origin") == page[1]
        assert words_of(rest.body) == [f" w{number}" for number in range(2, WORDS)] + [""]
        assert len(slow.requests) == 1


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    config = {"keys": [{"name": "team", "key": KEY}], "heartbeat_s": 1, "providers": {"demo": {"models": ["demo"]}, "other": {
        "base_url": "demo:", "dialect": "openai", "models": []}},
              "models": {"kept": {"targets": [{"model": "demo/demo"}], "resume_s": 30},
                         "slow": {"targets": [{"model": "other/slow-60"}], "resume_s": 30},
                         "translated": {"targets": [{"model": "other/demo"}], "resume_s": 30}}}
    with Sluice(tmp_path_factory.mktemp("sluice"), config) as process:
        yield process


def break_off(sluice, path, body, frames, mark):
    """Breaks a stream off after `frames` frames, which end in `mark`; returns the request's id."""
    with sluice.connect() as connection:
        connection.send(request_bytes("POST", path, [("authorization", f"Bearer {KEY}")], body))
        answer = connection.read_head()
        assert answer.status == 200
        had = b""
        for piece in connection.read_body(answer):
            had += piece
            if had.count(mark) >= frames:
                break
        leave(connection)
    return answer.header("x-request-id")


@pytest.mark.parametrize("model", ["kept", "slow", "translated"])
def test_python_sdks(demo, model):
    chat = openai.OpenAI(api_key=KEY, base_url=demo.base_url + "/v1", max_retries=0)
    claude = anthropic.Anthropic(api_key=KEY, base_url=demo.base_url, max_retries=0)
    gemini_body = {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}

    def chat_stream(**more):
        chunks = chat.chat.completions.create(model=model, messages=MESSAGES, stream=True, **more)
        return [one.choices[0].delta.content or "" for one in chunks if one.choices]

    def responses_stream(**more):
        events = chat.responses.create(model=model, input=PROMPT, stream=True, **more)
        return [one.delta if one.type == "response.output_text.delta" else "" for one in events]

    def messages_stream(**more):
        events = claude.messages.create(model=model, max_tokens=99, messages=MESSAGES, stream=True, **more)
        return [one.delta.text if one.type == "content_block_delta" else "" for one in events]

    def gemini_stream(extra_headers=None):
        with genai.Client(api_key=KEY, http_options={"base_url": demo.base_url, "headers": extra_headers or {}}) as sdk:
            return [one.text or "" for one in sdk.models.generate_content_stream(model=model, contents=PROMPT)]

    def ollama_stream(extra_headers=None):
        sdk = ollama.Client(host=demo.base_url, headers={"Authorization": f"Bearer {KEY}"} | (extra_headers or {}))
        return [one.message.content for one in sdk.chat(model=model, messages=MESSAGES, stream=True)]

    for stream, path, body, mark in (
        (chat_stream, CHAT, {"model": model, "stream": True, "messages": MESSAGES}, b"\n\n"),
        (responses_stream, "/v1/responses", {"model": model, "stream": True, "input": PROMPT}, b"\n\n"),
        (messages_stream, "/v1/messages", {"model": model, "stream": True, "max_tokens": 99, "messages": MESSAGES}, b"\n\n"),
        (gemini_stream, f"/v1beta/models/{model}:streamGenerateContent?alt=sse", gemini_body, b"data: "),
        (ollama_stream, "/api/chat", {"model": model, "messages": MESSAGES}, b"\n"),
    ):
        whole = stream()
        assert "".join(whole) == ANSWER, path
        frames = len(whole) // 2
        request_id = break_off(demo, path, body, frames, mark)
        rest = stream(extra_headers={"sluice-resume": f"{request_id}; after={frames}"})
        assert rest == whole[frames:], path


def test_node_sdks(demo):
    script = Path(__file__).parent / "sdk_calls.cjs"
    ran = subprocess.run(["node", str(script), demo.base_url, KEY, "kept"], capture_output=True, text=True, timeout=60 * PATIENCE,
                         env={"PATH": os.environ["PATH"], "SLUICE_E2E_NODE": NODE})
    assert ran.returncode == 0, ran.stderr
    texts = {one["name"]: one.get("text") for one in map(json.loads, ran.stdout.splitlines())}
    for name in ("openai_stream", "openai_responses", "anthropic_stream"):
        assert texts[name].startswith("You said: "), (name, texts)
