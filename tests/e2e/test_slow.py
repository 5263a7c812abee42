"""Callers that are slow, by nature or on purpose, cost neither memory nor other callers' time."""

import asyncio
import time

from support.dialects import BY_NAME
from support.process import Sluice
from support.provider import Provider, head
from support.settings import PATIENCE, SANITIZED, wait_for
from support.wire import Cut, chunk, request_bytes

CHAT = BY_NAME["openai"]
ANSWER_BYTES = 50 << 20
FRAME = b'data: {"choices":[{"index":0,"delta":{"content":"' + b"x" * 4000 + b'"},"finish_reason":null}]}\n\n'


def config_for(provider, **more):
    return {"providers": {"openai": {"base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "pk-slow"}}, **more}


def test_slow_reader_costs_no_memory(tmp_path, report):
    """50 MB, read at 1 KB/s: the target is slowed down, and at most 1 MiB of the answer is held."""
    sent = 0

    async def answer(request):
        nonlocal sent
        if b'"small"' in request.body:
            await request.answer(b'{"choices":[]}')
            return
        await request.send(head(200, [("content-type", "text/event-stream"), ("content-length", str(ANSWER_BYTES // len(FRAME) * len(FRAME)))]))
        for _ in range(ANSWER_BYTES // len(FRAME)):
            await request.send(FRAME)
            sent += len(FRAME)

    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider)) as sluice:
        for _ in range(20):  # first-use memory is counted before
            assert sluice.post(CHAT.path("openai/m"), {**CHAT.body("openai/m"), "user": "small"}).status == 200
        before = sluice.rss_kb()
        with sluice.connect(receive_buffer=4096) as connection:
            connection.send(request_bytes("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m", stream=True)))
            answer_head = connection.read_head()
            assert answer_head.status == 200
            most, seen = before, []
            for _ in range(6):
                deadline = time.monotonic() + 1
                assert connection._exactly(1024)
                seen.append(sent)
                while time.monotonic() < deadline:  # watched for a second
                    most = max(most, sluice.rss_kb())
                    time.sleep(0.02)
            held_kb = most - before
            report(f"slow reader: RSS {before} kB before, {most} kB at most (+{held_kb} kB); the target had sent {sent >> 10} kB of "
                   f"{ANSWER_BYTES >> 10} kB, and stood still: {seen[-3:]}")
            assert sent < ANSWER_BYTES // 2, "the target was not slowed down"
            assert SANITIZED or held_kb <= 1024
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "the exchange to end with its caller")


def test_slow_reader_gets_everything_in_the_end(tmp_path):
    """Reading pauses and continues: no byte is lost or doubled."""
    frames = [b'data: {"n":%d,"pad":"%s"}\n\n' % (n, b"x" * 900) for n in range(4000)]

    async def answer(request):
        await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
        for frame in frames:
            await request.send(chunk(frame))
        await request.send(b"0\r\n\r\n")

    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider)) as sluice:
        with sluice.connect(receive_buffer=4096) as connection:
            body = {**CHAT.body("openai/m", stream=True), "stream_options": {"include_usage": True}}
            connection.send(request_bytes("POST", CHAT.path("openai/m"), body=body))
            assert connection.read_answer().body == b"".join(frames)


def test_body_over_the_limit_is_refused_at_the_head(tmp_path):
    async def answer(request):
        await request.answer(b'{"choices":[]}')

    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider, limits={"body_mb": 1})) as sluice:
        with sluice.connect() as connection:
            connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % (1 << 30))
            answer_ = connection.read_answer()  # no byte of the body has been sent
            assert answer_.status == 413
            assert "1" in CHAT.error_message(answer_.body)
        with sluice.connect() as connection:  # one byte over the limit, and exactly at it
            connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % ((1 << 20) + 1))
            assert connection.read_answer().status == 413
        frame = b'{"model": "openai/m", "messages": [], "user": "%s"}'
        body = frame % (b"u" * ((1 << 20) - len(frame) + 2))
        assert len(body) == 1 << 20
        assert sluice.post(CHAT.path("openai/m"), body).status == 200
        assert len(provider.requests[-1].body) == len(body) - len("openai/")


def test_chunked_body_over_the_limit_is_refused_on_the_way(tmp_path):
    async def answer(request):
        await request.answer(b'{"choices":[]}')

    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider, limits={"body_mb": 1})) as sluice:
        with sluice.connect() as connection:
            connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
            for _ in range(17):  # 64 KiB over; the body never ends
                connection.send(chunk(b" " * 65536))
            assert connection.read_answer().status == 413
        assert not provider.requests


def test_slowloris(tmp_path, report):
    """1,000 callers who send their heads a byte at a time are disconnected when the head timeout is over, however
    busy they kept; meanwhile others are served as fast as ever."""
    attackers, head_s = 1000, 5 if SANITIZED else 2
    config = {"timeouts": {"head_s": head_s}}
    slowest, served = 0.0, 0
    lifetimes = []

    async def attack(sluice):
        began = time.monotonic()  # before the connection: its timeout runs from the accept
        reader, writer = await asyncio.open_connection(sluice.host, sluice.port)
        reading = asyncio.ensure_future(reader.read())  # everything, up to the end
        writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-slow: ")
        while not reading.done():
            await asyncio.wait([reading], timeout=0.25)
            if not reading.done() and not writer.is_closing():
                writer.write(b"a")
        lifetimes.append(time.monotonic() - began)
        said = b"" if reading.exception() else reading.result()
        assert said == b"" or said.startswith(b"HTTP/1.1 408 "), said[:100]
        writer.close()

    async def visit(sluice, over):
        nonlocal slowest, served
        while not over.is_set():
            began = time.monotonic()
            answer = await asyncio.to_thread(sluice.post, CHAT.path("demo/demo"), CHAT.body("demo/demo"))
            assert answer.status == 200
            slowest, served = max(slowest, time.monotonic() - began), served + 1

    async def run(sluice):
        over = asyncio.Event()
        visitor = asyncio.ensure_future(visit(sluice, over))
        attacks = asyncio.gather(*(attack(sluice) for _ in range(attackers)))
        await asyncio.wait_for(attacks, 15 * PATIENCE)
        over.set()
        await visitor

    with Sluice(tmp_path, config, ["--demo"]) as sluice:
        fds = sluice.fds()
        asyncio.run(run(sluice))
        report(f"slowloris: {attackers} closed after {min(lifetimes):.2f}..{max(lifetimes):.2f} s (deadline {head_s} s); "
               f"{served} others served meanwhile, the slowest in {slowest * 1000:.0f} ms")
        assert len(lifetimes) == attackers
        assert min(lifetimes) > head_s - 0.5
        assert max(lifetimes) < head_s + 4 * PATIENCE
        assert served >= 10 and slowest < 1.0 * PATIENCE
        assert sluice.fds() == fds


def test_caller_that_stops_taking_is_cut(tmp_path):
    async def answer(request):
        await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
        try:
            while True:
                await request.send(chunk(FRAME))
        except ConnectionError:
            return False

    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider, timeouts={"write_stall_s": 1})) as sluice:
        with sluice.connect(receive_buffer=4096) as connection:
            connection.send(request_bytes("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m", stream=True)))
            assert connection.read_head().status == 200
            wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "the exchange to be given up")
            try:
                while connection._take_or_receive(65536):
                    pass
            except Cut:
                pass


def test_slow_body_is_given_up(tmp_path):
    with Sluice(tmp_path, {"timeouts": {"body_idle_s": 1}}, ["--demo"]) as sluice:
        with sluice.connect() as connection:
            connection.send(b'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"model"')
            answer = connection.read_answer()
            assert answer.status == 408
            assert CHAT.error_message(answer.body)
            assert connection.at_end()


def test_idle_connection_is_closed(tmp_path):
    with Sluice(tmp_path, {"timeouts": {"keep_alive_s": 1}}, ["--demo"]) as sluice, sluice.connect() as connection:
        assert connection.exchange("GET", "/health").status == 200
        began = time.monotonic()
        assert connection.at_end()
        assert 0.9 < time.monotonic() - began < 3 * PATIENCE
