"""Recorded exchanges of real providers (outside the project, read-only), and what must become of each. The expected
bytes are derived here from the JSON text alone, independently of sluice."""

import json
import re
from dataclasses import dataclass

from .settings import ROOT
from .wire import sse_data

FOLDER = ROOT.parent / "shared" / "corpus"
_FILES = {
    "openai": "openai-chat.jsonl",
    "responses": "openai-responses.jsonl",
    "anthropic": "anthropic-messages.jsonl",
    "gemini": "gemini-generate.jsonl",
}
# Headers of a recorded answer that follow from its framing when it was recorded.
_FRAMING = {"content-encoding", "transfer-encoding", "content-length"}


@dataclass
class Exchange:
    number: int
    name: str
    dialect: str
    model: str
    request: dict
    invented: bool   # the recording has no request, so a small one replaces it
    streamed: bool
    status: int
    headers: list
    body: bytes
    method: str = ""  # gemini: generateContent, streamGenerateContent

    def target_path(self):
        if self.dialect == "gemini":
            return f"/v1beta/models/{self.model}:{self.method}" + ("?alt=sse" if self._sse() and self.streamed else "")
        return {"openai": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages"}[self.dialect]

    def caller_path(self):
        """The path that a caller uses, with the provider's name before the model's."""
        return self.target_path().replace("/models/", "/models/gemini/", 1)

    def _sse(self):
        return self.body.lstrip().startswith((b"data:", b"event:", b":"))

    def content_type(self):
        if self._sse():
            return "text/event-stream; charset=utf-8"
        return "application/json"

    def ends_by_itself(self):
        """Whether the body alone shows that it is complete, so that an answer which ends by close may be accepted."""
        if not self._sse():
            return True
        data = sse_data(self.body)
        if self.dialect == "anthropic":
            return any(b'"message_stop"' in one for one in data)
        if self.dialect == "responses":
            return any(re.search(rb'"type": *"response\.(completed|incomplete|failed)"', one) for one in data)
        if self.dialect == "gemini":
            return any(b'"finishReason"' in one for one in data)
        return any(one == b"[DONE]" or re.search(rb'"finish_reason": *"', one) for one in data)

    def usage_is_added(self):
        """sluice asks for usage if the caller of a chat stream did not."""
        options = self.request.get("stream_options") or {}
        return self.dialect == "openai" and bool(self.request.get("stream")) and not options.get("include_usage")

    def expected_body(self):
        """The caller's bytes: the answer unchanged, without the usage chunk that only sluice asked for."""
        if not (self.usage_is_added() and self.status == 200 and self._sse()):
            return self.body
        kept = []
        for block in re.findall(rb".*?(?:\r?\n\r?\n|\Z)", self.body, re.DOTALL):
            data = b"".join(sse_data(block))
            if data.startswith(b"{"):
                chunk = json.loads(data)
                if chunk.get("choices") == [] and chunk.get("usage") and "sla_metrics" not in chunk:  # Hugging Face's stay
                    continue
            kept.append(block)
        return b"".join(kept)


def load():
    exchanges = []
    for dialect, name in _FILES.items():
        for line in (FOLDER / name).read_text().splitlines():
            exchanges.append(_exchange(len(exchanges), dialect, json.loads(line)))
    return exchanges


def _exchange(number, dialect, record):
    request, method = record["request"], ""
    invented = request is None
    if invented:
        request = {"messages": [{"role": "user", "content": "?"}], "model": "unrecorded", "stream": record["stream"]}
    if dialect == "gemini":  # paths of the Gemini API and of Vertex both end in models/MODEL:METHOD
        model, method = re.search(r"/models/([^:?]+):(\w+)", record["path"]).groups()
    else:
        model = request["model"]
    headers = [(name.lower(), value) for name, value in (record.get("headers") or {}).items() if name.lower() not in _FRAMING]
    headers = [(name, value[0] if isinstance(value, list) else value) for name, value in headers]
    return Exchange(number, record["name"], dialect, model, request, invented, record["stream"], record["status"], headers,
                    record["body"].encode(), method)


def caller_body(exchange, random):
    """The request's text in one of the ways in which callers write JSON, with the provider's name before the
    model's."""
    document = dict(exchange.request)
    if "model" in document:
        document["model"] = f"{exchange.dialect}/{document['model']}"
    style = random.choice([{}, {"separators": (",", ":")}, {"indent": 2}, {"ensure_ascii": False}])
    if random.random() < 0.5:  # the order of fields must not matter
        items = list(document.items())
        random.shuffle(items)
        document = dict(items)
    # Lone surrogates, which some recordings contain, exist only as escapes.
    try:
        return json.dumps(document, **style).encode()
    except UnicodeEncodeError:
        return json.dumps(document).encode()


def check_target_body(exchange, sent, arrived):
    """Fails unless `arrived` is `sent` with exactly the permitted edits."""
    edits = []
    spans = _top_level_spans(sent)
    if "model" in spans:
        begin, end = spans["model"]
        edits.append((begin, end, re.escape(json.dumps(exchange.model).encode())))
    if exchange.usage_is_added():
        asked = rb'\s*"include_usage"\s*:\s*true\s*'
        if "stream_options" not in spans:
            at = sent.index(b"{") + 1
            edits.append((at, at, rb'\s*"stream_options"\s*:\s*\{' + asked + rb"\},\s*"))
        else:
            begin, end = spans["stream_options"]
            edits.append((begin, end, rb"\{.*" + asked + rb".*\}"))
    pattern, position = rb"", 0
    for begin, end, replacement in sorted(edits):
        pattern += re.escape(sent[position:begin]) + replacement
        position = end
    pattern += re.escape(sent[position:])
    assert re.fullmatch(pattern, arrived, re.DOTALL), f"{exchange.name}: the target got {arrived[:300]!r}, the caller sent {sent[:300]!r}"


def _top_level_spans(body):
    """{key: (begin, end)} of the values of the top-level object, in bytes."""
    text = body.decode("latin-1")  # one character per byte; JSON's syntax is ASCII
    decoder = json.JSONDecoder(strict=False)
    blank = re.compile(r"[ \t\r\n]*")
    skip = lambda at: blank.match(text, at).end()  # noqa: E731
    at = skip(0)
    assert text[at] == "{"
    at = skip(at + 1)
    spans = {}
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        at = skip(at)
        assert text[at] == ":"
        begin = skip(at + 1)
        _, end = decoder.raw_decode(text, begin)
        assert key not in spans
        spans[key] = (begin, end)
        at = skip(end)
        if text[at] == ",":
            at = skip(at + 1)
    return spans
