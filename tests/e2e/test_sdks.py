"""The SDKs that callers really use, against the built-in demo provider with keys required: each gets its answers,
whole and streamed, and its exceptions."""

import json
import os
import subprocess
from pathlib import Path

import anthropic
import ollama
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors

from support.process import Sluice
from support.settings import NODE, PATIENCE

KEY = "ck-sdk-0123456789abcdef"
MODEL = "demo/demo"
PROMPT = "Say hello"
MESSAGES = [{"role": "user", "content": PROMPT}]
ANSWER = "You said: Say hello"


@pytest.fixture(scope="module")
def sluice(tmp_path_factory):
    config = {
        "keys": [{"name": "team", "key": KEY}],
        "providers": {"demo": {"models": ["demo"]}},  # with --demo it would answer to every model name
        "models": {"fast": MODEL},
    }
    with Sluice(tmp_path_factory.mktemp("sluice"), config) as process:
        yield process


def openai_sdk(sluice, key=KEY):
    return openai.OpenAI(api_key=key, base_url=sluice.base_url + "/v1", max_retries=0)


def anthropic_sdk(sluice, key=KEY):
    return anthropic.Anthropic(api_key=key, base_url=sluice.base_url, max_retries=0)


def gemini_sdk(sluice, key=KEY):
    """A context manager: this SDK closes its connections when nothing refers to it any more."""
    return genai.Client(api_key=key, http_options={"base_url": sluice.base_url})


def ollama_sdk(sluice, key=KEY):
    return ollama.Client(host=sluice.base_url, headers={"Authorization": f"Bearer {key}"})


class TestOpenAI:
    def test_plain(self, sluice):
        answer = openai_sdk(sluice).chat.completions.create(model=MODEL, messages=MESSAGES)
        assert answer.choices[0].message.content == ANSWER
        assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0

    def test_stream(self, sluice):
        stream = openai_sdk(sluice).chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        parts = list(stream)
        assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices) == ANSWER
        assert len(parts) > 3
        assert all(part.choices for part in parts), "a usage chunk that was not asked for"

    def test_stream_with_usage(self, sluice):
        stream = openai_sdk(sluice).chat.completions.create(
            model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        assert list(stream)[-1].usage.completion_tokens > 0

    def test_responses(self, sluice):
        assert openai_sdk(sluice).responses.create(model=MODEL, input=PROMPT).output_text == ANSWER

    def test_responses_stream(self, sluice):
        with openai_sdk(sluice).responses.stream(model=MODEL, input=PROMPT) as stream:
            assert stream.get_final_response().output_text == ANSWER

    def test_models(self, sluice):
        names = [model.id for model in openai_sdk(sluice).models.list()]
        assert MODEL in names and "fast" in names
        assert openai_sdk(sluice).models.retrieve("fast").id == "fast"

    def test_wrong_key(self, sluice):
        with pytest.raises(openai.AuthenticationError):
            openai_sdk(sluice, "wrong-key").chat.completions.create(model=MODEL, messages=MESSAGES)

    def test_unknown_model(self, sluice):
        with pytest.raises(openai.NotFoundError, match="nonesuch"):
            openai_sdk(sluice).chat.completions.create(model="nonesuch/model", messages=MESSAGES)


class TestAnthropic:
    def test_plain(self, sluice):
        answer = anthropic_sdk(sluice).messages.create(model=MODEL, max_tokens=64, messages=MESSAGES)
        assert answer.content[0].text == ANSWER
        assert answer.usage.output_tokens > 0

    def test_stream(self, sluice):
        with anthropic_sdk(sluice).messages.stream(model=MODEL, max_tokens=64, messages=MESSAGES) as stream:
            assert "".join(stream.text_stream) == ANSWER

    def test_wrong_key(self, sluice):
        with pytest.raises(anthropic.AuthenticationError):
            anthropic_sdk(sluice, "wrong-key").messages.create(model=MODEL, max_tokens=64, messages=MESSAGES)

    def test_unknown_model(self, sluice):
        with pytest.raises(anthropic.NotFoundError, match="nonesuch"):
            anthropic_sdk(sluice).messages.create(model="nonesuch/model", max_tokens=64, messages=MESSAGES)


class TestGemini:
    def test_plain(self, sluice):
        with gemini_sdk(sluice) as sdk:
            answer = sdk.models.generate_content(model="fast", contents=PROMPT)
        assert answer.text == ANSWER
        assert answer.usage_metadata.total_token_count > 0

    def test_stream(self, sluice):
        with gemini_sdk(sluice) as sdk:
            parts = list(sdk.models.generate_content_stream(model="fast", contents=PROMPT))
        assert "".join(part.text or "" for part in parts) == ANSWER

    def test_wrong_key(self, sluice):
        with pytest.raises(genai_errors.ClientError) as caught, gemini_sdk(sluice, "wrong-key") as sdk:
            sdk.models.generate_content(model="fast", contents=PROMPT)
        assert caught.value.code == 401 and caught.value.status == "UNAUTHENTICATED"

    def test_unknown_model(self, sluice):
        with pytest.raises(genai_errors.ClientError) as caught, gemini_sdk(sluice) as sdk:
            sdk.models.generate_content(model="nonesuch", contents=PROMPT)
        assert caught.value.code == 404 and caught.value.status == "NOT_FOUND"


class TestOllama:
    def test_plain(self, sluice):
        assert ollama_sdk(sluice).chat(model=MODEL, messages=MESSAGES).message.content == ANSWER

    def test_stream(self, sluice):
        parts = list(ollama_sdk(sluice).chat(model=MODEL, messages=MESSAGES, stream=True))
        assert "".join(part.message.content for part in parts) == ANSWER
        assert parts[-1].done

    def test_wrong_key(self, sluice):
        with pytest.raises(ollama.ResponseError) as caught:
            ollama_sdk(sluice, "wrong-key").chat(model=MODEL, messages=MESSAGES)
        assert caught.value.status_code == 401

    def test_unknown_model(self, sluice):
        with pytest.raises(ollama.ResponseError, match="nonesuch") as caught:
            ollama_sdk(sluice).chat(model="nonesuch/model", messages=MESSAGES)
        assert caught.value.status_code == 404


def test_node_sdks(sluice):
    script = Path(__file__).parent / "sdk_calls.cjs"
    ran = subprocess.run(
        ["node", str(script), sluice.base_url, KEY, MODEL], capture_output=True, text=True, timeout=60 * PATIENCE,
        env={"PATH": os.environ["PATH"], "SLUICE_E2E_NODE": NODE},
    )
    assert ran.returncode == 0, ran.stderr
    outcomes = {}
    for line in ran.stdout.splitlines():
        outcome = json.loads(line)
        outcomes[outcome.pop("name")] = outcome
    for name in ("openai_plain", "openai_stream", "openai_responses", "anthropic_plain", "anthropic_stream"):
        assert outcomes[name] == {"text": ANSWER}, (name, outcomes[name])
    assert "fast" in outcomes["openai_models"]["text"].split()
    for sdk in ("openai", "anthropic"):
        assert outcomes[f"{sdk}_wrong_key"]["error"] == "AuthenticationError", outcomes
        assert outcomes[f"{sdk}_unknown_model"]["error"] == "NotFoundError", outcomes
        assert "nonesuch" in outcomes[f"{sdk}_unknown_model"]["message"]
