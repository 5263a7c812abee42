"""A provider with several keys: if one is rejected, the next is used, in every dialect, and the pages show which; a
reload keeps that."""

import json
import os
import subprocess

import pytest

from support.dialects import DIALECTS
from support.process import Sluice
from support.provider import Provider
from support.reload import reload
from support.settings import BINARY, PATIENCE, wait_for

OLD, NEW = "pk-first-key-0000001", "pk-second-key-0000002"
ANSWER = {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
          "usage": {"prompt_tokens": 3, "completion_tokens": 4}}


def key_of(request):
    return request.header("authorization", "").removeprefix("Bearer ") or request.header("x-api-key", "")


@pytest.fixture
def lab():
    async def handle(request):
        if key_of(request) != NEW:
            await request.answer(json.dumps({"error": {"message": f"no such key: {key_of(request)}", "code": "invalid_api_key"}}).encode(), 401)
        elif request.method == "GET":
            await request.answer(b'{"object":"list","data":[{"id":"m"}]}')
        else:
            await request.answer(json.dumps(ANSWER).encode())
        return True

    with Provider(handle, asked_for_models=True) as provider:
        yield provider


def config(lab, keys):
    return {"workers": 1, "log": {"format": "json"}, "providers": {"lab": {"dialect": "openai", "base_url": f"http://127.0.0.1:{lab.port}/v1", "api_key": keys}},
            "models": {"fast": "lab/m"}}


def test_the_next_key_answers_and_all_pages_tell_which(tmp_path, lab):
    with Sluice(tmp_path, config(lab, [OLD, {"key": NEW, "weight": 0}]), ask_models=True) as sluice:
        wait_for(lambda: sluice.get("/v1/models/lab/m").status == 200, "a list that the second key has told")
        attempts = [sluice.post(dialect.path(model, False), dialect.body(model, False)) for dialect in DIALECTS for model in ("fast", "lab/m")]
        assert {answer.status for answer in attempts} == {200}
        assert [answer.header("sluice-attempts") for answer in attempts] == ["2"] + ["1"] * 9
        first, second = sluice.get("/admin/targets").json()["credentials"]
        assert (first["provider"], first["key"], first["state"]) == ("lab", 1, "benched") and 0 < first["free_in_ms"] <= 60_000
        assert second == {"provider": "lab", "key": 2, "weight": 0, "state": "closed", "free_in_ms": 0}
        plan = sluice.get("/admin/explain?model=fast").json()
        assert [key["state"] for key in plan["targets"][0]["keys"]] == ["benched", "closed"]
        assert sluice.metrics()['sluice_credential_benched{provider="lab",key="1"}'] == 1
        assert sluice.metrics()['sluice_credential_benched{provider="lab",key="2"}'] == 0
        reload(sluice, config(lab, [{"key": NEW, "weight": 0}, {"key": OLD, "weight": 5}]))
        assert [one["state"] for one in sluice.get("/admin/targets").json()["credentials"]] == ["closed", "benched"]
        answer = sluice.post("/v1/chat/completions", {"model": "fast", "messages": [{"role": "user", "content": "hi"}]})
        assert (answer.status, answer.header("sluice-attempts")) == (200, "1")
    records = [json.loads(line) for line in sluice.output().splitlines() if '"type":"access"' in line and "/chat/completions" in line]
    assert records[0]["target_key"] == 2 and records[0]["failed_attempts"].startswith("lab/m target_unauthorized 401 ")
    assert "key 1: no such key: ***" in records[0]["failed_attempts"] and records[-1]["target_key"] == 1
    assert OLD not in sluice.output() + sluice.errors() and NEW not in sluice.output() + sluice.errors()


def test_check_tells_of_lists_that_are_wrong(tmp_path):
    file = tmp_path / "sluice.json"
    for keys, words in [([], "providers.openai.api_key: found an empty list"),
                        (["a", "caller"], 'providers.openai.api_key[1]: found "caller"'), (["${NOT_SET}"], "the variable NOT_SET is not set")]:
        file.write_text(json.dumps({"providers": {"openai": {"api_key": keys}}}))
        ran = check(tmp_path)
        assert ran.returncode == 1 and words in ran.stdout + ran.stderr, ran
    file.write_text(json.dumps({"providers": {"openai": {"api_key": [OLD, NEW, OLD]}}}))
    ran = check(tmp_path, "--print")
    assert ran.returncode == 0 and "api_key[2] is the same key as" in ran.stdout + ran.stderr, ran
    assert '"api_key": ["***", "***"]' in ran.stdout and OLD not in ran.stdout + ran.stderr


def check(folder, *arguments):
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder)} | {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return subprocess.run([BINARY, "check", *arguments], cwd=folder, env=clean, capture_output=True, text=True, timeout=30 * PATIENCE)
