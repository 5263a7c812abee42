"""Every call of the official SDKs reaches the provider, except for those named in the documentation."""

import re
from collections import Counter

import pytest

from support.process import Sluice
from support.provider import Provider
from support.sdk_calls import all_calls

KEY = "ck-paths-0123456789abcdef"
PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "google-genai": "gemini", "ollama": "ollama"}
FIELDS = {"anthropic": [("anthropic-version", "2026-10-21"), ("x-api-key", KEY)], "google-genai": [("x-goog-api-key", KEY)]}
# docs/configuration.md, "What passes without a model": organisations cannot be administered here.
REFUSED = re.compile(r"/v1/(organizations?|projects)(/|$)")
# sluice answers lists of models itself, for all providers.
OWN = re.compile(r"/v1/models(/x1)?$|/v1beta/(models(/x1)?|tunedModels)$|/api/(tags|show|ps|version)$")


async def answer(request):
    await request.answer(b'{"id":"x1"}')


@pytest.fixture(scope="module")
def sluice(tmp_path_factory):
    with Provider(answer) as provider:
        base = f"http://127.0.0.1:{provider.port}"
        config = {
            "keys": [{"name": "all", "key": KEY, "manage": True}],
            "providers": {
                "openai": {"base_url": base + "/v1", "api_key": "pk-provider-key"},
                "anthropic": {"base_url": base, "api_key": "pk-provider-key"},
                "gemini": {"base_url": base, "api_key": "pk-provider-key"},
                "ollama": {"base_url": base},
            },
        }
        with Sluice(tmp_path_factory.mktemp("sluice"), config) as process:
            process.provider = provider
            yield process


def outcome(sluice, sdk, method, pattern):
    path = re.sub(r"\{\w+\}", "x1", pattern)
    if (method, pattern) == ("DELETE", "/v1/models/{model}"):
        path = "/v1/models/openai/x1"
    in_url = sdk == "google-genai"
    body = None if method in ("GET", "HEAD", "DELETE") else {} if in_url else {"model": PROVIDERS[sdk] + "/m", "stream": False}
    before = len(sluice.provider.requests)
    with sluice.connect() as connection:
        got = connection.exchange(method, path, FIELDS.get(sdk, [("authorization", f"Bearer {KEY}")]), body)
    if got.status == 200 and len(sluice.provider.requests) == before + 1:
        sent = sluice.provider.requests[-1]
        wanted = path.replace("openai/x1", "x1")
        same = (sent.method, sent.target) == (method, wanted) and got.header("sluice-target", "").split("/")[0] == PROVIDERS[sdk]
        return "passed" if same else f"sent elsewhere: {sent.method} {sent.target} at {got.header('sluice-target')}"
    if got.status == 403 and REFUSED.match(path):
        return "refused, as documented"
    if got.status in (200, 404) and method in ("GET", "POST") and OWN.search(path):
        return "answered here"
    return f"{got.status} {got.body[:200]}"


def test_every_call_reaches_its_provider(sluice, report):
    calls = all_calls()
    assert len(calls) > 700
    became = {}
    for sdk, method, pattern in calls:
        became[sdk, method, pattern] = outcome(sluice, sdk, method, pattern)
        print(f"{sdk:12} {method:6} {pattern:90} {became[sdk, method, pattern]}")
    for (sdk, what), count in sorted(Counter((key[0], what) for key, what in became.items()).items()):
        report(f"{sdk}: {count} calls {what}")
    fine = ("passed", "answered here", "refused, as documented")
    assert not [(key, what) for key, what in became.items() if what not in fine]


@pytest.mark.parametrize("path", ["/v1/fim/completions", "/v1/reranking", "/v2/rerank", "/infill", "/tokenize", "/detokenize", "/props",
                                  "/openai/v1/chat/completions", "/openai/deployments/openai%2Fm/chat/completions?api-version=1",
                                  "/v1beta/openai/chat/completions", "/providers/openai/anything/else"])
def test_what_providers_add(sluice, path):
    got = sluice.post(path, {"model": "openai/m"}, [("authorization", f"Bearer {KEY}")])
    assert got.status == 200, got
    assert got.header("sluice-target").startswith("openai")
