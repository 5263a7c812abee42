"""Reads answers of each dialect, streamed or plain, whole or not."""

import json


def frames(body):
    """The JSON documents in a stream, of events or of lines."""
    for line in body.decode().splitlines():
        text = line.removeprefix("data:").strip()
        if text.startswith("{"):
            try:
                yield json.loads(text)
            except json.JSONDecodeError:  # an SDK would report it; here it is one frame of many
                continue


def text_of(dialect, body, stream):
    """The answer's text, and whether the answer says that it is complete."""
    documents = list(frames(body)) if stream else [json.loads(body)]
    text, done = "", False
    for one in documents:
        if dialect == "openai":
            for choice in one.get("choices", []):
                text += (choice.get("delta" if stream else "message") or {}).get("content") or ""
                done = done or choice.get("finish_reason") is not None
        elif dialect == "responses":
            if stream and one.get("type") == "response.output_text.delta":
                text += one["delta"]
            whole = one.get("response", {}) if stream else one
            done = done or whole.get("status") == "completed"
            if not stream:
                text = "".join(part.get("text", "") for item in one.get("output", []) for part in item.get("content", []))
        elif dialect == "anthropic":
            if stream:
                text += one.get("delta", {}).get("text", "") if one.get("type") == "content_block_delta" else ""
                done = done or one.get("delta", {}).get("stop_reason") is not None
            else:
                text, done = "".join(block.get("text", "") for block in one.get("content", [])), one.get("stop_reason") is not None
        elif dialect == "gemini":
            for candidate in one.get("candidates", []):
                text += "".join(part.get("text", "") for part in candidate.get("content", {}).get("parts", []))
                done = done or candidate.get("finishReason") is not None
        else:
            text += one.get("message", {}).get("content", "")
            done = done or one.get("done") is True
    return text, done
