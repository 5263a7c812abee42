"""A table of the dialects: where requests go, the smallest request, and the form of errors."""

import json
from dataclasses import dataclass

MESSAGES = [{"role": "user", "content": "Say hello"}]


@dataclass(frozen=True)
class Dialect:
    name: str
    key_header: str
    base_path: str  # of a provider's base URL

    def path(self, model, stream=False):
        if self.name == "gemini":
            return f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")
        return {"openai": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages", "ollama": "/api/chat"}[
            self.name
        ]

    def body(self, model, stream=False):
        if self.name == "gemini":
            return {"contents": [{"role": "user", "parts": [{"text": "Say hello"}]}]}
        if self.name == "responses":
            return {"model": model, "input": "Say hello", "stream": stream}
        if self.name == "anthropic":
            return {"model": model, "max_tokens": 64, "messages": MESSAGES, "stream": stream}
        return {"model": model, "messages": MESSAGES, "stream": stream}

    def credential(self, key):
        value = f"Bearer {key}" if self.key_header == "authorization" else key
        return [(self.key_header, value)]

    def error_message(self, body):
        """The text of an error body; asserts that the body has the dialect's form."""
        document = json.loads(body)
        error = document["error"]
        if self.name == "ollama":
            assert isinstance(error, str), document
            return error
        if self.name == "anthropic":
            assert document["type"] == "error" and isinstance(error["type"], str), document
        elif self.name == "gemini":
            assert isinstance(error["code"], int) and isinstance(error["status"], str), document
        else:
            assert isinstance(error["type"], str) and "code" in error and "param" in error, document
        assert isinstance(error["message"], str) and error["message"], document
        return error["message"]


DIALECTS = [
    Dialect("openai", "authorization", "/v1"),
    Dialect("responses", "authorization", "/v1"),
    Dialect("anthropic", "x-api-key", ""),
    Dialect("gemini", "x-goog-api-key", ""),
    Dialect("ollama", "authorization", ""),
]
BY_NAME = {dialect.name: dialect for dialect in DIALECTS}


def asked_once(*labels):
    """`models` for a configuration: each target under its model's name, without retries."""
    return {label.split("/", 1)[1]: {"targets": [{"model": label}], "retry": {"attempts": 1}} for label in labels}
