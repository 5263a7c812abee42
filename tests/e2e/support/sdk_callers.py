"""The official Python SDKs behind one interface: a conversation begins and continues, and answers are handed back as
each SDK does it."""

import json
from base64 import b64decode
from dataclasses import dataclass, field

import anthropic
import httpx
import ollama
import openai
import pydantic
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types

from .shapes.script import SYSTEM, TOOLS, Media, Text

KEY = "ck-sdk-0123456789abcdef"
MAX_TOKENS = 4096


class Structured(pydantic.BaseModel):
    name: str
    tags: list[str]
    count: int


@dataclass
class Outcome:
    """What an SDK returned for an answer."""
    text: str = ""
    thinking: str = ""
    calls: list = field(default_factory=list)   # of (id, name, arguments as an object)
    finish: str = ""
    usage: tuple = ()                           # tokens: input, output, cached input (None: the dialect has no such count)
    parsed: dict | None = None


@dataclass
class Failure:
    """What an SDK raised, in an SDK-independent form."""
    kind: str
    status: int | None
    message: str
    retry_after: str | None = None


class Caller:
    """`conversation`s are lists in the SDK's form. `ask` appends the model's turn. `dropped`: the last answer's
    `sluice-dropped`."""

    name = ""
    errors = ()
    dropped = ""

    def note(self, response):
        self.dropped = response.headers.get("sluice-dropped", "")

    def begin(self, parts):
        return [*self.system(), *self.user(parts)]

    def system(self):
        return [{"role": "system", "content": SYSTEM}]

    def failure(self, error):
        response = getattr(error, "response", None)
        retry_after = response.headers.get("retry-after") if response is not None else None
        return Failure(type(error).__name__, getattr(error, "status_code", None), str(error), retry_after)


def as_url(part):
    return f"data:{part.type};base64,{part.data}"


class Chat(Caller):
    name = "chat"
    errors = (openai.OpenAIError,)
    TOOLS = [{"type": "function", "function": {"name": name, "description": description, "parameters": schema}}
             for name, (description, schema) in TOOLS.items()]

    def __init__(self, url):
        self.sdk = openai.OpenAI(api_key=KEY, base_url=url + "/v1", max_retries=0,
                                 http_client=openai.DefaultHttpxClient(event_hooks={"response": [self.note]}))

    def user(self, parts):
        if all(isinstance(part, Text) for part in parts):
            return [{"role": "user", "content": part.text} for part in parts]
        return [{"role": "user", "content": [
            {"type": "text", "text": part.text} if isinstance(part, Text)
            else {"type": "image_url", "image_url": {"url": as_url(part)}} if part.kind == "image"
            else {"type": "file", "file": {"filename": "a.pdf", "file_data": as_url(part)}} for part in parts]}]

    def request(self, model, conversation, tools, thinks):
        asked = {"model": model, "messages": conversation, "max_completion_tokens": MAX_TOKENS}
        if tools:
            asked["tools"] = self.TOOLS
        if thinks:
            asked["reasoning_effort"] = "medium"
        return asked

    def fetch(self, asked, stream, structured):
        completions = self.sdk.chat.completions
        if stream:
            form = {"response_format": Structured} if structured else {}
            with completions.stream(stream_options={"include_usage": True}, **form, **asked) as events:
                whole = events.get_final_completion()
        else:
            whole = completions.parse(response_format=Structured, **asked) if structured else completions.create(**asked)
        return whole.model_dump(exclude_none=True, warnings=False)

    def ask(self, model, conversation, stream=False, tools=False, thinks=False, structured=False):
        whole = self.fetch(self.request(model, conversation, tools, thinks), stream, structured)
        choice, usage = whole["choices"][0], whole["usage"]
        message = choice["message"]
        parsed = message.pop("parsed", None)
        conversation.append(message)
        thought = message.get("reasoning_content") or message.get("reasoning") or "".join(
            one.get("text") or one.get("summary") or "" for one in message.get("reasoning_details") or [])
        return Outcome(message.get("content") or "", thought,
                       [(one["id"], one["function"]["name"], json.loads(one["function"]["arguments"] or "{}"))
                        for one in message.get("tool_calls") or []],
                       {"tool_calls": "calls"}.get(choice["finish_reason"], choice["finish_reason"]),
                       (usage["prompt_tokens"], usage["completion_tokens"], usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)),
                       parsed)

    def results(self, conversation, pairs):
        """`pairs` of (a call of an Outcome, its result), in the order in which they are sent."""
        conversation += [{"role": "tool", "tool_call_id": one[0], "content": text} for one, text in pairs]

    def break_off(self, model, conversation):
        stream = self.sdk.chat.completions.create(stream=True, **self.request(model, conversation, False, False))
        text = next(chunk.choices[0].delta.content for chunk in stream if chunk.choices and chunk.choices[0].delta.content)
        stream.close()
        return text


class Responses(Caller):
    name = "responses"
    errors = (openai.OpenAIError, RuntimeError)
    TOOLS = [{"type": "function", "name": name, "description": description, "parameters": schema, "strict": False}
             for name, (description, schema) in TOOLS.items()]

    def __init__(self, url):
        self.sdk = openai.OpenAI(api_key=KEY, base_url=url + "/v1", max_retries=0,
                                 http_client=openai.DefaultHttpxClient(event_hooks={"response": [self.note]}))

    def system(self):
        return []

    def user(self, parts):
        if all(isinstance(part, Text) for part in parts):
            return [{"role": "user", "content": part.text} for part in parts]
        return [{"role": "user", "content": [
            {"type": "input_text", "text": part.text} if isinstance(part, Text)
            else {"type": "input_image", "detail": "auto", "image_url": as_url(part)} if part.kind == "image"
            else {"type": "input_file", "filename": "a.pdf", "file_data": as_url(part)} for part in parts]}]

    def request(self, model, conversation, tools, thinks):
        asked = {"model": model, "input": conversation, "instructions": SYSTEM, "max_output_tokens": MAX_TOKENS, "store": False}
        if tools:
            asked["tools"] = self.TOOLS
        if thinks:
            asked |= {"reasoning": {"effort": "medium", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}
        return asked

    def fetch(self, asked, stream, structured):
        form = {"text_format": Structured} if structured else {}
        if stream:
            with self.sdk.responses.stream(**form, **asked) as events:
                for number, event in enumerate(events):
                    assert event.sequence_number == number, event
                    if event.type == "error":  # the SDK leaves error events to its user
                        raise RuntimeError(event.message)
                whole = events.get_final_response()
        else:
            whole = self.sdk.responses.parse(**form, **asked) if structured else self.sdk.responses.create(**asked)
        return whole.model_dump(exclude_none=True, warnings=False)

    def ask(self, model, conversation, stream=False, tools=False, thinks=False, structured=False):
        whole = self.fetch(self.request(model, conversation, tools, thinks), stream, structured)
        assert whole["status"] == "completed", whole
        parsed, output, usage = None, whole["output"], whole["usage"]
        for item in output:
            item.pop("parsed_arguments", None)
            for part in item.get("content") or []:
                parsed = part.pop("parsed", parsed)
        conversation += output
        calls = [(item["call_id"], item["name"], json.loads(item["arguments"])) for item in output if item["type"] == "function_call"]
        said = [part["text"] for item in output if item["type"] == "message" for part in item["content"]]
        thought = [part["text"] for item in output if item["type"] == "reasoning" for part in item["summary"] or item.get("content") or []]
        return Outcome("".join(said), "".join(thought), calls, "calls" if calls else "stop",
                       (usage["input_tokens"], usage["output_tokens"], usage["input_tokens_details"]["cached_tokens"]), parsed)

    def results(self, conversation, pairs):
        conversation += [{"type": "function_call_output", "call_id": one[0], "output": text} for one, text in pairs]

    def break_off(self, model, conversation):
        stream = self.sdk.responses.create(stream=True, **self.request(model, conversation, False, False))
        text = next(event.delta for event in stream if event.type == "response.output_text.delta")
        stream.close()
        return text


class Messages(Caller):
    name = "anthropic"
    errors = (anthropic.AnthropicError, httpx.RemoteProtocolError)
    TOOLS = [{"name": name, "description": description, "input_schema": schema} for name, (description, schema) in TOOLS.items()]

    def __init__(self, url):
        self.sdk = anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0,
                                       http_client=anthropic.DefaultHttpxClient(event_hooks={"response": [self.note]}))

    def system(self):
        return []

    def user(self, parts):
        if all(isinstance(part, Text) for part in parts):
            return [{"role": "user", "content": part.text} for part in parts]
        return [{"role": "user", "content": [
            {"type": "text", "text": part.text} if isinstance(part, Text)
            else {"type": part.kind, "source": {"type": "base64", "media_type": part.type, "data": part.data}} for part in parts]}]

    def request(self, model, conversation, tools, thinks):
        asked = {"model": model, "messages": conversation, "system": SYSTEM, "max_tokens": MAX_TOKENS}
        if tools:
            asked["tools"] = self.TOOLS
        if thinks:
            asked["thinking"] = {"type": "enabled", "budget_tokens": 2048, "display": "summarized"}
        return asked

    def fetch(self, asked, stream, structured):
        form = {"output_format": Structured} if structured else {}
        if stream:
            with self.sdk.messages.stream(**form, **asked) as events:
                whole = events.get_final_message()
        else:
            whole = self.sdk.messages.parse(**form, **asked) if structured else self.sdk.messages.create(**asked)
        parsed = whole.parsed_output if structured else None
        return whole.model_dump(), whole.content, parsed and parsed.model_dump()

    def ask(self, model, conversation, stream=False, tools=False, thinks=False, structured=False):
        whole, handed_back, parsed = self.fetch(self.request(model, conversation, tools, thinks), stream, structured)
        conversation.append({"role": "assistant", "content": handed_back})
        blocks, usage = whole["content"], whole["usage"]
        cached = usage.get("cache_read_input_tokens") or 0
        return Outcome("".join(block["text"] for block in blocks if block["type"] == "text"),
                       "".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
                       [(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"],
                       {"end_turn": "stop", "tool_use": "calls"}.get(whole["stop_reason"], whole["stop_reason"]),
                       (usage["input_tokens"] + cached + (usage.get("cache_creation_input_tokens") or 0), usage["output_tokens"], cached),
                       parsed)

    def results(self, conversation, pairs):
        conversation.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": one[0], "content": text}
                                                         for one, text in pairs]})

    def break_off(self, model, conversation):
        with self.sdk.messages.stream(**self.request(model, conversation, False, False)) as events:
            return next(iter(events.text_stream))


class Gemini(Caller):
    name = "gemini"
    errors = (genai_errors.APIError, genai_errors.UnknownApiResponseError, httpx.RemoteProtocolError)
    TOOLS = [genai_types.Tool(function_declarations=[
        {"name": name, "description": description, "parameters_json_schema": schema} for name, (description, schema) in TOOLS.items()])]

    def __init__(self, url):
        self.sdk = genai.Client(api_key=KEY, http_options={"base_url": url, "client_args": {"event_hooks": {"response": [self.note]}}})

    def system(self):
        return []

    def user(self, parts):
        return [genai_types.Content(role="user", parts=[
            genai_types.Part(text=part.text) if isinstance(part, Text)
            else genai_types.Part.from_bytes(data=b64decode(part.data), mime_type=part.type) for part in parts])]

    def _config(self, tools, thinks, structured):
        config = {"system_instruction": SYSTEM, "max_output_tokens": MAX_TOKENS, "automatic_function_calling": {"disable": True}}
        if tools:
            config["tools"] = self.TOOLS
        if thinks:
            config["thinking_config"] = {"include_thoughts": True, "thinking_level": "high"}
        if structured:
            config |= {"response_mime_type": "application/json", "response_schema": Structured}
        return config

    def ask(self, model, conversation, stream=False, tools=False, thinks=False, structured=False):
        asked = {"model": model, "contents": conversation, "config": self._config(tools, thinks, structured)}
        if stream:
            chunks = list(self.sdk.models.generate_content_stream(**asked))
        else:
            chunks = [self.sdk.models.generate_content(**asked)]
        said = [chunk.candidates[0].content for chunk in chunks if chunk.candidates and chunk.candidates[0].content]
        conversation += [content for content in said if content.parts]  # as the SDK's chats do
        parts = [part for content in said for part in content.parts or []]
        calls = [(part.function_call.id, part.function_call.name, part.function_call.args or {}) for part in parts if part.function_call]
        usage, finish = chunks[-1].usage_metadata, chunks[-1].candidates[0].finish_reason.name
        return Outcome("".join(part.text for part in parts if part.text and not part.thought),
                       "".join(part.text for part in parts if part.text and part.thought), calls,
                       "calls" if calls and finish == "STOP" else finish.lower(),
                       (usage.prompt_token_count, usage.candidates_token_count + (usage.thoughts_token_count or 0),
                        usage.cached_content_token_count or 0),
                       chunks[0].parsed.model_dump() if structured and not stream else None)

    def results(self, conversation, pairs):
        conversation.append(genai_types.Content(role="user", parts=[genai_types.Part(
            function_response=genai_types.FunctionResponse(id=one[0], name=one[1], response={"output": text})) for one, text in pairs]))

    def break_off(self, model, conversation):
        stream = self.sdk.models.generate_content_stream(model=model, contents=conversation, config=self._config(False, False, False))
        text = next(chunk.text for chunk in stream if chunk.text)
        stream.close()
        return text

    def failure(self, error):
        response = getattr(error, "response", None)
        headers = getattr(response, "headers", None) or {}
        return Failure(type(error).__name__, getattr(error, "code", None), str(error), headers.get("retry-after"))


class Ollama(Caller):
    name = "ollama"
    errors = (ollama.ResponseError, httpx.RemoteProtocolError)
    TOOLS = Chat.TOOLS

    def __init__(self, url):
        self.sdk = ollama.Client(host=url, headers={"Authorization": f"Bearer {KEY}"}, event_hooks={"response": [self.note]})
        self.last = None

    def note(self, response):
        super().note(response)
        self.last = response

    def user(self, parts):
        texts = "\n\n".join(part.text for part in parts if isinstance(part, Text))
        images = [ollama.Image(value=b64decode(part.data)) for part in parts if isinstance(part, Media)]
        return [ollama.Message(role="user", content=texts, images=images or None)]

    def request(self, model, conversation, tools, thinks, structured):
        return {"model": model, "messages": conversation, "options": {"num_predict": MAX_TOKENS}, "tools": self.TOOLS if tools else None,
                "think": True if thinks else None, "format": Structured.model_json_schema() if structured else None}

    def ask(self, model, conversation, stream=False, tools=False, thinks=False, structured=False):
        asked = self.request(model, conversation, tools, thinks, structured)
        chunks = list(self.sdk.chat(stream=True, **asked)) if stream else [self.sdk.chat(**asked)]
        assert [chunk.done for chunk in chunks] == [False] * (len(chunks) - 1) + [True], "cut off"
        calls = [one for chunk in chunks for one in chunk.message.tool_calls or []]
        said = ollama.Message(role="assistant", content="".join(chunk.message.content or "" for chunk in chunks),
                              thinking="".join(chunk.message.thinking or "" for chunk in chunks) or None, tool_calls=calls or None)
        conversation.append(said)
        last = chunks[-1]
        return Outcome(said.content, said.thinking or "", [(None, one.function.name, dict(one.function.arguments)) for one in calls],
                       "calls" if calls and last.done_reason == "stop" else last.done_reason, (last.prompt_eval_count, last.eval_count, None),
                       Structured.model_validate_json(said.content).model_dump() if structured else None)

    def results(self, conversation, pairs):
        conversation += [ollama.Message(role="tool", tool_name=one[1], content=text) for one, text in pairs]

    def break_off(self, model, conversation):
        stream = self.sdk.chat(stream=True, **self.request(model, conversation, False, False, False))
        text = next(chunk.message.content for chunk in stream if chunk.message.content)
        stream.close()
        return text

    def failure(self, error):
        return Failure(type(error).__name__, getattr(error, "status_code", None), str(error), self.last.headers.get("retry-after"))


CALLERS = {one.name: one for one in (Chat, Responses, Messages, Gemini, Ollama)}
