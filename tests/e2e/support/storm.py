"""Crowds of callers, and targets whose behaviour is selected by the model name, in one event loop, so that both use
one clock."""

import asyncio
import contextlib
import json
import random
import socket
import struct
import time
from dataclasses import dataclass, field

from .dialects import BY_NAME, DIALECTS
from .provider import head, read_request
from .settings import PATIENCE
from .wire import chunk, request_bytes

ERROR = json.dumps({"error": {"message": "the storm", "type": "server_error", "param": None, "code": "storm"}}).encode()
WORD = chunk(b'data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n')
PLAIN = json.dumps({"id": "c", "object": "chat.completion", "model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 1}, "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "here"}}]}).encode()


@dataclass
class Attempt:
    """A request that reached a target."""
    caller: str
    began: float
    ended: float | None = None  # when sluice closed the connection


@dataclass
class Crowd:
    attempts: list = field(default_factory=list)
    asked: dict = field(default_factory=dict)  # caller: event
    ways: dict = field(default_factory=dict)  # model: its behaviour, if that is not its name

    async def serve(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while (request := await read_request(reader, writer)) is not None:
                if request.method == "GET":
                    await request.answer(b"", 404)
                    continue
                body = json.loads(request.body)
                attempt = Attempt(body["messages"][-1]["content"], time.monotonic())
                self.attempts.append(attempt)
                if attempt.caller in self.asked:
                    self.asked[attempt.caller].set()
                if not await self.answer(request, self.ways.get(body["model"], body["model"]), attempt):
                    break
        writer.close()

    async def answer(self, request, way, attempt):
        """Returns whether the connection is kept."""
        if way == "500":
            await request.answer(ERROR, 500)
            return True
        if way == "well":
            await request.answer(PLAIN)
            return True
        words = None
        if way == "words":
            await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
            words = asyncio.ensure_future(say_words(request))
        elif way == "half":
            await request.send(head(200, [("content-type", "application/json"), ("content-length", "1000")]) + b'{"id": "c", "choices": [')
        await request.gone()
        attempt.ended = time.monotonic()
        if words is not None:
            words.cancel()
        return False


async def say_words(request):
    with contextlib.suppress(ConnectionError):
        while True:
            await request.send(WORD)
            await asyncio.sleep(0.02)


@contextlib.contextmanager
def deaf():
    """A port where connections never complete: nothing accepts them, and the queue is full."""
    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@dataclass(frozen=True)
class State:
    """Where callers leave: `model` leads there; `when` is the moment: "asked" (a target has the request), "spoken"
    (they have read part of the answer), "soon" (any time)."""
    model: str
    when: str
    streams: tuple = (True, False)


class Leaver:
    def __init__(self, crowd, name, state, chance):
        self.crowd, self.name, self.state = crowd, name, state
        self.dialect, self.stream = chance.choice(DIALECTS).name, chance.choice(state.streams)
        self.patience_s, self.resets = chance.random() * 0.03, chance.random() < 0.5
        self.asked = crowd.asked[name] = asyncio.Event()
        self.left = None

    def question(self):
        dialect = BY_NAME[self.dialect]
        body = json.dumps(dialect.body(self.state.model, self.stream)).replace("Say hello", self.name)
        return request_bytes("POST", dialect.path(self.state.model, self.stream), body=body.encode())

    async def go(self, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(self.question())
        if self.state.when == "spoken":
            await asyncio.wait_for(reader.readuntil(b"word"), 10 * PATIENCE)
        elif self.state.when == "asked":
            await asyncio.wait_for(self.asked.wait(), 10 * PATIENCE)
        await asyncio.sleep(self.patience_s)
        self.left = time.monotonic()
        if self.resets and self.state.when != "soon":  # a reset may overtake an unread request
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            writer.close()


async def leave(crowd, port, states, count, per_s, seed):
    """Starts `per_s` callers per second; returns all of them after they have left."""
    chance, leavers, leaving, began = random.Random(seed), [], [], time.monotonic()
    for number in range(count):
        await asyncio.sleep(max(0, began + number / per_s - time.monotonic()))
        leavers.append(Leaver(crowd, f"caller-{number}", chance.choice(states), chance))
        leaving.append(asyncio.ensure_future(leavers[-1].go(port)))
    await asyncio.gather(*leaving)
    return leavers


@dataclass
class Reply:
    asked: float
    took_s: float
    status: int
    dialect: str
    body: bytes


async def exchange(port, path, body):
    """Everything that arrives until sluice closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_bytes("POST", path, [("connection", "close")], body))
    raw = await asyncio.wait_for(reader.read(-1), 60 * PATIENCE)
    writer.close()
    return raw


def unchunked(body):
    """The data of all whole chunks."""
    data = b""
    while size := int(body[:body.index(b"\r\n")], 16):
        start = body.index(b"\r\n") + 2
        data, body = data + body[start:start + size], body[start + size + 2:]
    return data


async def ask_once(port, dialect, model, number):
    asked = time.monotonic()
    body = json.dumps(BY_NAME[dialect].body(model)).replace("Say hello", f"caller-{number}").encode()
    raw = await exchange(port, BY_NAME[dialect].path(model), body)
    first, _, text = raw.partition(b"\r\n\r\n")
    return Reply(asked, time.monotonic() - asked, int(first.split(b" ")[1]), dialect, text)


async def ask_evenly(port, model, per_s, seconds):
    """The replies to callers who arrive at a fixed rate, independent of the others."""
    asking, began = [], time.monotonic()
    for number in range(int(per_s * seconds)):
        await asyncio.sleep(max(0, began + number / per_s - time.monotonic()))
        asking.append(asyncio.ensure_future(ask_once(port, DIALECTS[number % len(DIALECTS)].name, model, number)))
    return await asyncio.gather(*asking)


def share(values, part):
    """The value that `part` of all values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
