"""Lists of models: asks providers of each shape, including slow, dead, huge and broken ones; sluice's lists agree
with each other and with what a request may name; `sluice models` prints the same; official SDKs read them."""

import contextlib
import gzip
import json
import subprocess
import time

import anthropic
import ollama
import openai
import pytest
from google import genai

from support import llama
from support.process import Sluice
from support.provider import Provider
from support.settings import BINARY, PATIENCE, wait_for

KEY = "provider-secret-0123456789"
OPENAI = [{"id": "alpha", "object": "model", "created": 1700000000, "owned_by": "lab", "context_length": 8192, "capabilities": ["vision"]},
          {"id": "shared", "object": "model", "created": 1700000001, "owned_by": "lab"},
          {"id": "deep/er:x", "object": "model", "created": 1700000002, "owned_by": "lab"}]
ANTHROPIC = [{"type": "model", "id": f"claude-{i}", "display_name": f"Claude {i}", "created_at": "2026-01-01T00:00:00Z", "max_input_tokens": 200000,
              "max_tokens": 64000, "capabilities": {"thinking": {"supported": True}}} for i in range(3)]
GEMINI = [{"name": f"models/gemini-{i}", "displayName": f"Gemini {i}", "inputTokenLimit": 1048576, "outputTokenLimit": 65536,
           "supportedGenerationMethods": ["generateContent"]} for i in range(3)]
OLLAMA = [{"name": "llama3.2:latest", "model": "llama3.2:latest", "modified_at": "2026-01-01T00:00:00Z", "size": 1, "digest": "a",
           "details": {"family": "llama"}}, {"name": "shared", "model": "shared", "modified_at": "2026-01-01T00:00:00Z", "size": 1, "digest": "a"}]


def json_answer(document):
    async def handle(request):
        await (request.answer(json.dumps(document).encode()) if request.method == "GET" else request.answer(b"{}", 500))

    return handle


async def in_pages(request):
    """Anthropic's and Gemini's lists, one model per page."""
    if request.method != "GET":
        await request.answer(b"{}", 500)
        return
    if request.target.startswith("/v1beta/"):
        at = int(request.target.partition("pageToken=")[2] or 0)
        more = {"nextPageToken": str(at + 1)} if at + 1 < len(GEMINI) else {}
        await request.answer(json.dumps({"models": GEMINI[at : at + 1], **more}).encode())
        return
    assert request.header("anthropic-version"), request.headers
    after = request.target.partition("after_id=")[2]
    at = next((i + 1 for i, model in enumerate(ANTHROPIC) if model["id"] == after), 0)
    await request.answer(json.dumps({"data": ANTHROPIC[at : at + 1], "has_more": at + 1 < len(ANTHROPIC), "first_id": ANTHROPIC[at]["id"],
                                     "last_id": ANTHROPIC[at]["id"]}).encode())


async def answers(request):
    """A list; any other request is answered with its model name."""
    if request.method == "GET":
        await request.answer(json.dumps({"object": "list", "data": OPENAI}).encode())
        return
    body = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": json.loads(request.body)["model"],
                       "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}]})
    await request.answer(body.encode())


def provider_config(provider, dialect="openai", **more):
    return {"dialect": dialect, "base_url": f"http://127.0.0.1:{provider.port}" + ("/v1" if dialect == "openai" else ""), "api_key": KEY, **more}


@contextlib.contextmanager
def four(folder, **config):
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(Provider(answers, asked_for_models=True))
        paged = stack.enter_context(Provider(in_pages, asked_for_models=True))
        here = stack.enter_context(Provider(json_answer({"models": OLLAMA}), asked_for_models=True))
        providers = {"lab": provider_config(lab), "claude": provider_config(paged, "anthropic"), "google": provider_config(paged, "gemini"),
                     "here": provider_config(here, "ollama"), "given": provider_config(lab, models=["mine", "more-*"])}
        whole = {"providers": providers, "models": {"fast": "lab/alpha"}, **config}
        sluice = stack.enter_context(Sluice(folder, whole, ask_models=True))
        wait_for(lambda: sum(value for name, value in sluice.metrics().items() if name.startswith("sluice_model_list_up_to_date")) == 4, "all lists")
        sluice.lab = lab
        bearer = [("authorization", f"Bearer {key['key']}") for key in config.get("keys", [])[:1]]
        wait_for(lambda: len(names(sluice, headers=bearer)) >= len(ALL), "the published lists")
        yield sluice


def names(sluice, path="/v1/models", headers=()):
    document = sluice.get(path, headers).json()
    if "data" in document:
        return [model["id"] for model in document["data"]]
    return [model["name"].removeprefix("models/") for model in document["models"]]


ALL = ["fast", "lab/alpha", "lab/shared", "lab/deep/er:x", *(f"claude/claude-{i}" for i in range(3)), *(f"google/gemini-{i}" for i in range(3)),
       "here/llama3.2:latest", "here/shared", "given/mine"]


def test_four_lists_agree(tmp_path):
    with four(tmp_path) as sluice:
        for path, headers in [("/v1/models", ()), ("/models", ()), ("/v1/models", [("anthropic-version", "2023-06-01")]), ("/v1beta/models", ()),
                              ("/v1/models", [("x-goog-api-key", "x")]), ("/api/tags", ()), ("/v1/models?limit=1000", [("anthropic-version", "x")]),
                              *((before + "/models", ()) for before in ("/openai/v1", "/openai", "/v1beta/openai", "//openai//v1", "/openai/v1/v1"))]:
            assert names(sluice, path, headers) == ALL, (path, headers)
        printed = subprocess.run([BINARY, "models", "--config", str(sluice.folder / "sluice.json"), "--json"], capture_output=True, text=True, timeout=60)
        assert printed.returncode == 0 and not printed.stderr, printed
        document = json.loads(printed.stdout)
        assert [model["name"] for model in document["models"]] == ALL and document["problems"] == []
        told = {model["name"]: model for model in document["models"]}
        assert told["fast"] == told["lab/alpha"] | {"name": "fast"}
        assert told["lab/alpha"]["context_window"] == 8192 and told["lab/alpha"]["capabilities"] == ["vision"]
        assert told["claude/claude-1"]["max_output_tokens"] == 64000 and told["claude/claude-1"]["capabilities"] == ["thinking"]
        assert told["google/gemini-2"]["display_name"] == "Gemini 2" and told["given/mine"]["context_window"] is None
        table = subprocess.run([BINARY, "models", "--config", str(sluice.folder / "sluice.json")], capture_output=True, text=True, timeout=60).stdout
        assert [line.split()[0] for line in table.splitlines()] == ["NAME", *ALL]
        assert table.splitlines()[5].split() == ["claude/claude-0", "claude", "200000", "64000", "thinking"]
        assert KEY not in sluice.output() + printed.stdout + table
        assert sluice.output().count("warn") == 0, sluice.output()


SPELLINGS = ["fast", "lab/alpha", "alpha", "shared", "lab/shared", "here/shared", "deep/er:x", "lab/deep/er:x", "nothing-like-it", "lab/not-listed", "claude-1",
             "claude/claude-1", "claude-unheard-of", "gemini-2", "Llama3.2", "llama3.2:latest", "library/llama3.2", "here/llama3.2", "mine", "more-of-it", "given/x",
             "nobody/x", "lab/", "a b", "x" * 257]


@pytest.mark.parametrize("key", ["all", "some"])
def test_a_name_is_there_where_a_request_may_have_it(tmp_path, key):
    keys = [{"name": "all", "key": "key-of-all-0123456789"}, {"name": "some", "key": "key-of-some-0123456789", "models": ["fast", "shared", "alpha", "given/*"]}]
    with four(tmp_path, keys=keys) as sluice:
        bearer = [("authorization", f"Bearer key-of-{key}-0123456789")]
        served = 0
        for name in SPELLINGS:
            path = name.replace(" ", "%20")
            json_fields = [*bearer, ("content-type", "application/json")]
            asked = sluice.post("/v1/chat/completions", {"model": name, "messages": []}, json_fields)
            if len(name) > 256:
                assert asked.status == sluice.get(f"/v1/models/{name}", bearer).status == 400
                continue
            for where in (f"/v1/models/{path}", f"/models/{path.replace('/', '%2F')}", f"/openai/v1/models/{path}"):
                told = sluice.get(where, bearer)
                accepted = asked.status not in (401, 403, 404)
                assert (told.status == 200) == accepted, (name, where, asked, told)
                assert accepted or told.status == asked.status, (name, asked, told)
                assert told.status != 200 or told.json()["id"] == name
            served += asked.status == 200
            chat = sluice.post("/api/chat", {"model": name, "messages": []}, json_fields)
            shown = sluice.post("/api/show", {"model": name}, json_fields)
            assert (shown.status == 200) == (chat.status not in (403, 404)), (name, chat, shown)
        assert served >= (4 if key == "some" else 8)
        listed = names(sluice, headers=bearer)
        assert listed == ALL if key == "all" else listed == ["fast", "given/mine", "alpha", "shared"][: len(listed)], listed
        assert sluice.get("/v1/models/alpha").status == 401 and sluice.get("/api/version").status == 401
        assert sluice.get("/api/version", bearer).status == 200


def test_a_bare_name_goes_to_the_only_one_that_lists_it(tmp_path):
    with four(tmp_path) as sluice:
        before = len(sluice.lab.requests)
        answer = sluice.post("/v1/chat/completions", {"model": "alpha", "messages": []}, [("content-type", "application/json")])
        assert answer.status == 200 and answer.json()["model"] == "alpha"
        assert len(sluice.lab.requests) == before + 1
        several = sluice.post("/v1/chat/completions", {"model": "shared", "messages": []}, [("content-type", "application/json")])
        assert several.status == 404 and "unknown model 'shared'" in several.body.decode()


def test_official_sdks_read_the_lists(tmp_path):
    with four(tmp_path) as sluice:
        one = openai.OpenAI(base_url=sluice.base_url + "/v1", api_key="none")
        assert [model.id for model in one.models.list()] == ALL
        assert one.models.retrieve("lab/alpha").owned_by == "lab"
        two = anthropic.Anthropic(base_url=sluice.base_url, api_key="none")
        for limit in (1, 2, 5, 1000):
            assert [model.id for model in two.models.list(limit=limit)] == ALL  # page after page
        page = two.models.list(limit=3, before_id="claude/claude-0")
        assert [model.id for model in page.data] == ALL[1:4] and page.has_more
        assert two.models.retrieve("claude-2").display_name == "Claude 2"
        three = genai.Client(api_key="none", http_options={"base_url": sluice.base_url})
        for size in (1, 4, 1000):
            assert [model.name for model in three.models.list(config={"page_size": size, "query_base": True})] == ["models/" + name for name in ALL]
        assert three.models.get(model="google/gemini-1").input_token_limit == 1048576
        four_ = ollama.Client(host=sluice.base_url)
        assert [model.model for model in four_.list().models] == ALL
        assert four_.show("claude-1").modelinfo["model.context_length"] == 200000
        assert four_.ps().models == []


async def hangs(request):
    await request.gone()
    return False


async def dribbles(request):
    import asyncio

    await request.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        while True:
            await request.send(b" ")
            await asyncio.sleep(0.2)


HUGE = b'{"data":[' + b",".join(b'{"id":"m%d","description":"%s"}' % (i, b"x" * 1000) for i in range(100_000)) + b"]}"
INFLATES = gzip.compress(b'{"data":[{"id":"tiny"},{"id":"' + b" " * (64 << 20), 1)


async def huge(request):
    with contextlib.suppress(ConnectionError):
        await request.answer(HUGE)
    return False


async def inflates(request):
    await request.answer(INFLATES, headers=[("content-encoding", "gzip")])


async def zipped(request):
    await request.answer(gzip.compress(json.dumps({"data": OPENAI}).encode()), headers=[("content-encoding", "gzip")])


async def page_of_html(request):
    await request.answer(b"<!doctype html><title>Sign in</title>", content_type="text/html")


async def malformed(request):
    await request.send(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}")


def test_slow_dead_and_hostile_providers_delay_nothing(tmp_path, report):
    stolen = []

    async def thief(request):
        stolen.append(request.headers)
        await request.answer(b"{}")

    with contextlib.ExitStack() as stack:
        thief_ = stack.enter_context(Provider(thief, asked_for_models=True))

        async def redirects(request):
            location = f"http://127.0.0.1:{thief_.port}/v1/models"
            await request.answer(b"", 307, headers=[("location", location)])

        handlers = {"hangs": hangs, "dribbles": dribbles, "huge": huge, "inflates": inflates, "html": page_of_html, "malformed": malformed,
                    "redirects": redirects, "zipped": zipped, "fine": answers}
        providers = {name: provider_config(stack.enter_context(Provider(handle, asked_for_models=True))) for name, handle in handlers.items()}
        providers["dead"] = {"dialect": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": KEY}
        begun = time.monotonic()
        with Sluice(tmp_path, {"providers": providers, "workers": 1}, ask_models=True) as sluice:
            assert time.monotonic() - begun < 3 * PATIENCE
            slowest = 0
            answered = 0

            def done():
                nonlocal slowest, answered
                begun = time.monotonic()
                path = "/v1/chat/completions"
                assert sluice.post(path, {"model": "fine/alpha", "messages": []}, [("content-type", "application/json")]).status == 200
                slowest = max(slowest, time.monotonic() - begun)
                answered += 1
                values = sluice.metrics()
                told = lambda kind: [key for key in values if key.startswith(f"sluice_model_list_{kind}{{") and values[key] > 0]  # noqa: E731
                return len(told("up_to_date")) == 4 and len(told("failures_total")) >= 6

            wait_for(done, "all to be asked", 60)
            report(f"{answered} requests while ten lists were asked for, the slowest took {slowest * 1000:.0f} ms")
            assert slowest < 1 * PATIENCE
            listed = names(sluice)
            assert len([name for name in listed if name.startswith("huge/")]) <= 4096
            assert [name for name in listed if name.startswith(("inflates/", "zipped/", "fine/"))] == [
                "inflates/tiny", *(f"{whose}/{model['id']}" for whose in ("zipped", "fine") for model in OPENAI)]
            for name in ("html", "malformed", "redirects", "dead"):
                assert f"cannot get a provider's list of models provider={name} " in sluice.output(), name
            assert sluice.output().count("only its beginning is known provider=huge") == 1
            assert not stolen and KEY not in sluice.output() + sluice.errors()


def test_a_real_llama_cpp(tmp_path):
    for package in ("xllamacpp", "gguf"):
        pytest.importorskip(package, reason=f"{package} is not installed: setup.sh could not get it from its registry")
    with llama.llama(tmp_path) as url:
        config = {"providers": {"llamacpp": {"base_url": url + "/v1"}}}
        with Sluice(tmp_path / "sluice", config, ask_models=True) as sluice:
            wait_for(lambda: names(sluice) == [f"llamacpp/{llama.NAME}"], "its list")
            for path in ("/v1beta/models", "/api/tags", "/models"):
                assert names(sluice, path) == [f"llamacpp/{llama.NAME}"]
            told = sluice.get(f"/v1/models/{llama.NAME}").json()
            assert told["owned_by"] == "llamacpp" and told["context_length"] == llama.CONTEXT, told
            asked = {"model": llama.NAME, "max_tokens": 2, "messages": [{"role": "user", "content": "hi"}]}
            answer = sluice.post("/v1/chat/completions", asked, [("content-type", "application/json")])
            assert answer.status == 200 and answer.json()["object"] == "chat.completion", answer
        ran = subprocess.run([BINARY, "models", "--config", str(tmp_path / "sluice" / "sluice.json")], capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0 and ran.stdout.splitlines()[1].split() == [f"llamacpp/{llama.NAME}", "llamacpp", str(llama.CONTEXT), "-"], ran


def test_sluice_models_says_who_told_nothing(tmp_path):
    with Provider(hangs, asked_for_models=True) as silent, Provider(answers, asked_for_models=True) as lab:
        path = tmp_path / "sluice.json"
        path.write_text(json.dumps({"providers": {"silent": provider_config(silent), "lab": provider_config(lab)}}))
        path.chmod(0o600)
        begun = time.monotonic()
        ran = subprocess.run([BINARY, "models", "--config", str(path)], capture_output=True, text=True, timeout=60)
        assert time.monotonic() - begun < 8 * PATIENCE
        assert ran.returncode == 3 and "silent: no list: " in ran.stderr and "lab/alpha" in ran.stdout, ran
        ran = subprocess.run([BINARY, "models", "--config", str(tmp_path / "none.json")], capture_output=True, text=True, timeout=60)
        assert ran.returncode == 2 and "none.json" in ran.stderr, ran


def test_a_change_of_the_configuration_keeps_what_is_known(tmp_path):
    with Provider(answers, asked_for_models=True) as lab, Provider(json_answer({"models": OLLAMA}), asked_for_models=True) as here:
        config = {"providers": {"lab": provider_config(lab)}}
        with Sluice(tmp_path, config, ask_models=True) as sluice:
            wait_for(lambda: "lab/alpha" in names(sluice), "the first list")
            asked = len(lab.requests)
            config["providers"]["here"] = provider_config(here, "ollama")
            (tmp_path / "sluice.json").write_text(json.dumps(config))
            seen = []
            wait_for(lambda: seen.append(names(sluice)) or "here/shared" in seen[-1], "the new provider's list")
            assert all("lab/alpha" in one for one in seen)
            assert len(lab.requests) == asked
