"""A late target is not waited for if a second one may be asked as well: in every dialect, streamed and plain."""

import asyncio
import json
import time

import pytest

from support.dialects import BY_NAME, DIALECTS
from support.process import Sluice
from support.provider import Provider, head
from support.settings import PATIENCE, wait_for
from support.wire import request_bytes

LATE_S = 20
PLAIN = {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "in time"}, "finish_reason": "stop"}],
         "usage": {"prompt_tokens": 3, "completion_tokens": 41}}
FRAMES = [
    b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"in time"}}]}\n\n',
    b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":41}}\n\n'
    b"data: [DONE]\n\n",
]


@pytest.fixture
def pair(tmp_path):
    """A sluice whose first target stays silent for long, and how many of its requests were cancelled."""
    left = []

    async def late(request):
        if await asyncio.wait_for(request.gone(), LATE_S) is None:
            left.append(request.target)
        return False

    async def quick(request):
        if json.loads(request.body).get("stream"):
            await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
            for frame in FRAMES:
                await request.send(b"%x\r\n%s\r\n" % (len(frame), frame))
            await request.send(b"0\r\n\r\n")
        else:
            await request.answer(json.dumps(PLAIN).encode())
        return True

    with Provider(late) as first, Provider(quick) as second:
        lab = {"dialect": "openai", "api_key": "pk-hedging-000000", "models": ["m"]}
        config = {"workers": 1, "providers": {"late": lab | {"base_url": f"http://127.0.0.1:{first.port}/v1"},
                                              "quick": lab | {"base_url": f"http://127.0.0.1:{second.port}/v1"}},
                  "models": {"fast": {"targets": [{"model": "late/m"}, {"model": "quick/m"}], "order": "listed", "hedge": {"after_ms": 200}}}}
        with Sluice(tmp_path, config) as sluice:
            yield sluice, left


@pytest.mark.parametrize("dialect", [dialect.name for dialect in DIALECTS])
@pytest.mark.parametrize("stream", [True, False])
def test_the_second_target_answers(pair, dialect, stream):
    sluice, left = pair
    caller = BY_NAME[dialect]
    began = time.monotonic()
    answer = sluice.post(caller.path("fast", stream), caller.body("fast", stream))
    assert answer.status == 200, answer
    assert time.monotonic() - began < LATE_S / 2
    assert b"in time" in answer.body
    assert answer.header("sluice-target") == "quick/m"
    assert answer.header("sluice-attempts") == "2"
    wait_for(lambda: left, "the late target to be left")
    wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "the exchange to end")
    assert sluice.metric("sluice_hedges_total") == 1
    assert sluice.metric("sluice_hedges_won_total") == 1
    wait_for(lambda: "outrun" in sluice.output(), "the record")
    record = next(line for line in sluice.output().splitlines() if "access " in line and "fast" in line)
    assert "outcome=ok" in record and "output_tokens=41" in record and "late/m outrun" in record


def test_the_next_ones_wait_for_their_share(pair):
    """With few requests, one hedge in ten seconds is allowed: the second late one is waited for."""
    sluice, _ = pair
    caller = BY_NAME["openai"]
    assert sluice.post(caller.path("fast"), caller.body("fast")).status == 200
    with sluice.connect() as connection:
        connection.send(request_bytes("POST", caller.path("fast"), body=caller.body("fast")))
        time.sleep(0.6 * PATIENCE)  # nothing should happen
        assert sluice.metric("sluice_hedges_total") == 1
        assert sluice.metric("sluice_active_exchanges") == 1
