"""sluice itself asks a provider that is down whether it is back. Meanwhile its callers' requests go elsewhere, and
return immediately afterwards."""

import json

from support.process import Sluice
from support.provider import Provider
from support.settings import wait_for

ANSWER = {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
          "usage": {"prompt_tokens": 3, "completion_tokens": 4}}


def test_no_request_is_spent_on_a_provider_that_is_down(tmp_path):
    down, seen = [True], []

    async def first(request):
        seen.append(request.method)
        body = b'{"object":"list","data":[]}' if request.method == "GET" else json.dumps(ANSWER).encode()
        await (request.answer(b"{}", 503) if down[0] else request.answer(body))
        return True

    async def second(request):
        await request.answer(json.dumps(ANSWER).encode())
        return True

    with Provider(first, asked_for_models=True) as a, Provider(second) as b:
        lab = {"dialect": "openai", "api_key": "pk-probes-0000001", "models": ["m"]}
        config = {"workers": 2, "providers": {"a": lab | {"base_url": f"http://127.0.0.1:{a.port}/v1", "probe_s": 1},
                                              "b": lab | {"base_url": f"http://127.0.0.1:{b.port}/v1"}},
                  "models": {"fast": {"targets": [{"model": "a/m"}, {"model": "b/m"}], "order": "listed",
                                      "breaker": {"failures": 1, "cooldown_s": 3, "max_cooldown_s": 3}, "retry": {"attempts": 2}}}}
        with Sluice(tmp_path, config) as sluice:
            def ask():
                return sluice.post("/v1/chat/completions", {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}).header("sluice-target")

            assert ask() == "b/m" and seen == ["POST"]
            wait_for(lambda: ask() == "b/m" and seen.count("GET") >= 3, "three questions")
            assert seen.count("POST") == 1
            assert sluice.metrics()['sluice_target_probes_missed_total{target="a/m"}'] >= 3
            assert {one["target"]: one for one in sluice.get("/admin/targets").json()["targets"]}["a/m"]["state"] == "open"
            down[0] = False
            wait_for(lambda: ask() == "a/m", "the first provider")
            asked = seen.count("GET")
            wait_for(lambda: "a provider answers again" in sluice.output() + sluice.errors(), "the line")
            wait_for(lambda: sluice.metrics().get('sluice_target_state{target="a/m",state="closed"}') == 1, "the breaker to close")
            assert seen.count("GET") == asked
