"""Anthropic's Messages API."""

import json
import re

from .script import (CACHED, INPUT, OUTPUT, Call, Media, Result, Seen, Text, Thinking, check_ids, known, need, of_call, pieces, same_turn)

PATH = re.compile("/v1/messages")
MODEL = "claude-sonnet-4-5"
_MEMBERS = ("model messages system max_tokens metadata stop_sequences stream temperature top_k top_p tools tool_choice thinking service_tier "
            "output_config cache_control")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WRITTEN = 5  # tokens written to the cache


def _source(block, where):
    source = known(block["source"], "type media_type data", where)
    need(source["type"] == "base64", f"{where}: {source['type']}")
    return source


def _block(block, where, seen):
    kind = block["type"]
    if kind == "text":
        known(block, "type text citations cache_control", where)
        need(block["text"].strip() != "", f"{where}: text content blocks must be non-empty")
        return Text(block["text"])
    if kind == "image":
        source = _source(known(block, "type source cache_control", where), where)
        need(source["media_type"] in ("image/png", "image/jpeg", "image/gif", "image/webp"), f"{where}: {source['media_type']}")
        return Media("image", source["media_type"], source["data"])
    if kind == "document":
        source = _source(known(block, "type source title context citations cache_control", where), where)
        return Media("document", source["media_type"], source["data"])
    if kind == "thinking":
        known(block, "type thinking signature", where)
        need(block["signature"], f"{where}: Invalid `signature` in `thinking` block")
        return Thinking(block["thinking"], block["signature"])
    if kind == "tool_use":
        known(block, "type id name input caller cache_control", where)
        need(_ID.fullmatch(block["id"]), f"{where}: the id is {block['id']!r}")
        need(isinstance(block["input"], dict), f"{where}: Input should be a valid dictionary")
        seen.ids.append(block["id"])
        return Call(block["name"], json.dumps(block["input"]))
    need(kind == "tool_result", f"{where}: a block of type {kind}")
    known(block, "type tool_use_id content is_error cache_control", where)
    content = block.get("content", "")
    texts = [content] if isinstance(content, str) else [known(part, "type text", where)["text"] for part in content]
    seen.has_empty = seen.has_empty or (isinstance(content, list) and not all(texts))
    return Result("".join(texts))


def _conversation(messages, seen):
    waiting = []
    for number, message in enumerate(messages):
        where = f"messages.{number}"
        known(message, "role content", where)
        role = message["role"]
        need(role == ("assistant" if number % 2 else "user"), f"{where}: roles must alternate")
        blocks = message["content"]
        if isinstance(blocks, str):
            need(blocks, f"{where}: no content")
            blocks = [{"type": "text", "text": blocks}]
        need(blocks, f"{where}: no content")
        ids = [block.get("tool_use_id") for block in blocks if block["type"] == "tool_result"]
        need(sorted(ids) == sorted(waiting), f"{where}: `tool_use` ids {waiting} were found with `tool_result` blocks {ids} after them")
        need(all(block["type"] == "tool_result" for block in blocks[:len(ids)]), f"{where}: results must come first")
        items = [_block(block, f"{where}.content.{at}", seen) for at, block in enumerate(blocks)]
        results = {one: item for one, item in zip(ids, items)}
        items = [results[one] for one in waiting] + items[len(ids):]
        waiting = [block["id"] for block in blocks if block["type"] == "tool_use"]
        need(role == "assistant" or not waiting, f"{where}: a user's `tool_use`")
        need(len(set(waiting)) == len(waiting), f"{where}: `tool_use` ids must be unique")
        seen.items += [("tool" if isinstance(item, Result) else role, item) for item in items]
    need(not waiting, f"calls without results: {waiting}")


def read(request):
    body = known(json.loads(request.body), _MEMBERS, "the request")
    need(request.header("x-api-key") == "tk-anthropic-0123456789", "the key is wrong")
    need(re.fullmatch(r"20\d\d-\d\d-\d\d", request.header("anthropic-version", "")), "anthropic-version: header is required")
    need(body["model"] == MODEL, body["model"])
    need(body.get("max_tokens") == 4096, f"max_tokens: {body.get('max_tokens')}")
    seen = Seen(stream=body.get("stream", False))
    system = body.get("system", "")
    seen.system = system if isinstance(system, str) else "".join(block["text"] for block in system)
    _conversation(body["messages"], seen)
    for tool in body.get("tools", []):
        known(tool, "name description input_schema strict cache_control type eager_input_streaming", "a tool")
        seen.tools[tool["name"]] = (tool["description"], tool["input_schema"])
    form = body.get("output_config", {}).get("format")
    if form:
        need(form["type"] == "json_schema" and form["schema"].get("additionalProperties") is False, form)
        seen.schema = form["schema"]
    thinking = body.get("thinking", {"type": "disabled"})
    seen.thinks = thinking["type"] != "disabled"
    if thinking["type"] == "enabled":
        need(1024 <= thinking["budget_tokens"] < body["max_tokens"], "thinking.budget_tokens")
        need(body.get("temperature", 1) == 1 and "top_k" not in body, "temperature beside thinking")
    return seen


def check(seen, _):
    check_ids(seen, "toolu_")
    need(not seen.has_empty or seen.caller == "anthropic-pydantic-ai", "text content blocks must be non-empty")


def agree(caller, said, told):
    same_turn(said, told, without_thinking=caller.split("-")[0] == "ollama")  # Ollama has no place for signatures


def _usage():
    return {"input_tokens": INPUT - CACHED - _WRITTEN, "cache_creation_input_tokens": _WRITTEN, "cache_read_input_tokens": CACHED,
            "cache_creation": {"ephemeral_5m_input_tokens": _WRITTEN, "ephemeral_1h_input_tokens": 0}, "output_tokens": OUTPUT,
            "service_tier": "standard", "inference_geo": "global"}


def _finish(items):
    return "tool_use" if any(isinstance(item, Call) for item in items) else "end_turn"


def _envelope(content, stop, usage):
    return {"model": MODEL + "-20250929", "id": "msg_01Js8aWE7YbmiaUPneGiCskE", "type": "message", "role": "assistant", "content": content,
            "stop_reason": stop, "stop_sequence": None, "stop_details": None, "usage": usage}


def plain(seen, items):
    content, calls = [], 0
    for item in items:
        if isinstance(item, Thinking):
            content.append({"type": "thinking", "thinking": item.text, "signature": item.signature})
        elif isinstance(item, Text) and item.text:
            content.append({"type": "text", "text": item.text})
        elif isinstance(item, Call):
            content.append({"type": "tool_use", "id": of_call(seen, "toolu_", calls), "name": item.name, "input": item.value(),
                            "caller": {"type": "direct"}})
            calls += 1
    return json.dumps(_envelope(content, _finish(items), _usage()), ensure_ascii=False).encode()


def _frame(kind, **members):
    data = json.dumps({"type": kind, **members}, ensure_ascii=kind.endswith("start"))
    return f"event: {kind}\ndata: {data}    \n\n".encode()


def _deltas(index, kind, member, text, size=7):
    for piece in pieces(text, size):
        yield _frame("content_block_delta", index=index, delta={"type": kind, member: piece})


def frames(seen, items):
    first = _usage() | {"output_tokens": 1}
    yield _frame("message_start", message=_envelope([], None, first))
    yield _frame("ping")
    calls = 0
    for index, item in enumerate(item for item in items if item != Text("")):
        if isinstance(item, Thinking):
            yield _frame("content_block_start", index=index, content_block={"type": "thinking", "thinking": "", "signature": ""})
            yield from _deltas(index, "thinking_delta", "thinking", item.text)
            yield _frame("content_block_delta", index=index, delta={"type": "signature_delta", "signature": item.signature})
        elif isinstance(item, Text):
            yield _frame("content_block_start", index=index, content_block={"type": "text", "text": ""})
            yield from _deltas(index, "text_delta", "text", item.text, 150 if len(item.text) > 2000 else 7)
        else:
            yield _frame("content_block_start", index=index, content_block={
                "type": "tool_use", "id": of_call(seen, "toolu_", calls), "name": item.name, "input": {}, "caller": {"type": "direct"}})
            if item.arguments is not None:
                yield _frame("content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": ""})
                if item.arguments != "{}":
                    yield from _deltas(index, "input_json_delta", "partial_json", item.arguments)
            calls += 1
        yield _frame("content_block_stop", index=index)
    yield _frame("message_delta", delta={"stop_reason": _finish(items), "stop_sequence": None, "stop_details": None},
                 usage={name: value for name, value in _usage().items() if isinstance(value, int)})
    yield _frame("message_stop")


def error(status, words):
    kind = {400: "invalid_request_error", 429: "rate_limit_error"}.get(status, "api_error")
    return json.dumps({"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}).encode()


def error_frame(words, _):
    return _frame("error", error={"details": None, "type": "overloaded_error", "message": words}, request_id="req_011CSHoEeqs5C35K2UUqR7Fy")


STREAM_TYPE = "text/event-stream; charset=utf-8"
