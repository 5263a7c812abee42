"""Ollama's chat."""

import json
import re

from .script import INPUT, OUTPUT, Call, Media, Result, Seen, Text, Thinking, check_ids, known, need, of_call, pieces, same_turn

PATH = re.compile("/api/chat")
MODEL = "qwen3"
_MEMBERS = "model messages tools format options stream think keep_alive logprobs top_logprobs truncate shift"
_WITH_IDS = ("parallel",)  # tasks in which its calls have ids: older versions send none
_TYPES = {"iVBORw0KGgo": "image/png", "/9j/": "image/jpeg", "R0lGOD": "image/gif"}


def _user(message, where):
    made = [Text(message["content"])] if message.get("content") else []
    for data in message.get("images") or []:
        kind = next((kind for begin, kind in _TYPES.items() if data.startswith(begin)), None)
        need(kind, f"{where}: Failed to load image or audio file: {data[:30]}")
        made.append(Media("image", kind, data))
    return made


def _conversation(messages, seen):
    calls = []
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        known(message, "role content thinking images tool_calls tool_name tool_call_id", where)
        role = message["role"]
        need(isinstance(message.get("content", ""), str), f"{where}: content is no string")
        if calls and role != "tool":
            need(False, f"{where}: calls without results: {calls}")
        if role == "system":
            need(number == 0, f"{where}: a late system message")
            seen.system = message["content"]
        elif role == "user":
            seen.items += [("user", item) for item in _user(message, where)]
        elif role == "assistant":
            if message.get("thinking"):
                seen.items.append(("assistant", Thinking(message["thinking"], "")))
            if message.get("content"):
                seen.items.append(("assistant", Text(message["content"])))
            for one in message.get("tool_calls") or []:
                known(one, "id type function", where)
                call = known(one["function"], "index name arguments description", where)
                need(isinstance(call["arguments"], dict), f"{where}: arguments are no object: {call['arguments']!r}")
                seen.items.append(("assistant", Call(call["name"], json.dumps(call["arguments"]))))
                seen.ids.append(one.get("id", ""))
                calls.append((call["name"], one.get("id")))
        else:
            need(role == "tool" and calls, f"{where}: role {role}")
            name, ident = calls.pop(0)
            need(message.get("tool_name", name) == name, f"{where}: {message} answers {name}")
            need(message.get("tool_call_id", ident) == ident, f"{where}: {message} answers {ident}")
            seen.items.append(("tool", Result(message.get("content", ""))))
    need(not calls, f"calls without results: {calls}")


def read(request):
    body = known(json.loads(request.body), _MEMBERS, "the request")
    need(request.header("authorization") == "Bearer tk-ollama-0123456789", "the key is wrong")
    need(body["model"] == MODEL, body["model"])
    need(body.get("options", {}).get("num_predict") == 4096, "the bound is lost")
    seen = Seen(stream=body.get("stream", True))
    _conversation(body["messages"], seen)
    for tool in body.get("tools") or []:
        function = known(tool["function"], "name description parameters", "a tool")
        seen.tools[function["name"]] = (function["description"], function["parameters"])
    form = body.get("format") or None
    need(form is None or isinstance(form, dict), f"format is {form!r}")
    seen.schema = form
    seen.thinks = bool(body.get("think"))
    return seen


def check(seen, _):
    if seen.task in _WITH_IDS:
        check_ids(seen, "call_")


def agree(caller, said, told):
    same_turn([Thinking(item.text, "") if isinstance(item, Thinking) else item for item in said], told)


def _line(message, done=None):
    body = {"model": MODEL, "created_at": "2026-11-02T10:00:00.123456789Z", "message": {"role": "assistant", "content": "", **message},
            "done": done is not None}
    if done:
        body |= {"done_reason": "stop", "total_duration": 4883583458, "load_duration": 1334875, "prompt_eval_count": INPUT,
                 "prompt_eval_duration": 342546000, "eval_count": OUTPUT, "eval_duration": 4535599000}
    line = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    for one in "<>&\u2028\u2029":  # as Go's JSON encoder writes them
        line = line.replace(one, f"\\u{ord(one):04x}")
    return line.encode() + b"\n"


def _calls(seen, items):
    calls = [item for item in items if isinstance(item, Call)]
    return [({"id": of_call(seen, "call_", at)} if seen.task in _WITH_IDS else {})
            | {"function": {"index": at, "name": item.name, "arguments": item.value()}} for at, item in enumerate(calls)]


def plain(seen, items):
    message = {}
    for item in items:
        if isinstance(item, (Text, Thinking)):
            message["thinking" if isinstance(item, Thinking) else "content"] = item.text
    calls = _calls(seen, items)
    return _line(message | ({"tool_calls": calls} if calls else {}), True)


def frames(seen, items):
    for item in items:
        member = "thinking" if isinstance(item, Thinking) else "content"
        if not isinstance(item, Call):
            for piece in pieces(item.text, 150 if len(item.text) > 2000 else 7):
                yield _line({member: piece})
    for one in _calls(seen, items):
        yield _line({"tool_calls": [one]})
    yield _line({}, True)


def error(status, words):
    return json.dumps({"error": words}).encode()


def error_frame(words, _):
    return error(500, words) + b"\n"


STREAM_TYPE = "application/x-ndjson"
