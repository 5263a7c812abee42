"""Official SDKs against targets of every dialect: each SDK talks to a sluice whose one provider speaks a single
dialect; that provider is another sluice with the demo provider. Plain, streamed, a tool and its result, errors."""

import json

import anthropic
import ollama
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types

from support.process import Sluice

KEY = "ck-sdk-0123456789abcdef"
DIALECTS = ["openai", "responses", "anthropic", "gemini", "ollama"]
PROMPT = "Say hello"
ANSWER = "You said: Say hello"
TOOL_PROMPT = "Please call get_weather for Paris"
RESULT = "18 degrees, \"mild\" \\ \u00e9"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """Models demo-openai, demo-responses, ...: each from a provider that speaks only that dialect."""
    with Sluice(tmp_path_factory.mktemp("target"), {"providers": {"demo": {"models": ["demo"]}}}) as target:
        providers, models = {}, {}
        for dialect in DIALECTS:
            base = target.base_url + ("/v1" if dialect in ("openai", "responses") else "")
            providers[f"only-{dialect}"] = {"dialect": dialect, "base_url": base, "api_key": "none-needed-0123"}
            models[f"demo-{dialect}"] = f"only-{dialect}/demo"
        with Sluice(tmp_path_factory.mktemp("gateway"), {"keys": [{"name": "team", "key": KEY}], "providers": providers, "models": models}) as process:
            yield process


@pytest.fixture(params=DIALECTS)
def model(request):
    return f"demo-{request.param}"


def openai_sdk(gateway):
    return openai.OpenAI(api_key=KEY, base_url=gateway.base_url + "/v1", max_retries=0)


def anthropic_sdk(gateway):
    return anthropic.Anthropic(api_key=KEY, base_url=gateway.base_url, max_retries=0)


def gemini_sdk(gateway):
    return genai.Client(api_key=KEY, http_options={"base_url": gateway.base_url})


def ollama_sdk(gateway):
    return ollama.Client(host=gateway.base_url, headers={"Authorization": f"Bearer {KEY}"})


def user(text):
    return {"role": "user", "content": text}


class TestChat:
    TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": SCHEMA}}]

    def test_plain(self, gateway, model):
        answer = openai_sdk(gateway).chat.completions.create(model=model, messages=[user(PROMPT)])
        assert answer.choices[0].message.content == ANSWER
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0

    def test_stream(self, gateway, model):
        parts = list(openai_sdk(gateway).chat.completions.create(model=model, messages=[user(PROMPT)], stream=True,
                                                                 stream_options={"include_usage": True}))
        assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices) == ANSWER
        assert parts[-1].usage.completion_tokens > 0 and parts[-2].choices[0].finish_reason == "stop"

    def test_tool(self, gateway, model):
        sdk = openai_sdk(gateway)
        first = sdk.chat.completions.create(model=model, messages=[user(TOOL_PROMPT)], tools=self.TOOLS).choices[0]
        assert first.finish_reason == "tool_calls"
        call = first.message.tool_calls[0]
        assert call.id and call.function.name == "get_weather" and isinstance(json.loads(call.function.arguments), dict)
        history = [user(TOOL_PROMPT), first.message.model_dump(exclude_none=True),
                   {"role": "tool", "tool_call_id": call.id, "content": RESULT}]
        with sdk.chat.completions.stream(model=model, messages=history, tools=self.TOOLS) as stream:
            assert RESULT in stream.get_final_completion().choices[0].message.content

    def test_unknown_model(self, gateway):
        with pytest.raises(openai.NotFoundError):
            openai_sdk(gateway).chat.completions.create(model="only-anthropic/nonesuch", messages=[user(PROMPT)])


class TestResponses:
    TOOLS = [{"type": "function", "name": "get_weather", "description": "Weather of a city", "parameters": SCHEMA, "strict": False}]

    def test_plain(self, gateway, model):
        answer = openai_sdk(gateway).responses.create(model=model, input=PROMPT)
        assert answer.output_text == ANSWER and answer.status == "completed"
        assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0

    def test_stream(self, gateway, model):
        with openai_sdk(gateway).responses.stream(model=model, input=PROMPT) as stream:
            events = list(stream)
            assert stream.get_final_response().output_text == ANSWER
        assert [event.sequence_number for event in events] == list(range(len(events)))

    def test_tool(self, gateway, model):
        sdk = openai_sdk(gateway)
        with sdk.responses.stream(model=model, input=TOOL_PROMPT, tools=self.TOOLS) as stream:
            first = stream.get_final_response()
        call = next(item for item in first.output if item.type == "function_call")
        assert call.name == "get_weather" and isinstance(json.loads(call.arguments), dict)
        history = [user(TOOL_PROMPT), *[item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output],
                   {"type": "function_call_output", "call_id": call.call_id, "output": RESULT}]
        assert RESULT in sdk.responses.create(model=model, input=history, tools=self.TOOLS).output_text


class TestMessages:
    TOOLS = [{"name": "get_weather", "description": "Weather of a city", "input_schema": SCHEMA}]

    def test_plain(self, gateway, model):
        answer = anthropic_sdk(gateway).messages.create(model=model, max_tokens=64, messages=[user(PROMPT)])
        assert answer.content[0].text == ANSWER and answer.stop_reason == "end_turn"
        assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0

    def test_stream(self, gateway, model):
        with anthropic_sdk(gateway).messages.stream(model=model, max_tokens=64, messages=[user(PROMPT)]) as stream:
            assert "".join(stream.text_stream) == ANSWER
            assert stream.get_final_message().stop_reason == "end_turn"

    def test_tool(self, gateway, model):
        sdk = anthropic_sdk(gateway)
        with sdk.messages.stream(model=model, max_tokens=64, messages=[user(TOOL_PROMPT)], tools=self.TOOLS) as stream:
            first = stream.get_final_message()
        assert first.stop_reason == "tool_use"
        call = next(block for block in first.content if block.type == "tool_use")
        assert call.name == "get_weather" and isinstance(call.input, dict)
        history = [user(TOOL_PROMPT), {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]},
                   user([{"type": "tool_result", "tool_use_id": call.id, "content": RESULT}])]
        answer = sdk.messages.create(model=model, max_tokens=64, messages=history, tools=self.TOOLS)
        assert RESULT in "".join(block.text for block in answer.content if block.type == "text")

    def test_unknown_model(self, gateway):
        with pytest.raises(anthropic.NotFoundError):
            anthropic_sdk(gateway).messages.create(model="only-openai/nonesuch", max_tokens=64, messages=[user(PROMPT)])


class TestGemini:
    CONFIG = genai_types.GenerateContentConfig(
        tools=[genai_types.Tool(function_declarations=[{"name": "get_weather", "description": "Weather of a city", "parameters_json_schema": SCHEMA}])],
        automatic_function_calling={"disable": True})

    def test_plain(self, gateway, model):
        with gemini_sdk(gateway) as sdk:
            answer = sdk.models.generate_content(model=model, contents=PROMPT)
        assert answer.text == ANSWER and answer.candidates[0].finish_reason.name == "STOP"
        assert answer.usage_metadata.prompt_token_count > 0 and answer.usage_metadata.candidates_token_count > 0

    def test_stream(self, gateway, model):
        with gemini_sdk(gateway) as sdk:
            parts = list(sdk.models.generate_content_stream(model=model, contents=PROMPT))
        assert "".join(part.text or "" for part in parts) == ANSWER
        assert parts[-1].candidates[0].finish_reason.name == "STOP"

    def test_tool(self, gateway, model):
        with gemini_sdk(gateway) as sdk:
            asked = genai_types.Content(role="user", parts=[genai_types.Part(text=TOOL_PROMPT)])
            first = sdk.models.generate_content(model=model, contents=[asked], config=self.CONFIG)
            call = first.function_calls[0]
            assert call.name == "get_weather" and isinstance(call.args, dict)
            result = genai_types.Content(role="user", parts=[genai_types.Part(function_response=genai_types.FunctionResponse(
                id=call.id, name=call.name, response={"output": RESULT}))])
            answer = sdk.models.generate_content(model=model, contents=[asked, first.candidates[0].content, result], config=self.CONFIG)
        assert RESULT in answer.text

    def test_unknown_model(self, gateway):
        with pytest.raises(genai_errors.ClientError) as caught, gemini_sdk(gateway) as sdk:
            sdk.models.generate_content(model="only-openai/nonesuch", contents=PROMPT)
        assert caught.value.code == 404


class TestOllama:
    TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": SCHEMA}}]

    def test_plain(self, gateway, model):
        answer = ollama_sdk(gateway).chat(model=model, messages=[user(PROMPT)])
        assert answer.message.content == ANSWER and answer.done_reason == "stop"
        assert answer.prompt_eval_count > 0 and answer.eval_count > 0

    def test_stream(self, gateway, model):
        parts = list(ollama_sdk(gateway).chat(model=model, messages=[user(PROMPT)], stream=True))
        assert "".join(part.message.content or "" for part in parts) == ANSWER
        assert parts[-1].done and not any(part.done for part in parts[:-1])

    def test_generate(self, gateway, model):
        assert ollama_sdk(gateway).generate(model=model, prompt=PROMPT).response == ANSWER

    def test_tool(self, gateway, model):
        sdk = ollama_sdk(gateway)
        first = sdk.chat(model=model, messages=[user(TOOL_PROMPT)], tools=self.TOOLS)
        call = first.message.tool_calls[0].function
        assert call.name == "get_weather" and isinstance(dict(call.arguments), dict)
        history = [user(TOOL_PROMPT), first.message, {"role": "tool", "tool_name": "get_weather", "content": RESULT}]
        assert RESULT in sdk.chat(model=model, messages=history, tools=self.TOOLS).message.content


class TestVectors:
    """Dialects that have embeddings, each used with the SDKs of the others."""
    TEXTS = ["a cat", "a dog"]

    @pytest.fixture(params=["openai", "gemini", "ollama"])
    def embedder(self, request):
        return f"demo-{request.param}"

    def test_openai(self, gateway, embedder):
        sdk = openai_sdk(gateway)
        two = sdk.embeddings.create(model=embedder, input=self.TEXTS)  # the SDK asks for base64
        one = sdk.embeddings.create(model=embedder, input=self.TEXTS[1], encoding_format="float")
        assert [entry.index for entry in two.data] == [0, 1] and two.data[0].embedding != two.data[1].embedding
        assert two.data[1].embedding == pytest.approx(one.data[0].embedding, rel=1e-5)
        assert two.usage.prompt_tokens > 0

    def test_gemini(self, gateway, embedder):
        sdk = gemini_sdk(gateway)  # closes its connections when nothing refers to it
        one, other = (sdk.models.embed_content(model=embedder, contents=text).embeddings for text in self.TEXTS)
        assert len(one) == len(other) == 1 and len(one[0].values) > 1 and one[0].values != other[0].values

    def test_ollama(self, gateway, embedder):
        vectors = ollama_sdk(gateway).embed(model=embedder, input=self.TEXTS).embeddings
        assert len(vectors) == 2 and len(vectors[0]) > 1 and vectors[0] != vectors[1]


class TestCounts:
    def test_anthropic(self, gateway, model):
        assert anthropic_sdk(gateway).messages.count_tokens(model=model, messages=[user(PROMPT)]).input_tokens > 0

    def test_gemini(self, gateway, model):
        sdk = gemini_sdk(gateway)
        assert sdk.models.count_tokens(model=model, contents=PROMPT).total_tokens > 0

    def test_estimates_say_so(self, gateway):
        answer = anthropic_sdk(gateway).messages.with_raw_response.count_tokens(model="demo-openai", messages=[user(PROMPT)])
        assert answer.headers["sluice-estimated"] == "true"
