"""The load of test_churn, in separate processes so that it is fast enough.

  churn_load.py provider                                 prints its port and answers until its input ends
  churn_load.py callers HOST PORT COUNT CONCURRENCY SEED    makes COUNT exchanges and prints their outcomes as JSON

A request's x-plan says what the answer should be and where the provider should cut it. Of three exchanges one is left
whole, one is cut by the caller and one by the provider, each at a random byte and with FIN or with a reset."""

import asyncio
import collections
import contextlib
import json
import random
import socket
import struct
import sys

WAIT_S = 60


def plain_answer(size):
    body = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"' + b"x" * size + b'"},"finish_reason":"stop"}]}'
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body, body


def stream_answer(frames):
    """The bytes, the caller's body, and the position from which on a cut leaves it whole."""
    raw, body = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n", b""
    for number in range(frames):
        frame = b'data: {"choices":[{"index":0,"delta":{"content":"word %d "},"finish_reason":null}]}\n\n' % number
        raw, body = raw + b"%x\r\n%s\r\n" % (len(frame), frame), body + frame
    last = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    return raw + b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last), body + last, len(raw)


def make(plan):
    """(raw answer, body, first byte at which a cut leaves it whole) for "plain SIZE" or "stream FRAMES"."""
    kind, amount = plan.split()[:2]
    if kind == "plain":
        raw, body = plain_answer(int(amount))
        return raw, body, len(raw)
    return stream_answer(int(amount))


# ---- the provider


class Answering(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.held = transport, b""

    def data_received(self, data):
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            if len(self.held) < end + 4 + length:
                return
            self.held = self.held[end + 4 + length :]
            self.answer(head.split(b"x-plan:")[1].split(b"\r\n")[0].decode().strip())

    def answer(self, plan):
        raw = make(plan)[0]
        words = plan.split()
        if len(words) == 2:
            # A stream is written in a few pieces, in separate turns of the loop.
            size = len(raw) if words[0] == "plain" else len(raw) // 3 + 1
            self.send([raw[at : at + size] for at in range(0, len(raw), size)])
            return
        self.transport.write(raw[: int(words[3])])
        if words[2] == "reset":
            linger = struct.pack("ii", 1, 0)
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.close()

    def send(self, pieces):
        if self.transport.is_closing():
            return
        self.transport.write(pieces[0])
        if len(pieces) > 1:
            asyncio.get_running_loop().call_soon(self.send, pieces[1:])


async def provide():
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(Answering, "127.0.0.1", 0, backlog=4096)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


# ---- the callers


class Caller:
    def __init__(self, host, port, rng, outcomes):
        self.host, self.port, self.rng, self.outcomes = host, port, rng, outcomes
        self.reader = self.writer = None

    async def connect(self):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)

    def leave(self, how):
        if self.writer is not None:
            if how == "reset":
                linger = struct.pack("ii", 1, 0)
                self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.writer.close()
        self.reader = self.writer = None

    async def exchange(self, kind):
        rng = self.rng
        stream = rng.random() < 0.6
        plan = f"stream {rng.randrange(1, 12)}" if stream else f"plain {rng.choice([10, 500, 5000, 60000])}"
        raw, expected, whole_at = make(plan)
        if kind == "cut by the target":
            plan += f" {rng.choice(['close', 'reset'])} {rng.randrange(whole_at)}"
        body = json.dumps({"model": "openai/m", "stream": stream, "stream_options": {"include_usage": True} if stream else None,
                           "messages": [{"role": "user", "content": "x" * rng.choice([10, 2000])}]})
        request = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-plan: {plan}\r\ncontent-type: application/json\r\n"
                   f"content-length: {len(body)}\r\n\r\n{body}").encode()
        await self.connect()
        if kind == "cut by the caller":
            await self.cut(request, len(raw))
            return kind
        self.writer.write(request)
        status, got, end = await self.read()
        if kind == "whole":
            assert (status, got, end) == (200, expected, "whole"), (plan, status, end, got[-300:])
            return kind
        assert status in (200, 502), (plan, status)
        assert status == 502 or end == "cut", f"a cut answer passed for a whole one: {plan}"
        assert b"[DONE]" not in got, plan
        self.leave("close")
        return f"{kind}: {status}"

    async def cut(self, request, answer_bytes):
        where, how = self.rng.choice(["request", "wait", "answer"]), self.rng.choice(["close", "reset"])
        if where == "request":
            self.writer.write(request[: self.rng.randrange(1, len(request))])
        else:
            self.writer.write(request)
            if where == "answer":
                with contextlib.suppress(asyncio.IncompleteReadError):
                    await self.reader.readexactly(self.rng.randrange(1, answer_bytes))
        await self.writer.drain()
        self.leave(how)

    async def read(self):
        """(status, body, "whole" or "cut"); status 0: no head arrived. Only understands what sluice can send."""
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, b"", "cut"
        status, body = int(head[9:12]), b""
        try:
            if b"\r\ntransfer-encoding: chunked\r\n" in head:
                while size := int(await self.reader.readuntil(b"\r\n"), 16):
                    body += (await self.reader.readexactly(size + 2))[:-2]
                await self.reader.readexactly(2)
            else:
                body = await self.reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
        except (asyncio.IncompleteReadError, ConnectionError):
            return status, body, "cut"
        return status, body, "whole"


KINDS = ["whole", "cut by the caller", "cut by the target"]


async def call(host, port, count, concurrency, seed):
    numbers = iter(range(count))
    outcomes = collections.Counter()
    problems = []

    async def work(worker):
        caller = Caller(host, port, random.Random(f"{seed} {worker}"), outcomes)
        for number in numbers:
            try:
                outcomes[await asyncio.wait_for(caller.exchange(KINDS[number % 3]), WAIT_S)] += 1
            except Exception as problem:
                problems.append(f"{KINDS[number % 3]}: {problem!r}")
                caller.leave("close")
        caller.leave("close")

    await asyncio.gather(*(work(worker) for worker in range(concurrency)))
    print(json.dumps({"outcomes": outcomes, "problems": problems[:20], "problem_count": len(problems)}))


if __name__ == "__main__":
    if sys.argv[1] == "provider":
        asyncio.run(provide())
    else:
        asyncio.run(call(sys.argv[2], *map(int, sys.argv[3:7])))
