"""Gemini's generateContent."""

import json
import re

from .script import (CACHED, INPUT, OUTPUT, REASONED, Call, Media, Result, Seen, Text, Thinking, check_ids, known, need, of_call, pieces, same_turn)

MODEL = "gemini-3-pro-preview"
PATH = re.compile(f"/v1(?:beta)?/models/{MODEL}:(generateContent|streamGenerateContent)(?:\\?alt=(.*))?")
_MEMBERS = "contents systemInstruction tools toolConfig generationConfig safetySettings"
_CONFIG = ("maxOutputTokens temperature topP topK stopSequences thinkingConfig responseMimeType responseJsonSchema responseSchema seed "
           "candidateCount responseModalities")
_STAND_IN = "skip_thought_signature_validator"  # what Google accepts for calls that another model made
_SIGN_NOTHING = ("ollama", "chat-langchain", "chat-ai-sdk")  # callers that send no signatures back
_WITH_IDS = ("parallel", "thinking")  # tasks in which its calls have ids: older models send none


def _camel(members):
    """Google's parser accepts both spellings, and its SDK mixes them."""
    return {re.sub("_([a-z])", lambda match: match.group(1).upper(), name): value for name, value in members.items()}


def _base64(text):
    return text.replace("-", "+").replace("_", "/")  # both alphabets encode the same bytes


def _part(part, where, seen):
    part = _camel(part)
    known(part, "text thought thoughtSignature inlineData functionCall functionResponse", where)
    if "text" in part:
        if part.get("thought"):
            return Thinking(part["text"], part.get("thoughtSignature", ""))
        return Text(part["text"])
    if "inlineData" in part:
        data = known(_camel(part["inlineData"]), "mimeType data displayName", where)
        return Media("image" if data["mimeType"].startswith("image/") else "document", data["mimeType"], _base64(data["data"]))
    if "functionCall" in part:
        call = known(_camel(part["functionCall"]), "id name args", where)
        need(isinstance(call.get("args", {}), dict), f"{where}: Invalid value at args")
        seen.ids.append(call.get("id", ""))
        return Call(call["name"], json.dumps(call.get("args", {})))
    need("functionResponse" in part, f"{where}: a part without data")
    answer = known(part["functionResponse"], "id name response parts", where)
    response = answer["response"]
    need(isinstance(response, dict), f"{where}: Invalid value at response")
    return Result(response["output"] if list(response) in (["output"], ["result"]) and isinstance(response.get("output"), str)
                  else json.dumps(response))


def _results(calls, content, where):
    answers = [part["functionResponse"] for part in map(_camel, content["parts"]) if "functionResponse" in part]
    need(len(answers) == len(content["parts"]) == len(calls),
         f"{where}: the number of function response parts is not equal to the number of function call parts of the function call turn")
    for one, answer in zip(calls, answers):
        need(one["name"] == answer["name"], f"{where}: {answer['name']} answers {one['name']}")
        need("id" not in one or answer.get("id") == one["id"], f"{where}: {answer} answers {one}")


def read(request):
    body = known(json.loads(request.body), _MEMBERS, "the request")
    need(request.header("x-goog-api-key") == "tk-gemini-0123456789", "the key is wrong")
    verb, form = PATH.fullmatch(request.target).groups()
    seen = Seen(stream=verb == "streamGenerateContent")
    need(form == ("sse" if seen.stream else None), request.target)
    seen.system = "".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", []))
    seen.signatures, calls = [], []
    for number, content in enumerate(body["contents"]):
        where = f"contents[{number}]"
        known(content, "role parts", where)
        need(content["role"] in ("user", "model") and content["parts"], f"{where}: {content['role']}")
        if calls and content["role"] == "user":
            _results(calls, content, where)
        need(content["role"] == "model" or calls or not any("functionResponse" in part for part in content["parts"]),
             f"{where}: function response turn comes not immediately after a function call turn")
        of_turn = [part for part in map(_camel, content["parts"]) if "functionCall" in part]
        before = calls if content["role"] == "model" else []
        need(not before or not of_turn or number, where)
        if of_turn and not before:
            seen.signatures.append(of_turn[0].get("thoughtSignature", ""))
            need(seen.signatures[-1], f"{where}: Function call `{of_turn[0]['functionCall']['name']}` is missing a thought_signature")
        calls = before + [part["functionCall"] for part in of_turn]
        role = {"user": "user", "model": "assistant"}[content["role"]]
        items = [_part(part, f"{where}.parts[{at}]", seen) for at, part in enumerate(content["parts"])]
        seen.items += [("tool" if isinstance(item, Result) else role, item) for item in items]
    need(not calls, "calls without results")
    _read_rest(body, seen)
    return seen


def _read_rest(body, seen):
    for tool in body.get("tools", []):
        for one in known(tool, "functionDeclarations", "a tool")["functionDeclarations"]:
            one = known(_camel(one), "name description parametersJsonSchema parameters", "a function")
            schema = one.get("parametersJsonSchema") or one.get("parameters")
            seen.tools[one["name"]] = (one["description"], schema)
    config = known(body.get("generationConfig", {}), _CONFIG, "generationConfig")
    need(config.get("maxOutputTokens") == 4096, "the bound is lost")
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    if schema:
        need(config["responseMimeType"] == "application/json", "a schema without its type")
        seen.schema = schema
    thinking = known(_camel(config.get("thinkingConfig", {})), "includeThoughts thinkingBudget thinkingLevel", "thinkingConfig")
    need(not {"thinkingBudget", "thinkingLevel"} <= thinking.keys(), "thinkingBudget beside thinkingLevel")
    seen.thinks = bool(thinking.get("includeThoughts"))


def signature_of(said):
    """The signature is on the first call of a turn."""
    return next((item.signature for item in said if isinstance(item, Thinking)), SIGNATURE_OF_CALLS)


SIGNATURE_OF_CALLS = "EowDCokDAXLI2n/0+A=="


def agree(_, said, told):
    shown = "".join(item.text for item in told if isinstance(item, Thinking))  # may be missing: the signature replaces it
    need(shown in ("", *(item.text for item in said if isinstance(item, Thinking))), f"thought {shown!r}")
    same_turn([item for item in said if not isinstance(item, Thinking)], [item for item in told if not isinstance(item, Thinking)])


def check(seen, script):
    """Checks the signatures of every turn with calls, in order."""
    if seen.task in _WITH_IDS:
        check_ids(seen, "")
    wanted = [signature_of(said) for said in script[1:len(seen.turns()):2] if any(isinstance(item, Call) for item in said)]
    if seen.caller in _SIGN_NOTHING:
        wanted = [_STAND_IN] * len(wanted)
    seen.signatures = [one if one == _STAND_IN else _base64(one) for one in seen.signatures]
    need(seen.signatures == wanted, f"the signatures are {seen.signatures}, not {wanted}")


def _usage(seen):
    thought = REASONED if seen.thinks else 0
    return {"promptTokenCount": INPUT, "cachedContentTokenCount": CACHED, "candidatesTokenCount": OUTPUT - thought,
            "totalTokenCount": INPUT + OUTPUT, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": INPUT}],
            "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": CACHED}]} | ({"thoughtsTokenCount": thought} if thought else {})


def _calls(seen, items):
    parts = []
    for item in items:
        if not isinstance(item, Call):
            continue
        call = {"name": item.name} | ({"args": item.value()} if item.arguments is not None else {})
        if seen.task in _WITH_IDS:
            call = {"id": of_call(seen, "", len(parts))} | call
        parts.append({"functionCall": call} | ({} if parts else {"thoughtSignature": signature_of(items)}))
    return parts


def _body(seen, parts, finish=None):
    candidate = {"content": {"parts": parts, "role": "model"}} | ({"finishReason": finish} if finish else {}) | {"index": 0}
    return {"candidates": [candidate], "usageMetadata": _usage(seen), "modelVersion": MODEL, "responseId": "QUVVadTSNJ6_qtsPvN7J8Q0"}


def plain(seen, items):
    parts = [{"text": item.text} | ({"thought": True} if isinstance(item, Thinking) else {}) for item in items if not isinstance(item, Call)]
    return json.dumps(_body(seen, parts + _calls(seen, items), "STOP"), indent=2, ensure_ascii=False).encode()


def _frame(body):
    return f"data: {json.dumps(body)}\r\n\r\n".encode()


def frames(seen, items):
    for item in items:
        if isinstance(item, Call):
            continue
        mark = {"thought": True} if isinstance(item, Thinking) else {}
        for piece in pieces(item.text, 150 if len(item.text) > 2000 else 9):
            yield _frame(_body(seen, [{"text": piece} | mark]))
    calls = _calls(seen, items)
    for at in range(0, len(calls), 2):  # two calls per frame, or one
        yield _frame(_body(seen, calls[at:at + 2]))
    yield _frame(_body(seen, [{"text": ""}], "STOP"))


def error(status, words):
    kind = {400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}.get(status, "INTERNAL")
    return json.dumps({"error": {"code": status, "message": words, "status": kind}}, indent=2).encode()


def error_frame(words, _):
    return _frame(json.loads(error(503, words)))


STREAM_TYPE = "text/event-stream"
