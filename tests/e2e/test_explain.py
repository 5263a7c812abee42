"""Where a request would go, and why: `sluice explain`, /admin/explain and /admin/targets."""

import json
import os
import subprocess

import pytest

from support.process import Sluice
from support.provider import Provider
from support.settings import BINARY, PATIENCE, wait_for

CONFIG = {"providers": {"demo": {}, "attic": {"base_url": "demo:"}},
          "models": {"smart": {"targets": [{"model": "demo/a"}, {"model": "attic/b", "concurrent": 2}], "order": "listed",
                               "fallbacks": ["fast"], "retry": {"attempts": 3}}, "fast": "demo/c"}}


def explain(*arguments, cwd):
    (cwd / "sluice.json").write_text(json.dumps(CONFIG))
    clean = {"PATH": os.environ["PATH"], "HOME": str(cwd)} | {
        name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return subprocess.run([BINARY, "explain", *map(str, arguments)], cwd=cwd, env=clean, capture_output=True, text=True,
                          timeout=30 * PATIENCE)


def test_a_plan_is_printed(tmp_path):
    ran = explain("smart", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == ("smart: order listed, up to 3 attempts\n"
                          "  1  demo/a   listed    closed\n"
                          "  2  attic/b  listed    closed, 0 of 2 under way\n"
                          "  3  demo/c   fallback  closed\n")
    plan = json.loads(explain("smart", "--json", cwd=tmp_path).stdout)
    assert [target["target"] for target in plan["targets"]] == ["demo/a", "attic/b", "demo/c"]
    assert plan["attempts"] == 3 and plan["left_out"] == []


def test_a_request_says_what_it_asks_for(tmp_path):
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"model": "fast", "messages": [{"role": "user", "content": "Hello"}]}))
    ran = explain("--request", request, cwd=tmp_path)
    assert ran.stdout == "fast: order weighted, up to 4 attempts\n  1  demo/c  only one  closed\n", ran
    request.write_text("[1")
    ran = explain("smart", "--request", request, cwd=tmp_path)
    assert ran.returncode == 1 and str(request) in ran.stderr, ran
    ran = explain("smart", "--request", tmp_path / "nothing.json", cwd=tmp_path)
    assert ran.returncode == 2 and "nothing.json" in ran.stderr, ran


def test_what_is_wrong(tmp_path):
    ran = explain(cwd=tmp_path)
    assert ran.returncode == 1 and "no model is named" in ran.stderr, ran
    ran = explain("smrt", cwd=tmp_path)
    assert ran.returncode == 1 and "unknown model 'smrt'; nearest known: smart" in ran.stderr, ran


@pytest.fixture
def sluice(tmp_path):
    with Sluice(tmp_path, CONFIG | {"workers": 2}, []) as process:
        yield process


def control(sluice, **request):
    return sluice.post("/admin/targets", json.dumps(request).encode())


def test_an_operator_drains_and_frees_a_target_of_all_workers(sluice):
    targets = {one["target"]: one for one in sluice.get("/admin/targets").json()["targets"]}
    assert set(targets) >= {"demo/a", "attic/b", "demo/c"}
    assert {one["state"] for one in targets.values()} == {"closed"}
    answer = control(sluice, target="demo/a", action="drain")
    assert answer.status == 200, answer
    plan = sluice.get("/admin/explain?model=smart").json()
    assert [target["target"] for target in plan["targets"]] == ["attic/b", "demo/c"]
    assert plan["left_out"] == [{"target": "demo/a", "why": "drained by an operator"}]
    assert 'sluice_target_state{target="demo/a",state="drained"} 1' in sluice.get("/metrics").body.decode()
    assert control(sluice, target="demo/a", action="free").status == 200
    plan = sluice.get("/admin/explain?model=smart").json()
    assert [target["target"] for target in plan["targets"]] == ["demo/a", "attic/b", "demo/c"]
    assert control(sluice, target="demo/nothing", action="drain").status == 404
    assert control(sluice, target="demo/a", action="stop").status == 400
    assert sluice.get("/admin/explain?model=nobody-knows").status == 404
    assert sluice.get("/admin/explain").status == 400


def test_what_belongs_together_goes_to_one_target(tmp_path):
    config = {"providers": {"demo": {}}, "workers": 2, "models": {"smart": {
        "targets": [{"model": f"demo/{letter}"} for letter in "abcd"], "affinity": "header:x-session-id"}}}
    with Sluice(tmp_path, config, []) as sluice:
        def target(session):
            body = {"model": "smart", "messages": [{"role": "user", "content": "Hello"}]}
            answer = sluice.post("/v1/chat/completions", json.dumps(body).encode(), [("x-session-id", session)])
            assert answer.status == 200, answer
            return answer.json()["model"]
        sessions = {f"s{number}": target(f"s{number}") for number in range(24)}
        assert len(set(sessions.values())) >= 3, sessions
        for session, model in sessions.items():
            assert [target(session) for _ in range(2)] == [model] * 2
            plan = sluice.get(f"/admin/explain?model=smart&affinity={session}").json()["targets"]
            assert plan[0]["target"] == f"demo/{model}" and plan[0]["why"] == "affinity"


def test_a_target_that_asks_for_time_gets_it_from_all(tmp_path):
    config = {"providers": {"demo": {}}, "workers": 2, "models": {"smart": {
        "targets": [{"model": "demo/429-retry-after-60s"}, {"model": "demo/well"}], "order": "listed"}}}
    with Sluice(tmp_path, config, []) as sluice:
        def ask():
            body = {"model": "smart", "messages": [{"role": "user", "content": "Hello"}]}
            answer = sluice.post("/v1/chat/completions", json.dumps(body).encode())
            assert answer.status == 200 and answer.json()["model"] == "well", answer
        for _ in range(5):
            ask()
        targets = {one["target"]: one for one in sluice.get("/admin/targets").json()["targets"]}
        tired = targets["demo/429-retry-after-60s"]
        assert (tired["state"], tired["asked_total"]) == ("backing_off", 1), tired
        assert 30_000 < tired["free_in_ms"] <= 60_000
        assert tired["last_error"]["message"]
        assert targets["demo/well"]["asked_total"] == 5 and targets["demo/well"]["share"] == 0.833


def test_a_storm_of_requests_is_not_multiplied_by_the_targets(tmp_path):
    config = {"providers": {"demo": {}}, "workers": 2, "models": {"smart": {
        "targets": [{"model": f"demo/{status}"} for status in (503, 529, 502)], "order": "listed", "retry": {"backoff_ms": 1}}}}
    with Sluice(tmp_path, config, []) as sluice:
        body = json.dumps({"model": "smart", "messages": [{"role": "user", "content": "Hello"}]}).encode()
        for _ in range(200):
            assert sluice.post("/v1/chat/completions", body).status >= 500
        targets = sluice.get("/admin/targets").json()["targets"]
        assert {one["state"] for one in targets} <= {"open", "half_open"}, targets
        # 1.2 for each request, plus those until the breakers open.
        assert sum(one["asked_total"] for one in targets) <= 1.2 * 200 + 30, targets


def lab(context_window, capabilities):
    """A provider with one model and its properties."""
    async def handle(request):
        if request.method == "GET":
            await request.answer(json.dumps({"object": "list", "data": [
                {"id": "m", "object": "model", "context_length": context_window, "capabilities": capabilities}]}).encode())
        else:
            await request.answer(json.dumps({"id": "x", "object": "chat.completion", "model": "m", "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}]}).encode())
    return Provider(handle, asked_for_models=True)


def test_what_is_explained_is_what_happens(tmp_path):
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    tool = {"type": "function", "function": {"name": "image", "parameters": {"type": "object", "properties": {"type": {"const": "image"}}}}}
    requests = {
        "short": ({"messages": [{"role": "user", "content": "Hello"}]}, "small/m"),
        "long": ({"messages": [{"role": "user", "content": "word " * 4000}]}, "large/m"),
        "a long answer": ({"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3000}, "large/m"),
        "a picture": ({"messages": [{"role": "user", "content": [picture]}]}, "large/m"),
        "a tool": ({"messages": [{"role": "user", "content": "Hello"}], "tools": [tool]}, "small/m"),
        "too long for all": ({"messages": [{"role": "user", "content": "word " * 200_000}]}, "small/m"),
    }
    with lab(2_000, ["tools"]) as small, lab(100_000, ["tools", "vision"]) as large:
        config = {"providers": {name: {"base_url": f"http://127.0.0.1:{one.port}/v1", "dialect": "openai"}
                                for name, one in (("small", small), ("large", large))},
                  "models": {"smart": {"targets": [{"model": "small/m"}, {"model": "large/m"}], "order": "listed"}}}
        with Sluice(tmp_path, config, ask_models=True) as sluice:
            wait_for(lambda: {"small/m", "large/m"} <= {one["id"] for one in sluice.get("/v1/models").json()["data"]}, "both lists")
            for what, (body, expected) in requests.items():
                text = json.dumps({"model": "smart", **body})
                file = tmp_path / "request.json"
                file.write_text(text)
                clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | {
                    name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
                ran = subprocess.run([BINARY, "explain", "--request", str(file), "--json", "--config", str(tmp_path / "sluice.json")],
                                     cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=30 * PATIENCE)
                assert ran.returncode == 0, ran
                explained = json.loads(ran.stdout)["targets"][0]["target"]
                answer = sluice.post("/v1/chat/completions", text.encode())
                happened = answer.header("sluice-target")
                assert (what, answer.status, explained, happened) == (what, 200, expected, expected)
