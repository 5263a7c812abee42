"""Requests and answers with unusual contents between every two dialects, with targets that record what they are
asked: whatever cannot be translated is reported as dropped, and content is carried or rejected."""

import contextlib
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
    """One sluice with a target of each dialect; `answers` holds their answers."""

    def __init__(self, folder):
        self.answers = {}
        self.asked = None  # the request that the target received last

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


def says(request, text):
    return text in json.dumps(request)


def call(number, name="f", arguments="{}"):
    return {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


class TestCalls:
    def test_calls_of_one_id_are_told_apart_with_their_results(self, world):
        body = {"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": None, "tool_calls": [call(1), call(1, "g")]},
                             {"role": "tool", "tool_call_id": "c1", "content": "one"}, {"role": "tool", "tool_call_id": "c1", "content": "two"}]}
        _, _, asked = world.ask("openai", "anthropic", body)
        calls, results = asked["messages"][1]["content"], asked["messages"][2]["content"]
        assert [(one["id"], one["name"]) for one in calls] == [("c1", "f"), ("c1_2", "g")]
        assert [(one["tool_use_id"], one["content"][0]["text"]) for one in results] == [("c1", "one"), ("c1_2", "two")]
        _, _, asked = world.ask("openai", "gemini", body)
        results = [part["functionResponse"] for part in asked["contents"][2]["parts"]]
        assert [(one["name"], one["response"]["output"]) for one in results] == [("f", "one"), ("g", "two")]
        _, _, asked = world.ask("openai", "responses", body)
        assert [one["call_id"] for one in asked["input"][1:]] == ["c1", "c1_2", "c1", "c1_2"]

    @pytest.mark.parametrize("target", ["openai", "anthropic", "gemini", "ollama"])
    def test_a_late_result_goes_behind_its_calls(self, world, target):
        calls = [{"type": "function_call", "call_id": f"c{i}", "name": "f", "arguments": "{}"} for i in (1, 2)]
        results = [{"type": "function_call_output", "call_id": f"c{i}", "output": f"result {i}"} for i in (1, 2)]
        _, dropped, asked = world.ask("responses", target, {"input": [{"role": "user", "content": "go"}, *calls, results[0],
                                                                      {"role": "user", "content": "by the way"}, results[1]]})
        text = json.dumps(asked)
        assert text.index("result 1") < text.index("result 2") < text.index("by the way") and "changed" in dropped.values()

    def test_a_choice_of_tools_is_never_guessed(self, world):
        tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
        for target in ("responses", "anthropic", "gemini", "ollama"):
            body = {"messages": [{"role": "user", "content": "go"}]}
            answer, _, asked = world.ask("openai", target, {**body, "tools": tools, "tool_choice": "bogus"})
            assert answer.status == 400 and "tool_choice" in answer.text() and asked is None
            answer, dropped, _ = world.ask("openai", target, {**body, "tool_choice": "required"})
            assert answer.status == 200 and "tool_choice" in dropped


class TestContent:
    def result(self, *content):
        return {"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]},
                             {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": list(content)}]}]}

    @pytest.mark.parametrize("target", ["openai", "responses", "gemini", "ollama"])
    def test_a_search_result_is_told_with_its_title_and_its_source(self, world, target):
        answer, dropped, asked = world.ask("anthropic", target, self.result(
            {"type": "search_result", "source": "https://s.example/1", "title": "The title", "content": [{"type": "text", "text": "found"}]}))
        assert answer.status == 200 and says(asked, "The title\\nhttps://s.example/1\\n\\nfound") and not dropped, dropped

    def test_text_that_a_tool_returned_stays_in_its_result(self, world):
        document = {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}}
        _, _, asked = world.ask("anthropic", "openai", self.result(document))
        assert [one["role"] for one in asked["messages"]] == ["user", "assistant", "tool"] and asked["messages"][2]["content"] == "T\n\nplain"

    def test_a_picture_is_said_to_be_a_tools(self, world):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
        for target, turns in (("openai", "messages"), ("gemini", "contents")):
            _, dropped, asked = world.ask("anthropic", target, self.result(image))
            assert says(asked[turns][-2], "follows in the next message") and says(asked[turns][-1], "Returned by the tool call t1:")
            assert says(asked[turns][-1], PNG) and not dropped


class TestSettings:
    @pytest.mark.parametrize("settings, name", [
        ({"web_search_options": {}}, "web_search_options"), ({"reasoning_effort": "extreme"}, "reasoning_effort"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "description": "d", "schema": {"type": "object"}}}},
         "response_format.description")])
    def test_what_has_no_equal_is_named(self, world, settings, name):
        for target in ("anthropic", "gemini", "ollama"):
            answer, dropped, _ = world.ask("openai", target, {"messages": [{"role": "user", "content": "Hi"}], **settings})
            assert answer.status == 200 and name in dropped, (target, dropped)

    def test_a_prefill_that_loses_its_last_blank_says_so(self, world):
        body = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Sure: "}]}
        _, dropped, asked = world.ask("openai", "anthropic", body)
        assert asked["messages"][1]["content"][0]["text"] == "Sure:" and dropped["messages[1]"] == "changed"

    def test_a_prefill_that_begins_a_new_answer_says_so(self, world):
        for target in ("openai", "responses"):
            _, dropped, _ = world.ask("anthropic", target, {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Sure"}]})
            assert dropped == {"messages[1]": "changed"}, target

    def test_an_effort_beside_adaptive_thinking_is_named_where_the_target_takes_no_word(self, world):
        body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 30000, "thinking": {"type": "adaptive"}}
        _, dropped, asked = world.ask("anthropic", "gemini", {**body, "output_config": {"effort": "max"}})
        assert asked["generationConfig"]["thinkingConfig"]["thinkingBudget"] == -1 and dropped == {"output_config.effort": "changed"}


def test_a_shells_output_goes_to_its_call(world):
    _, _, asked = world.ask("responses", "openai", {"input": [
        {"role": "user", "content": "go"},
        {"type": "local_shell_call", "id": "lsh", "call_id": "c9", "action": {"type": "exec", "command": ["ls"]}, "status": "completed"},
        {"type": "local_shell_call_output", "id": "c9", "output": "a.txt"}]})
    assert asked["messages"][-1] == {"role": "tool", "content": "a.txt", "tool_call_id": "c9"}


@pytest.mark.parametrize("caller", ["openai", "responses", "gemini", "ollama"])
def test_the_sequence_that_ended_an_answer_is_named(world, caller):
    world.answers["anthropic"] = {**ANSWERS["anthropic"], "stop_reason": "stop_sequence", "stop_sequence": "END"}
    body = {"input": "Hi"} if caller == "responses" else {"messages": [{"role": "user", "content": "Hi"}]}
    body = {"contents": [{"parts": [{"text": "Hi"}]}]} if caller == "gemini" else body
    _, dropped, _ = world.ask(caller, "anthropic", body)
    assert dropped["answer.stop_sequence"] == "unsupported"


MARK = "\u00bbmark \\ \" \u6f22 \U0001f600\u00ab"
LONG_ID = "call_" + "x" * 100


def user_says(dialect, part):
    """A request of one message with that part."""
    if dialect == "gemini":
        return {"contents": [{"role": "user", "parts": [part]}]}
    return {"input" if dialect == "responses" else "messages": [{"role": "user", "content": [part]}]}


def tool_says(dialect, result, call_id="c1", arguments='{"a": 1}', name="f"):
    """A conversation that ends with a tool's result."""
    if dialect == "openai":
        made = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        return {"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": None, "tool_calls": [made]},
                             {"role": "tool", "tool_call_id": call_id, "content": result}]}
    if dialect == "responses":
        return {"input": [{"role": "user", "content": "go"}, {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments},
                          {"type": "function_call_output", "call_id": call_id, "output": result}]}
    if dialect == "anthropic":
        return {"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": [
            {"type": "tool_use", "id": call_id, "name": name, "input": json.loads(arguments)}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call_id, "content": result}]}]}
    if dialect == "gemini":
        return {"contents": [{"role": "user", "parts": [{"text": "go"}]}, {"role": "model", "parts": [{"functionCall": {"name": name, "args": json.loads(arguments)}}]},
                             {"role": "user", "parts": [{"functionResponse": {"name": name, **result}}]}]}
    return {"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": "", "tool_calls": [
        {"function": {"name": name, "arguments": json.loads(arguments)}}]}, {"role": "tool", "tool_name": name, "content": result}]}


DATA = "TUFSSw=="  # of pictures, documents and sound: must be found again
PDF = "JVBERi0xLjQK"
CONTENTS = [
    ("openai", user_says("openai", {"type": "text", "text": MARK}), MARK),
    ("openai", user_says("openai", {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}), DATA),
    ("openai", user_says("openai", {"type": "image_url", "image_url": {"url": f"data:image/x-odd;base64,{DATA}"}}), DATA),
    ("openai", user_says("openai", {"type": "image_url", "image_url": {"url": "https://example.com/mark.png"}}), "mark.png"),
    ("openai", user_says("openai", {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}}), DATA),
    ("openai", user_says("openai", {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}), PDF),
    ("openai", user_says("openai", {"type": "file", "file": {"file_id": "file-mark"}}), "file-mark"),
    ("openai", user_says("openai", {"type": "hologram", "hologram": MARK}), MARK),
    ("openai", tool_says("openai", MARK), MARK),
    ("openai", tool_says("openai", [{"type": "text", "text": "one"}, {"type": "text", "text": MARK}]), MARK),
    ("openai", tool_says("openai", [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}]), DATA),
    ("openai", tool_says("openai", "r", LONG_ID, json.dumps({"a": MARK})), MARK),
    ("openai", tool_says("openai", "r", arguments="{\"broken\": mark"), "broken"),
    ("openai", {"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": MARK}, {"role": "user", "content": "b"}]}, MARK),
    ("openai", {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": None, "refusal": MARK}, {"role": "user", "content": "b"}]}, MARK),
    ("openai", {"messages": [{"role": "developer", "content": MARK}, {"role": "user", "content": "b"}]}, MARK),
    ("responses", {"input": MARK}, MARK),
    ("responses", {"input": "Hi", "instructions": MARK}, MARK),
    ("responses", user_says("responses", {"type": "input_image", "image_url": f"data:image/png;base64,{DATA}"}), DATA),
    ("responses", user_says("responses", {"type": "input_image", "file_id": "file-mark"}), "file-mark"),
    ("responses", user_says("responses", {"type": "input_file", "file_url": "https://example.com/mark.pdf"}), "mark.pdf"),
    ("responses", user_says("responses", {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,bWFyay1pbi10ZXh0"}), "mark-in-text"),
    ("responses", user_says("responses", {"type": "input_audio", "input_audio": {"data": DATA, "format": "mp3"}}), DATA),
    ("responses", tool_says("responses", MARK), MARK),
    ("responses", tool_says("responses", [{"type": "input_text", "text": MARK}]), MARK),
    ("responses", tool_says("responses", [{"type": "input_image", "image_url": f"data:image/png;base64,{DATA}"}]), DATA),
    ("responses", tool_says("responses", [{"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}]), PDF),
    ("responses", {"input": [{"role": "user", "content": "go"}, {"type": "custom_tool_call", "call_id": "c", "name": "p", "input": MARK},
                             {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"}]}, MARK),
    ("anthropic", user_says("anthropic", {"type": "text", "text": MARK}), MARK),
    ("anthropic", {"system": [{"type": "text", "text": MARK}], "messages": [{"role": "user", "content": "Hi"}]}, MARK),
    ("anthropic", {"messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": MARK}]}, MARK),
    ("anthropic", user_says("anthropic", {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": DATA}}), DATA),
    ("anthropic", user_says("anthropic", {"type": "image", "source": {"type": "file", "file_id": "file_mark"}}), "file_mark"),
    ("anthropic", user_says("anthropic", {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}}), PDF),
    ("anthropic", user_says("anthropic", {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": MARK}}), MARK),
    ("anthropic", user_says("anthropic", {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": MARK}]}}), MARK),
    ("anthropic", user_says("anthropic", {"type": "search_result", "source": "https://example.com", "title": MARK, "content": [{"type": "text", "text": "x"}]}), MARK),
    ("anthropic", user_says("anthropic", {"type": "container_upload", "file_id": "file_mark"}), "file_mark"),
    ("anthropic", tool_says("anthropic", MARK, "toolu_1"), MARK),
    ("anthropic", tool_says("anthropic", [{"type": "text", "text": "one"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}]), DATA),
    ("anthropic", tool_says("anthropic", [{"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}}]), PDF),
    ("anthropic", tool_says("anthropic", [{"type": "search_result", "source": "https://example.com/mark", "title": "t", "content": [{"type": "text", "text": "x"}]}]), "example.com/mark"),
    ("anthropic", tool_says("anthropic", [{"type": "hologram", "data": MARK}]), MARK),
    ("gemini", user_says("gemini", {"text": MARK}), MARK),
    ("gemini", {"systemInstruction": {"parts": [{"text": MARK}]}, "contents": [{"parts": [{"text": "Hi"}]}]}, MARK),
    ("gemini", user_says("gemini", {"inlineData": {"mimeType": "image/heic", "data": DATA}}), DATA),
    ("gemini", user_says("gemini", {"inlineData": {"mimeType": "audio/wav", "data": DATA}}), DATA),
    ("gemini", user_says("gemini", {"inlineData": {"mimeType": "video/mp4", "data": DATA}}), DATA),
    ("gemini", user_says("gemini", {"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.com/mark.pdf"}}), "mark.pdf"),
    ("gemini", tool_says("gemini", {"response": {"output": MARK}}), MARK),
    ("gemini", tool_says("gemini", {"response": {"any": {"thing": MARK}}}), MARK),
    ("gemini", tool_says("gemini", {"response": {"error": MARK}}), MARK),
    ("gemini", tool_says("gemini", {"response": {}, "parts": [{"inlineData": {"mimeType": "image/png", "data": DATA}}]}), DATA),
    ("ollama", {"messages": [{"role": "user", "content": MARK}]}, MARK),
    ("ollama", {"messages": [{"role": "system", "content": MARK}, {"role": "user", "content": "Hi"}]}, MARK),
    ("ollama", {"messages": [{"role": "user", "content": "see", "images": [PNG]}]}, PNG),
    ("ollama", tool_says("ollama", MARK, arguments=json.dumps({"a": [None, 1.5, {"b": "x"}]})), MARK),
]


def texts_in(value):
    """All strings of a document, and of the JSON in them."""
    if isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            with contextlib.suppress(json.JSONDecodeError):
                yield from texts_in(json.loads(value))


@pytest.mark.parametrize("caller, body, mark", CONTENTS, ids=[f"{number}-{one[0]}" for number, one in enumerate(CONTENTS)])
def test_content_is_carried_or_refused(world, caller, body, mark):
    for target in DIALECTS:
        if target == caller:
            continue
        answer, _, asked = world.ask(caller, target, body)
        if answer.status == 200:
            assert any(mark in text for text in texts_in(asked)), (target, asked)
        else:
            assert answer.status == 400 and asked is None, (target, answer.text())
            assert any(word in answer.text() for word in ("messages[", "contents[", "input[", "'")), (target, answer.text())


def test_what_a_providers_own_tool_did_is_named(world):
    """Its code stays as text; a conversation that contains it continues at any target."""
    body = {"contents": [{"parts": [{"text": "Hi"}]}, {"role": "model", "parts": [
        {"executableCode": {"language": "PYTHON", "code": "mark()"}}, {"text": MARK}]}, {"parts": [{"text": "go on"}]}]}
    for target in DIALECTS:
        if target == "gemini":
            continue
        answer, dropped, asked = world.ask("gemini", target, body)
        assert answer.status == 200, answer.text()
        assert any(MARK in text for text in texts_in(asked))
        assert dropped["contents[1].parts[0].executableCode"] == "changed", target


def test_an_empty_stop_does_not_end_the_answer_before_it_begins(world):
    body = {"messages": [{"role": "user", "content": "Hi"}]}
    _, _, asked = world.ask("openai", "ollama", {**body, "stop": ["", "END"]})
    assert asked["options"]["stop"] == ["END"]
    _, _, asked = world.ask("openai", "ollama", {**body, "stop": ""})
    assert "stop" not in asked.get("options", {})


def test_no_answers_at_all_cannot_be_asked_for(world):
    answer, _, asked = world.ask("openai", "anthropic", {"messages": [{"role": "user", "content": "Hi"}], "n": 0})
    assert answer.status == 400 and answer.text().startswith('{"error":{"message":"n: ') and asked is None
