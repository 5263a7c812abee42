"""The official openai SDK and responses that sluice stores because their target does not speak that dialect:
continuing one, retrieving it, deleting it, who may access it, and a compacted conversation."""

import json

import openai
import pytest

from support.process import Sluice

KEY, OTHER = "ck-one-0123456789abcdef", "ck-two-0123456789abcdef"
DIALECTS = ["openai", "anthropic", "gemini", "ollama"]
TOOLS = [{"type": "function", "name": "get_weather", "strict": False,
          "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """Two workers, so that one may be asked for what the other has stored."""
    with Sluice(tmp_path_factory.mktemp("target"), {"providers": {"demo": {"models": ["demo", "think"]}}}) as target:
        providers, models = {}, {}
        for dialect in DIALECTS:
            base = target.base_url + ("/v1" if dialect == "openai" else "")
            providers[f"only-{dialect}"] = {"dialect": dialect, "base_url": base, "api_key": "none-needed-0123"}
            models[f"demo-{dialect}"] = f"only-{dialect}/demo"
            models[f"think-{dialect}"] = f"only-{dialect}/think"
        providers["native"] = {"dialect": "responses", "base_url": target.base_url + "/v1", "api_key": "none-needed-0123"}
        models["demo-native"] = "native/demo"
        config = {"keys": [{"name": "one", "key": KEY}, {"name": "two", "key": OTHER}], "providers": providers, "models": models, "workers": 2}
        with Sluice(tmp_path_factory.mktemp("gateway"), config) as process:
            yield process


@pytest.fixture(params=DIALECTS)
def dialect(request):
    return request.param


def sdk(gateway, key=KEY):
    return openai.OpenAI(api_key=key, base_url=gateway.base_url + "/v1", max_retries=0)


def test_a_conversation_goes_on(gateway, dialect):
    client, model = sdk(gateway), f"demo-{dialect}"
    first = client.responses.create(model=model, input="one two")
    assert first.output_text == "You said: one two" and first.store is True
    assert first.usage.input_tokens == 2
    second = client.responses.create(model=model, input="three", previous_response_id=first.id)
    assert second.output_text == "You said: three" and second.previous_response_id == first.id
    assert second.usage.input_tokens == 2 + 4 + 1
    third = client.responses.create(model=model, input=[{"role": "user", "content": "four"}], previous_response_id=second.id)
    assert third.usage.input_tokens == 7 + 3 + 1
    branch = client.responses.create(model=model, input="five", previous_response_id=first.id, instructions="be kind")
    assert branch.usage.input_tokens == 2 + 4 + 1 + 2


def test_a_conversation_goes_on_at_a_target_that_stores_its_own(gateway, dialect):
    client = sdk(gateway)
    first = client.responses.create(model=f"think-{dialect}", input="one two", include=["reasoning.encrypted_content"])
    second = client.responses.create(model=f"demo-{dialect}", input="three", previous_response_id=first.id)
    told = client.responses.create(model=f"demo-{dialect}", input="four", previous_response_id=second.id)
    native = client.responses.create(model="demo-native", input="four", previous_response_id=second.id)
    assert native.output_text == told.output_text == "You said: four"
    assert native.usage.input_tokens == told.usage.input_tokens > 8
    with client.responses.stream(model="demo-native", input="five", previous_response_id=second.id) as stream:
        assert stream.get_final_response().usage.input_tokens == native.usage.input_tokens
    with pytest.raises(openai.BadRequestError, match="resp_of_nobody"):
        client.responses.create(model="demo-native", input="four", previous_response_id="resp_of_nobody")


def test_a_stream_is_kept_too(gateway, dialect):
    client, model = sdk(gateway), f"demo-{dialect}"
    with client.responses.stream(model=model, input="one two") as stream:
        first = stream.get_final_response()
    again = client.responses.retrieve(first.id)
    assert again.output_text == first.output_text == "You said: one two"
    assert again.id == first.id and again.output[0].id == first.output[0].id
    second = client.responses.create(model=model, input="three", previous_response_id=first.id)
    assert second.usage.input_tokens == 7


def test_a_tool_and_its_result(gateway, dialect):
    client = sdk(gateway)
    for model in (f"demo-{dialect}", f"think-{dialect}"):
        first = client.responses.create(model=model, input="Please call get_weather for Paris", tools=TOOLS)
        call = next(item for item in first.output if item.type == "function_call")
        assert json.loads(call.arguments) == {"city": "Paris"}
        second = client.responses.create(model=model, tools=TOOLS, previous_response_id=first.id,
                                         input=[{"type": "function_call_output", "call_id": call.call_id, "output": "18 degrees"}])
        assert second.output_text == "The tool said: 18 degrees"


def test_items_of_the_input(gateway, dialect):
    client = sdk(gateway)
    made = client.responses.create(model=f"demo-{dialect}", input=[{"role": "user", "content": text} for text in ("a", "b", "c")])
    items = list(client.responses.input_items.list(made.id, limit=2, order="asc"))  # in two pages
    assert [item.content for item in items] == ["a", "b", "c"]
    assert len({item.id for item in items}) == 3


def test_deleted_is_gone(gateway, dialect):
    client, model = sdk(gateway), f"demo-{dialect}"
    made = client.responses.create(model=model, input="one")
    second = client.responses.create(model=model, input="two", previous_response_id=made.id)
    with pytest.raises(openai.BadRequestError, match="synchronous"):
        client.responses.cancel(made.id)
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    for gone in (made.id, second.id):  # the second one's conversation has lost its beginning
        with pytest.raises(openai.BadRequestError, match=made.id if gone == second.id else "previous_response_id"):
            client.responses.create(model=model, input="three", previous_response_id=gone)


def test_not_kept_where_that_is_not_wanted(gateway, dialect):
    client = sdk(gateway)
    made = client.responses.create(model=f"demo-{dialect}", input="one", store=False)
    assert made.store is False
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_nobody_reads_another_keys_answers(gateway, dialect):
    made = sdk(gateway).responses.create(model=f"demo-{dialect}", input="a secret")
    other = sdk(gateway, OTHER)
    with pytest.raises(openai.NotFoundError):
        other.responses.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        other.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        other.responses.input_items.list(made.id)
    with pytest.raises(openai.BadRequestError):
        other.responses.create(model=f"demo-{dialect}", input="tell me", previous_response_id=made.id)
    assert sdk(gateway).responses.retrieve(made.id).output_text == "You said: a secret"


def test_every_worker_finds_it(gateway):
    made = sdk(gateway).responses.create(model="demo-openai", input="one")
    for _ in range(8):  # one connection each
        assert sdk(gateway).responses.retrieve(made.id).id == made.id


def test_compacted(gateway, dialect):
    client, model = sdk(gateway), f"demo-{dialect}"
    history = [{"role": "user", "content": "one two"}, {"role": "assistant", "content": "You said: one two"}]
    compacted = client.responses.compact(model=model, input=history, instructions="be kind")
    assert compacted.object == "response.compaction"
    assert [item.type for item in compacted.output] == ["compaction"]
    assert compacted.usage.input_tokens > 8
    item = compacted.output[0].model_dump(exclude_none=True)
    # Any target here can continue it.
    for other in DIALECTS:
        answer = client.responses.create(model=f"demo-{other}", input=[item, {"role": "user", "content": "go on"}], store=False)
        assert answer.output_text.endswith("go on")  # some targets merge two messages of the user
        assert answer.usage.input_tokens > 12


def test_compaction_within_a_response(gateway, dialect):
    answer = sdk(gateway).responses.create(model=f"demo-{dialect}", store=False,
                                           input=[{"role": "user", "content": "one two"}, {"type": "compaction_trigger"}])
    assert [item.type for item in answer.output] == ["compaction"]
