"""Requests and answers with odd contents between every two dialects, against targets that record what they are asked: what cannot be told
is named, and content is carried or refused."""

import json

import pytest

from support.process import Sluice
from support.provider import Provider
from support.settings import wait_for
from support.wire import Connection

DIALECTS = ["openai", "responses", "anthropic", "gemini", "ollama"]
MODELS = {"openai": "gpt-4o", "responses": "gpt-5", "anthropic": "claude-sonnet-4-5", "gemini": "gemini-2.5-flash", "ollama": "qwen3"}
PATHS = {"openai": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages", "ollama": "/api/chat"}
PNG = "iVBORw0KGgo="

ANSWERS = {
    "openai": {"id": "c", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}]},
    "responses": {"id": "r", "object": "response", "status": "completed", "model": "m", "output": [
        {"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "OK", "annotations": []}]}]},
    "anthropic": {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "OK"}],
                  "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}},
    "gemini": {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": "OK"}]}, "finishReason": "STOP"}]},
    "ollama": {"model": "m", "message": {"role": "assistant", "content": "OK"}, "done": True, "done_reason": "stop"},
}


class World:
    """One sluice with a target of each dialect; `answers` is what those say."""

    def __init__(self, folder):
        self.answers = {}
        self.asked = None  # what the target was sent last

        async def handle(request):
            self.asked = json.loads(request.body)
            body = self.answers.get(self._dialect_of(request.target))
            body, content_type = body if isinstance(body, tuple) else (body, "application/json")
            await request.answer(body if isinstance(body, bytes) else json.dumps(body).encode(), content_type=content_type)

        self.provider = Provider(handle)
        base = f"http://127.0.0.1:{self.provider.port}"
        versions = {"openai": "/v1", "responses": "/v1"}
        providers = {f"to-{d}": {"dialect": d, "base_url": base + versions.get(d, ""), "api_key": "none-needed-0123"} for d in DIALECTS}
        self.sluice = Sluice(folder, {"providers": providers, "models": {f"on-{d}": f"to-{d}/{MODELS[d]}" for d in DIALECTS}})

    @staticmethod
    def _dialect_of(target):
        return next((d for d in ("openai", "responses", "anthropic") if target.startswith(PATHS[d])), "gemini" if "/models/" in target else "ollama")

    def ask(self, caller, target, body, stream=False):
        """The answer, what was dropped by path, and what the target was asked (None: nothing)."""
        self.asked = None
        path = PATHS.get(caller) or f"/v1beta/models/on-{target}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")
        if caller != "gemini":
            body = {"model": f"on-{target}", "stream": stream, **body}
        if caller == "anthropic":
            body = {"max_tokens": 100, **body}
        with Connection.tcp(self.sluice.host, self.sluice.port) as connection:
            answer = connection.exchange("POST", path, body=body)
        dropped = dict(entry.split("=") for entry in (answer.header("sluice-dropped") or "").split(", ") if "=" in entry)
        return answer, dropped, self.asked


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("sluice"))
    with world.provider, world.sluice:
        yield world


@pytest.fixture
def world(running):
    running.answers = dict(ANSWERS)
    return running


def events(*documents):
    """A named event stream."""
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in documents), "text/event-stream"


class TestAnswers:
    SIGNED = {**ANSWERS["anthropic"], "content": [{"type": "thinking", "thinking": "hm", "signature": "c2ln"}, {"type": "text", "text": "OK"}]}

    def test_what_a_plain_answer_cannot_tell_is_named_in_its_head(self, world):
        world.answers["anthropic"] = self.SIGNED
        answer, dropped, _ = world.ask("ollama", "anthropic", {"messages": [{"role": "user", "content": "Hi"}], "think": True})
        assert answer.json()["message"] == {"role": "assistant", "content": "OK", "thinking": "hm"}
        assert dropped["answer.signature"] == "unsupported"

    def test_what_a_stream_cannot_tell_is_named_in_its_record(self, world):
        world.answers["anthropic"] = events(
            {"type": "message_start", "message": {**self.SIGNED, "content": [], "stop_reason": None}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "redacted_thinking", "data": "cmVk"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "refusal"}, "usage": {"output_tokens": 1}}, {"type": "message_stop"})
        answer, _, _ = world.ask("ollama", "anthropic", {"messages": [{"role": "user", "content": "Hi"}]}, stream=True)
        assert answer.body.splitlines()[-1].startswith(b"{") and answer.status == 200
        wait_for(lambda: "finish_reason=changed" in world.sluice.output() + world.sluice.errors(), "the record")
        records = world.sluice.output() + world.sluice.errors()
        assert "answer.redacted_thinking=unsupported, finish_reason=changed" in records
