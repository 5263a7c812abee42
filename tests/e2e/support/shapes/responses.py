"""OpenAI's responses."""

import json
import re

from .script import (CACHED, INPUT, OUTPUT, REASONED, Call, Media, Result, Seen, Text, Thinking, check_ids, is_framework, known, need,
                     of_call, pieces, same_turn)

PATH = re.compile("/v1/responses")
MODEL = "gpt-5.2"
_MEMBERS = ("model input instructions tools tool_choice parallel_tool_calls max_output_tokens stream stream_options text reasoning include store "
            "temperature top_p user metadata truncation prompt_cache_key safety_identifier")


def _parts(content, where):
    if isinstance(content, str):
        return [Text(content)]
    made = []
    for part in content:
        kind = part["type"]
        if kind in ("input_text", "output_text"):
            known(part, "type text annotations logprobs", where)
            made.append(Text(part["text"]))
        elif kind == "input_image":
            known(part, "type image_url detail file_id", where)
            media, data = part["image_url"].removeprefix("data:").split(";base64,")
            made.append(Media("image", media, data))
        elif kind == "input_file":
            known(part, "type filename file_data detail", where)
            need(part.get("filename"), f"{where}: a file without a name")
            media, data = part["file_data"].removeprefix("data:").split(";base64,")
            made.append(Media("document", media, data))
        else:
            need(False, f"{where}: a part of type {kind}")
    return made


def _message(item, where):
    known(item, "type role content id status phase", where)
    role = item["role"]
    need(role in ("user", "assistant", "system", "developer"), f"{where}: role {role}")
    if isinstance(item["content"], list):
        kinds = {part["type"] for part in item["content"]}
        wanted = {"output_text", "refusal"} if role == "assistant" else {"input_text", "input_image", "input_file"}
        need(kinds <= wanted, f"{where}: {role} has {kinds}")
    return role, _parts(item["content"], where)


def _reasoning(item, where):
    known(item, "type id summary content encrypted_content status", where)
    need(item.get("id", "rs_").startswith("rs_"), f"{where}: the id is {item['id']}")
    summary = "".join(part["text"] for part in item["summary"])
    need(item.get("encrypted_content"), f"{where}: Item '{item.get('id')}' of type 'reasoning' was not found: `store` is false")
    need(item["encrypted_content"].startswith(f"{item.get('id', '')}+"), f"{where}: encrypted content of another item")
    return Thinking(summary, item["encrypted_content"].split("+", 1)[1])


def _conversation(items, seen):
    open_calls, results, order = [], {}, []
    for number, item in enumerate(items):
        where = f"input[{number}]"
        kind = item.get("type", "message")
        if open_calls and kind not in ("function_call", "function_call_output"):
            need(False, f"{where}: No tool output found for function calls {open_calls}")
        if kind == "message":
            role, parts = _message(item, where)
            if role in ("system", "developer"):
                need(number == 0, f"{where}: a late system message")
                seen.system = "".join(part.text for part in parts)
            else:
                seen.items += [(role, part) for part in parts]
        elif kind == "reasoning":
            following = items[number + 1].get("type", "message") if number + 1 < len(items) else ""
            need(following in ("function_call", "message"), f"{where}: 'reasoning' was provided without its required following item")
            seen.items.append(("assistant", _reasoning(item, where)))
        elif kind == "function_call":
            known(item, "type id call_id name arguments status", where)
            need(item.get("id", "fc_").startswith("fc_"), f"{where}: the id is {item.get('id')}")
            need(isinstance(json.loads(item["arguments"]), dict), f"{where}: arguments are no object")
            need(item["call_id"] and item["call_id"] not in order, f"{where}: an id twice")
            open_calls.append(item["call_id"])
            order.append(item["call_id"])
            seen.ids.append(item["call_id"])
            seen.items.append(("assistant", Call(item["name"], item["arguments"])))
        else:
            need(kind == "function_call_output", f"{where}: {kind}")
            known(item, "type id call_id output status", where)
            need(item.get("call_id") in open_calls, f"{where}: No tool call found for function call output with call_id {item.get('call_id')}")
            open_calls.remove(item["call_id"])
            output = item["output"]
            results[item["call_id"]] = output if isinstance(output, str) else "".join(part["text"] for part in output)
            if not open_calls:
                seen.items += [("tool", Result(results[one])) for one in order]
                order = []
    need(not open_calls, f"No tool output found for function calls {open_calls}")


def read(request):
    body = known(json.loads(request.body), _MEMBERS, "the request")
    need(request.header("authorization") == "Bearer tk-responses-0123456789", "the key is wrong")
    need(body["model"] == MODEL, body["model"])
    need(body.get("max_output_tokens") == 4096, "the bound is lost")
    need(body.get("store") is False, "it is to be stored")
    seen = Seen(stream=body.get("stream", False), system=body.get("instructions") or "")
    items = body["input"]
    _conversation([{"role": "user", "content": items}] if isinstance(items, str) else items, seen)
    for tool in body.get("tools", []):
        known(tool, "type name description parameters strict", "a tool")
        need(tool["type"] == "function", tool)
        seen.strict = seen.strict or tool.get("strict", True) is not False
        seen.tools[tool["name"]] = (tool["description"], tool["parameters"])
    form = body.get("text", {}).get("format", {"type": "text"})
    if form["type"] != "text":
        need(form["type"] == "json_schema" and form["name"], form)
        seen.schema = form["schema"]
    reasoning = body.get("reasoning") or {}
    seen.thinks = reasoning.get("effort", "none") != "none"
    need(not seen.thinks or "reasoning.encrypted_content" in body.get("include", []), "what is thought does not come back")
    seen.summarizes = bool(reasoning.get("summary"))
    return seen


def is_summed_up(caller):
    """Other callers do not ask for summaries of thoughts, for which OpenAI requires a verified customer."""
    return caller.split("-")[0] not in ("chat", "ollama") and caller != "anthropic-ai-sdk"


def check(seen, _):
    check_ids(seen, "call_")
    need(not seen.strict or seen.caller.startswith("responses-"), "tools are strict, where nobody said so")


def agree(caller, said, told):
    if not is_summed_up(caller):
        said = [Thinking("", item.signature) if isinstance(item, Thinking) else item for item in said]
    same_turn(said, told, without_thinking=caller.split("-")[0] == "ollama")  # it has no place for signatures


def _items(seen, items):
    """The whole items of the output."""
    made, calls = [], 0
    for number, item in enumerate(items):
        if isinstance(item, Thinking):
            ident = f"rs_0d7f{seen.task}{len(seen.items)}{number}"
            made.append({"id": ident, "type": "reasoning", "summary": [{"type": "summary_text", "text": item.text}] if seen.summarizes else [],
                         "encrypted_content": f"{ident}+{item.signature}"})
        elif isinstance(item, Text) and item.text:
            made.append({"id": f"msg_0d7f{len(seen.items)}{number}", "type": "message", "status": "completed", "role": "assistant",
                         "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": item.text}]})
        elif isinstance(item, Call):
            made.append({"id": f"fc_0d7f{len(seen.items)}{number}", "type": "function_call", "status": "completed", "name": item.name,
                         "arguments": item.arguments or "{}", "call_id": of_call(seen, "call_", calls)})
            calls += 1
    return made


def _object(seen, output, status="completed", error_of=None):
    usage = {"input_tokens": INPUT, "input_tokens_details": {"cached_tokens": CACHED}, "output_tokens": OUTPUT,
             "output_tokens_details": {"reasoning_tokens": REASONED if seen.thinks else 0}, "total_tokens": INPUT + OUTPUT}
    return {"id": "resp_0d7f68", "object": "response", "created_at": 1762141317, "status": status, "background": False,
            "error": error_of, "incomplete_details": None, "instructions": None, "max_output_tokens": 4096, "max_tool_calls": None,
            "model": MODEL + "-2025-12-11", "output": output, "parallel_tool_calls": True, "previous_response_id": None,
            "prompt_cache_key": None, "reasoning": {"effort": "medium", "summary": "detailed"}, "safety_identifier": None,
            "service_tier": "default", "store": False, "temperature": 1.0, "text": {"format": {"type": "text"}, "verbosity": "medium"},
            "tool_choice": "auto", "tools": [], "top_logprobs": 0, "top_p": 1.0, "truncation": "disabled",
            "usage": usage if status == "completed" else None, "user": None, "metadata": {}}


def plain(seen, items):
    return json.dumps(_object(seen, _items(seen, items)), indent=2).encode()


class _Stream:
    def __init__(self):
        self.number = 0

    def frame(self, kind, **members):
        data = json.dumps({"type": kind, "sequence_number": self.number, **members}, ensure_ascii=self.number % 2 == 0)
        self.number += 1
        return f"event: {kind}\ndata: {data}\n\n".encode()


def _begun(item):
    """The item in the form of the `added` event."""
    if item["type"] == "reasoning":
        return item | {"summary": [], "encrypted_content": item["encrypted_content"].split("+")[0] + "+" + "early"}
    if item["type"] == "message":
        return item | {"status": "in_progress", "content": []}
    return item | {"status": "in_progress", "arguments": ""}


def _deltas(stream, item, at):
    place = {"item_id": item["id"], "output_index": at}
    if item["type"] == "reasoning":
        if not item["summary"]:
            return
        part = item["summary"][0]
        place |= {"summary_index": 0}
        yield stream.frame("response.reasoning_summary_part.added", **place, part=part | {"text": ""})
        for piece in pieces(part["text"]):
            yield stream.frame("response.reasoning_summary_text.delta", **place, delta=piece, obfuscation="Zx")
        yield stream.frame("response.reasoning_summary_text.done", **place, text=part["text"])
        yield stream.frame("response.reasoning_summary_part.done", **place, part=part)
    elif item["type"] == "message":
        part = item["content"][0]
        place |= {"content_index": 0}
        yield stream.frame("response.content_part.added", **place, part=part | {"text": ""})
        for piece in pieces(part["text"], 150 if len(part["text"]) > 2000 else 7):
            yield stream.frame("response.output_text.delta", **place, delta=piece, logprobs=[], obfuscation="Zx")
        yield stream.frame("response.output_text.done", **place, text=part["text"], logprobs=[])
        yield stream.frame("response.content_part.done", **place, part=part)
    else:
        for piece in pieces(item["arguments"]):
            yield stream.frame("response.function_call_arguments.delta", **place, delta=piece, obfuscation="Zx")
        yield stream.frame("response.function_call_arguments.done", **place, arguments=item["arguments"], name=item["name"])


def frames(seen, items):
    stream, output = _Stream(), _items(seen, items)
    begun = _object(seen, [], "in_progress")
    yield stream.frame("response.created", response=begun)
    yield stream.frame("response.in_progress", response=begun)
    # Frameworks accept one item at a time.
    calls = [] if is_framework(seen.caller) else [at for at, item in enumerate(output) if item["type"] == "function_call"]
    for at, item in enumerate(output):
        if at in calls:
            continue
        yield stream.frame("response.output_item.added", output_index=at, item=_begun(item))
        yield from _deltas(stream, item, at)
        yield stream.frame("response.output_item.done", output_index=at, item=item)
    for at in calls:
        yield stream.frame("response.output_item.added", output_index=at, item=_begun(output[at]))
    rest = {at: _deltas(stream, output[at], at) for at in calls}
    while rest:  # one piece of each in turn
        for at in list(rest):
            frame = next(rest[at], None)
            yield frame or stream.frame("response.output_item.done", output_index=at, item=output[at])
            if frame is None:
                del rest[at]
    yield stream.frame("response.completed", response=_object(seen, output))


def error(status, words):
    kind = {400: "invalid_request_error", 429: "rate_limit_exceeded"}.get(status, "server_error")
    return json.dumps({"error": {"message": words, "type": kind, "param": None, "code": kind}}).encode()


def error_frame(words, sent):
    fault = {"code": "server_error", "message": words}
    failed = _object(Seen(), [], "failed", fault)
    return (f"event: error\ndata: {json.dumps({'type': 'error', 'sequence_number': sent, **fault, 'param': None})}\n\n"
            f"event: response.failed\ndata: {json.dumps({'type': 'response.failed', 'sequence_number': sent + 1, 'response': failed})}\n\n").encode()


STREAM_TYPE = "text/event-stream; charset=utf-8"
