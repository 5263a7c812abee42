"""Every recorded exchange through the real binary to a provider over TLS that replays it, cut at random bytes. The
caller gets the recorded answer byte for byte, and the target gets the caller's request byte for byte, except for the
model name and the request for usage."""

import asyncio
import random
import threading

import pytest

from support import corpus
from support.certificates import serving_context
from support.process import Sluice
from support.provider import Provider, head
from support.settings import SCALE
from support.wire import Connection, request_bytes

FRAMINGS = ["chunked", "length", "close"]
CALLERS = 16
SEED = 20261123


def pieces_of(data, rng):
    """`data` cut in up to a dozen places, sometimes byte by byte for a while."""
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(12)))
    if rng.random() < 0.2:
        begin = rng.randrange(len(data) + 1)
        cuts = sorted({*cuts, *range(begin, min(begin + 40, len(data)))})
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:]) if a < b]


class Replay:
    """The provider's behaviour: answers the exchange whose number the request names, and keeps the request."""

    def __init__(self, exchanges):
        self.exchanges = exchanges
        self.got = {}

    async def __call__(self, request):
        number, framing = request.header("x-replay").split(" ")
        exchange = self.exchanges[int(number)]
        self.got[number, framing] = (request.method, request.target, request.body)
        rng = random.Random(f"{SEED} {number} {framing}")
        fields = list(({"content-type": exchange.content_type()} | dict(exchange.headers)).items())
        body = exchange.body
        if framing == "length":
            fields.append(("content-length", str(len(body))))
        elif framing == "chunked":
            fields.append(("transfer-encoding", "chunked"))
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces_of(body, rng)) + b"0\r\n\r\n"
        for piece in pieces_of(head(exchange.status, fields) + body, rng):
            await request.send(piece)
            await asyncio.sleep(0)  # lets the loop write it
        return framing != "close"


def run_caller(sluice, replay, jobs, problems):
    connection = Connection.tcp(sluice.host, sluice.port)
    for number, framing in jobs:
        exchange = replay.exchanges[number]
        try:
            check(exchange, framing, replay, connection)
        except Exception as problem:
            problems.append(f"{exchange.name} ({exchange.dialect}, {framing}): {problem!r}"[:1500])
            connection.socket.close()
            connection = Connection.tcp(sluice.host, sluice.port)
    connection.socket.close()


def check(exchange, framing, replay, connection):
    rng = random.Random(f"{SEED} request {exchange.number} {framing}")
    sent = corpus.caller_body(exchange, rng)
    request = request_bytes("POST", exchange.caller_path(), [("x-replay", f"{exchange.number} {framing}")], sent)
    for piece in pieces_of(request, rng) if framing == "chunked" else [request]:
        connection.send(piece)
    answer = connection.read_answer()
    assert answer.status == exchange.status, answer
    expected = exchange.expected_body()
    assert answer.body == expected, f"got {len(answer.body)} bytes for {len(expected)}: ...{answer.body[-200:]!r}"
    for name, value in exchange.headers:
        if name != "content-type":
            assert answer.header(name) == value, (name, value, answer.headers)
    assert answer.header("content-type") == dict(exchange.headers).get("content-type", exchange.content_type())
    method, target, arrived = replay.got[str(exchange.number), framing]
    assert method == "POST"
    assert target == exchange.target_path()
    corpus.check_target_body(exchange, sent, arrived)


def test_every_recorded_exchange(tmp_path, authority, report):
    if not corpus.FOLDER.is_dir():
        pytest.skip(f"the recorded exchanges are not here ({corpus.FOLDER})")
    exchanges = corpus.load()
    jobs = [(e.number, f) for e in exchanges for f in FRAMINGS if f != "close" or e.ends_by_itself()]
    rng = random.Random(SEED)
    rng.shuffle(jobs)
    if SCALE < 1:  # one framing for each, chosen at random
        jobs = list({number: (number, framing) for number, framing in jobs}.values())
    replay = Replay(exchanges)
    with Provider(replay, serving_context(authority.leaf("replay"))) as provider:
        origin = f"https://localhost:{provider.port}"
        config = {
            "providers": {
                dialect: {
                    "dialect": dialect,
                    "base_url": origin + ("/v1" if dialect in ("openai", "responses") else ""),
                    "api_key": "pk-replay",
                    "ca_file": str(authority.pem),
                }
                for dialect in ("openai", "responses", "anthropic", "gemini")
            }
        }
        with Sluice(tmp_path, config) as sluice:
            problems = []
            threads = [threading.Thread(target=run_caller, args=(sluice, replay, jobs[i::CALLERS], problems)) for i in range(CALLERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    invented = sum(e.invented for e in exchanges)
    spliced = sum(e.usage_is_added() for e in exchanges)
    by_framing = {f: sum(framing == f for _, framing in jobs) for f in FRAMINGS}
    report(f"{len(exchanges)} recorded exchanges, {len(jobs)} replays ({by_framing}), {len(problems)} wrong; "
           f"{invented} without a recorded request, {spliced} with usage asked for by sluice")
    assert len({number for number, _ in jobs}) == len(exchanges) > 600
    assert not problems, f"{len(problems)} of {len(jobs)} wrong:\n" + "\n".join(problems[:8])
