"""OpenAI's chat completions, as served by a host of open models: with `reasoning_details`."""

import json
import re

from .script import (CACHED, INPUT, OUTPUT, REASONED, Call, Media, Result, Seen, Text, Thinking, check_ids, known, need, of_call, pieces, same_turn)

PATH = re.compile("/v1/chat/completions")
MODEL = "z-ai/glm-4.7"
_MEMBERS = ("model messages tools tool_choice parallel_tool_calls max_tokens max_completion_tokens stream stream_options response_format "
            "reasoning_effort reasoning temperature top_p stop seed user metadata store n")


def _parts(content, where):
    """Content of a user: a string, or parts."""
    if isinstance(content, str):
        return [Text(content)]
    need(isinstance(content, list) and content, f"{where}: no content")
    made = []
    for part in content:
        kind = part["type"]
        known(part, f"type {kind}", where)
        if kind == "text":
            need(part["text"] != "", f"{where}: an empty text")
            made.append(Text(part["text"]))
        elif kind == "image_url":
            media, data = part["image_url"]["url"].removeprefix("data:").split(";base64,")
            made.append(Media("image", media, data))
        elif kind == "file":
            file = known(part["file"], "filename file_data", where)
            need(file.get("filename"), f"{where}: a file without a name")
            media, data = file["file_data"].removeprefix("data:").split(";base64,")
            made.append(Media("document", media, data))
        else:
            need(False, f"{where}: a part of type {kind}")
    return made


def _assistant(message, where, seen):
    known(message, "role content tool_calls reasoning reasoning_details reasoning_content refusal name annotations audio", where)
    items, indexes = [], []
    for detail in message.get("reasoning_details") or []:
        need(detail.get("type") == "reasoning.text", f"{where}: {detail}")
        thought = Thinking(detail.get("text") or "", detail.get("signature") or "")
        if indexes and indexes[-1] == detail["index"]:  # pieces of a stream, unchanged
            thought = Thinking(items[-1].text + thought.text, thought.signature or items[-1].signature)
            items.pop()
        indexes.append(detail["index"])
        items.append(thought)
    content = message.get("content")
    if content:
        items += [Text("".join(part["text"] for part in content))] if isinstance(content, list) else [Text(content)]
    calls = message.get("tool_calls") or []
    need(content is not None or calls, f"{where}: neither content nor calls")
    for one in calls:
        known(one, "id type function index", where)
        need(one["type"] == "function" and isinstance(one["function"]["arguments"], str), f"{where}: {one}")
        need(isinstance(json.loads(one["function"]["arguments"] or "{}"), dict), f"{where}: arguments are no object")
        items.append(Call(one["function"]["name"], one["function"]["arguments"]))
        seen.ids.append(one["id"])
    return items, [one["id"] for one in calls]


def _conversation(messages, seen):
    waiting, results = [], {}
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        role = message.get("role")
        if waiting and role != "tool":
            need(False, f"{where}: an assistant message with 'tool_calls' must be followed by tool messages, {waiting} are missing")
        if role in ("system", "developer"):
            need(number == 0, f"{where}: a late system message")
            seen.system = "".join(part.text for part in _parts(message["content"], where))
        elif role == "user":
            seen.items += [("user", item) for item in _parts(message["content"], where)]
        elif role == "assistant":
            items, ids = _assistant(message, where, seen)
            need(len(set(ids)) == len(ids), f"{where}: an id twice")
            seen.items += [("assistant", item) for item in items]
            waiting, results, order = list(ids), {}, ids
        elif role == "tool":
            known(message, "role content tool_call_id name", where)
            need(message["tool_call_id"] in waiting, f"{where}: no call has the id {message['tool_call_id']!r}")
            waiting.remove(message["tool_call_id"])
            content = message["content"]
            results[message["tool_call_id"]] = content if isinstance(content, str) else "".join(part["text"] for part in content)
            if not waiting:
                seen.items += [("tool", Result(results[one])) for one in order]
        else:
            need(False, f"{where}: role {role}")
    need(not waiting, f"calls without results: {waiting}")


def read(request):
    body = known(json.loads(request.body), _MEMBERS, "the request")
    need(request.header("authorization") == "Bearer tk-openai-0123456789", "the key is wrong")
    need(body["model"] == MODEL, body["model"])
    seen = Seen(stream=body.get("stream", False))
    need(not seen.stream or body.get("stream_options", {}).get("include_usage"), "nobody asks for usage")
    need(body.get("max_tokens", body.get("max_completion_tokens")) == 4096, "the bound is lost")
    _conversation(body["messages"], seen)
    for tool in body.get("tools", []):
        known(tool["function"], "name description parameters strict", "a tool")
        seen.tools[tool["function"]["name"]] = (tool["function"]["description"], tool["function"]["parameters"])
    form = body.get("response_format")
    if form:
        need(form["type"] == "json_schema" and form["json_schema"]["name"], form)
        seen.schema = form["json_schema"]["schema"]
    seen.thinks = body.get("reasoning_effort", "none") != "none"
    return seen


def check(seen, _):
    check_ids(seen, "call_")


def agree(caller, said, told):
    if caller.split("-")[0] == "ollama":  # it has no place for signatures
        said = [Thinking(item.text, "") if isinstance(item, Thinking) else item for item in said]
    same_turn(said, told)


def _usage(seen):
    return {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
            "prompt_tokens_details": {"cached_tokens": CACHED, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": REASONED if seen.thinks else 0, "audio_tokens": 0}}


def _detail(item, text, signature):
    return {"type": "reasoning.text", "text": text, "signature": signature, "format": "anthropic-claude-v1", "index": 0}


def _finish(items):
    return "tool_calls" if any(isinstance(item, Call) for item in items) else "stop"


def plain(seen, items):
    message = {"role": "assistant", "content": None, "refusal": None}
    calls = []
    for item in items:
        if isinstance(item, Thinking):
            message |= {"reasoning": item.text, "reasoning_details": [_detail(item, item.text, item.signature)]}
        elif isinstance(item, Text):
            message["content"] = item.text
        else:
            calls.append({"id": of_call(seen, "call_", len(calls)), "type": "function", "index": len(calls),
                          "function": {"name": item.name, "arguments": item.arguments or ""}})
    if calls:
        message["tool_calls"] = calls
    return json.dumps({"id": "gen-1762141317-abc", "provider": "Z.AI", "model": MODEL, "object": "chat.completion", "created": 1762141317,
                       "choices": [{"logprobs": None, "finish_reason": _finish(items), "native_finish_reason": "stop", "index": 0,
                                    "message": message}], "usage": _usage(seen)}).encode()


def _chunk(delta, finish=None, **more):
    body = {"id": "gen-1762141317-abc", "object": "chat.completion.chunk", "created": 1762141317, "model": MODEL, "provider": "Z.AI",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}], **more}
    return f"data: {json.dumps(body)}\n\n".encode()


def frames(seen, items):
    yield b": OPENROUTER PROCESSING\n\n"
    yield _chunk({"role": "assistant", "content": ""})
    for item in items:
        if isinstance(item, Thinking):
            for piece in pieces(item.text):
                yield _chunk({"content": "", "reasoning": piece, "reasoning_details": [_detail(item, piece, None)]})
            yield _chunk({"content": "", "reasoning_details": [
                {"type": "reasoning.text", "signature": item.signature, "format": "anthropic-claude-v1", "index": 0}]})
        elif isinstance(item, Text):
            for piece in pieces(item.text, 150 if len(item.text) > 2000 else 7):
                yield _chunk({"content": piece})
    calls = [item for item in items if isinstance(item, Call)]
    for number, item in enumerate(calls):
        yield _chunk({"content": None, "tool_calls": [{"index": number, "id": of_call(seen, "call_", number), "type": "function",
                                                       "function": {"name": item.name, "arguments": ""}}]})
    rest = [list(pieces(item.arguments or "")) for item in calls]
    while any(rest):  # one piece of each in turn
        for number, left in enumerate(rest):
            if left:
                yield _chunk({"tool_calls": [{"index": number, "function": {"arguments": left.pop(0)}}]})
    yield _chunk({}, _finish(items))
    yield b"data: " + json.dumps({"id": "gen-1762141317-abc", "object": "chat.completion.chunk", "created": 1762141317, "model": MODEL,
                                  "choices": [], "usage": _usage(seen)}).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def error(status, words):
    kind = {400: "invalid_request_error", 429: "rate_limit_exceeded"}.get(status, "server_error")
    return json.dumps({"error": {"message": words, "type": kind, "param": None, "code": kind}}).encode()


def error_frame(words, _):
    return b"data: " + error(500, words) + b"\n\n"


STREAM_TYPE = "text/event-stream; charset=utf-8"
