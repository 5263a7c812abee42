"""Frameworks that call models through the SDKs, or instead of them, behind the interface of sdk_callers:
pydantic-ai, LangChain and the AI SDK. Importing this module requires the first two."""

import functools

import langchain_anthropic
import langchain_openai
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from pydantic_ai import direct
from pydantic_ai.messages import ModelRequest, SystemPromptPart, TextPart, ThinkingPart, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.tools import ToolDefinition

from .node_callers import NodeError
from .sdk_callers import KEY, MAX_TOKENS, Caller, Outcome
from .shapes.script import SYSTEM, TOOLS

_FUNCTIONS = [{"type": "function", "function": {"name": name, "description": description, "parameters": schema}}
              for name, (description, schema) in TOOLS.items()]


class _PydanticAi(Caller):
    """One request at a time, without an agent loop."""

    settings = {}
    thinking = {}

    def system(self):
        return [ModelRequest(parts=[SystemPromptPart(content=SYSTEM)])]

    def user(self, parts):
        return [ModelRequest(parts=[UserPromptPart(content=part.text) for part in parts])]

    def ask(self, model, conversation, stream=False, tools=False, thinks=False):
        functions = [ToolDefinition(name=name, description=description, parameters_json_schema=schema)
                     for name, (description, schema) in TOOLS.items()] if tools else []
        asked = {"model_settings": {"max_tokens": MAX_TOKENS, **self.settings, **(self.thinking if thinks else {})},
                 "model_request_parameters": ModelRequestParameters(function_tools=functions)}
        if stream:
            with direct.model_request_stream_sync(self.model(model), conversation, **asked) as events:
                for _ in events:
                    pass
                answer = events.response
        else:
            answer = direct.model_request_sync(self.model(model), conversation, **asked)
        conversation.append(answer)
        calls = [(part.tool_call_id, part.tool_name, part.args_as_dict()) for part in answer.parts if isinstance(part, ToolCallPart)]
        usage = answer.usage
        return Outcome("".join(part.content for part in answer.parts if isinstance(part, TextPart)),
                       "".join(part.content for part in answer.parts if isinstance(part, ThinkingPart)), calls,
                       "calls" if calls else answer.finish_reason, (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens))

    def results(self, conversation, pairs):
        conversation.append(ModelRequest(parts=[ToolReturnPart(tool_name=one[1], content=text, tool_call_id=one[0]) for one, text in pairs]))


class PydanticChat(_PydanticAi):
    name = "chat-pydantic-ai"

    def __init__(self, url):
        self.provider = OpenAIProvider(base_url=url + "/v1", api_key=KEY)

    @functools.cache
    def model(self, name):
        return OpenAIChatModel(name, provider=self.provider)


class PydanticResponses(PydanticChat):
    name = "responses-pydantic-ai"
    settings = {"openai_store": False}
    thinking = {"openai_reasoning_effort": "medium", "openai_reasoning_summary": "auto", "openai_include_encrypted_reasoning": True}

    @functools.cache
    def model(self, name):
        # The profile is for models whose names it does not know.
        return OpenAIResponsesModel(name, provider=self.provider, profile={"openai_supports_encrypted_reasoning_content": True})


class PydanticMessages(_PydanticAi):
    name = "anthropic-pydantic-ai"
    thinking = {"anthropic_thinking": {"type": "enabled", "budget_tokens": 2048, "display": "summarized"}}

    def __init__(self, url):
        self.provider = AnthropicProvider(base_url=url, api_key=KEY)

    @functools.cache
    def model(self, name):
        return AnthropicModel(name, provider=self.provider)


class PydanticGemini(_PydanticAi):
    name = "gemini-pydantic-ai"
    thinking = {"google_thinking_config": {"include_thoughts": True, "thinking_level": "high"}}

    def __init__(self, url):
        self.provider = GoogleProvider(base_url=url, api_key=KEY)

    @functools.cache
    def model(self, name):
        return GoogleModel(name, provider=self.provider)


class _LangChain(Caller):
    def system(self):
        return [SystemMessage(SYSTEM)]

    def user(self, parts):
        return [HumanMessage(part.text) for part in parts]

    def ask(self, model, conversation, stream=False, tools=False, thinks=False):
        chat = self.chat(model, thinks)
        if tools:
            chat = chat.bind_tools(_FUNCTIONS)
        if stream:
            answer = None
            for chunk in chat.stream(conversation):
                answer = chunk if answer is None else answer + chunk
        else:
            answer = chat.invoke(conversation)
        conversation.append(answer)
        calls = [(one["id"], one["name"], one["args"]) for one in answer.tool_calls]
        usage, told = answer.usage_metadata, answer.response_metadata
        finish = told.get("finish_reason") or told.get("stop_reason") or told.get("status")
        thought = "".join(block.get("reasoning", "") for block in answer.content_blocks if block["type"] == "reasoning")
        return Outcome(answer.text, thought, calls, "calls" if calls else {"end_turn": "stop", "completed": "stop"}.get(finish, finish),
                       (usage["input_tokens"], usage["output_tokens"], usage["input_token_details"].get("cache_read", 0)))

    def results(self, conversation, pairs):
        conversation += [ToolMessage(text, tool_call_id=one[0]) for one, text in pairs]


class LangChainChat(_LangChain):
    name = "chat-langchain"
    settings = {}
    thinking = {}

    def __init__(self, url):
        self.url = url

    @functools.cache
    def chat(self, model, thinks):
        return langchain_openai.ChatOpenAI(model=model, api_key=KEY, base_url=self.url + "/v1", max_retries=0, max_tokens=MAX_TOKENS,
                                           stream_usage=True, **self.settings, **(self.thinking if thinks else {}))


class LangChainResponses(LangChainChat):
    name = "responses-langchain"
    settings = {"use_responses_api": True, "store": False, "output_version": "responses/v1"}
    thinking = {"reasoning": {"effort": "medium", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}


class LangChainMessages(LangChainChat):
    name = "anthropic-langchain"
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 2048, "display": "summarized"}}

    @functools.cache
    def chat(self, model, thinks):
        return langchain_anthropic.ChatAnthropic(model=model, api_key=KEY, base_url=self.url, max_retries=0, max_tokens=MAX_TOKENS,
                                                 **(self.thinking if thinks else {}))


class _AiSdk(Caller):
    """Uses a Node process: messages have the AI SDK's form, as JSON."""
    errors = (NodeError,)
    dialect = ""
    options = {}
    thinking = {}

    def __init__(self, node):
        self._node = node

    def user(self, parts):
        return [{"role": "user", "content": [{"type": "text", "text": part.text} for part in parts]}]

    def system(self):
        return []

    def ask(self, model, conversation, stream=False, tools=False, thinks=False):
        namespace, options = self.options
        if thinks:
            options = options | self.thinking
        answer = self._node.ask(sdk="ai", dialect=self.name.split("-")[0], model=model, system=SYSTEM, messages=conversation, stream=stream,
                                tools=_FUNCTIONS if tools else [], max_tokens=MAX_TOKENS - (2048 if thinks and namespace == "anthropic" else 0),
                                options={namespace: options})
        conversation += answer["messages"]
        calls = [(one["toolCallId"], one["toolName"], one["input"]) for one in answer["calls"]]
        return Outcome(answer["text"], answer["thinking"], calls, {"tool-calls": "calls"}.get(answer["finish"], answer["finish"]),
                       tuple(answer["usage"]))

    def results(self, conversation, pairs):
        conversation.append({"role": "tool", "content": [
            {"type": "tool-result", "toolCallId": one[0], "toolName": one[1], "output": {"type": "text", "value": text}} for one, text in pairs]})


class AiChat(_AiSdk):
    name = "chat-ai-sdk"
    options = ("openai", {})


class AiResponses(_AiSdk):
    name = "responses-ai-sdk"
    options = ("openai", {"store": False})
    thinking = {"reasoningEffort": "medium", "reasoningSummary": "auto", "include": ["reasoning.encrypted_content"], "forceReasoning": True}


class AiMessages(_AiSdk):
    name = "anthropic-ai-sdk"
    options = ("anthropic", {})
    thinking = {"thinking": {"type": "enabled", "budgetTokens": 2048}}


class AiGemini(_AiSdk):
    name = "gemini-ai-sdk"
    options = ("google", {})
    thinking = {"thinkingConfig": {"includeThoughts": True, "thinkingLevel": "high"}}


PYTHON = {one.name: one for one in (PydanticChat, PydanticResponses, PydanticMessages, PydanticGemini,
                                    LangChainChat, LangChainResponses, LangChainMessages)}
NODE = {one.name: one for one in (AiChat, AiResponses, AiMessages, AiGemini)}
