"""The load of test_chaos, in separate processes.

  chaos_load.py targets SEED                         prints the ports of three targets and answers until its input ends
  chaos_load.py streams HOST PORT SECONDS COUNT SEED     COUNT callers at a time ask for streams, and check every word
  chaos_load.py leavers HOST PORT CALLERS COUNT SEED     CALLERS callers, COUNT at a time, leave in any state

A target's answer depends only on the question ("ID WORDS"), so that another target can continue it, and so that a
caller knows whether it has all of it. Two of the targets fail in each of the ways below in one of twenty answers; the
third is healthy. GET / at a target returns the number of running answers and the count of each fault."""

import asyncio
import collections
import contextlib
import json
import random
import socket
import struct
import sys
import time
import zlib

FAULTS = ("reset", "cut", "stall", "500", "429", "error", "bad-frame", "slow")
SHARE = 0.05  # of each fault
WORD_S = 0.05
WAIT_S = 60


def text_of(question):
    """Ends with a checksum of the text before it."""
    name, words = question.split()
    said = " ".join(f"{name}-{number}" for number in range(int(words)))
    return f"{said} #{zlib.crc32(said.encode()):08x}"


# ---- the targets


def frame(document):
    return b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\n\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def delta(text, **more):
    return frame({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": {"content": text}, **more}]})


def error_answer(status):
    body = json.dumps({"error": {"message": "chaos", "type": "chaos", "code": str(status)}}).encode()
    return b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)


class Target:
    def __init__(self, seed, is_well):
        self.random, self.is_well = random.Random(seed), is_well
        self.faults, self.open = collections.Counter(), 0

    def fault(self):
        place = self.random.random() / SHARE
        return None if self.is_well or place >= len(FAULTS) else FAULTS[int(place)]


class Answering(asyncio.Protocol):
    def __init__(self, target):
        self.target, self.held, self.task = target, b"", None

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, _):
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data):
        self.held += data
        end = self.held.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.held[:end].lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in head else 0
        if len(self.held) < end + 4 + length:
            return
        body, self.held = self.held[end + 4 : end + 4 + length], self.held[end + 4 + length :]
        if head.startswith(b"get /"):
            told = json.dumps({"open": self.target.open, "faults": self.target.faults}).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(told), told))
            return
        self.task = asyncio.get_running_loop().create_task(self.answer(json.loads(body)["messages"][0]["content"]))

    async def answer(self, question):
        self.target.open += 1
        try:
            await self.say(question)
        finally:
            self.target.open -= 1

    def reset(self):
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    async def say(self, question):
        fault, chance = self.target.fault(), self.target.random
        if fault is not None:
            self.target.faults[fault] += 1
        if fault in ("500", "429"):
            self.transport.write(error_answer(int(fault)))
            return
        words = text_of(question).split(" ")
        last = chance.randrange(len(words)) if fault else len(words)  # number of words sent before the fault
        if fault == "reset" and last == 0:
            return self.reset()
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for number, word in enumerate(words):
            data = chunk(delta(word if number == 0 else " " + word))
            if number == last:
                if fault == "reset":
                    return self.reset()
                if fault == "cut":
                    self.transport.write(data[: chance.randrange(len(data))])
                    return self.transport.close()
                if fault == "stall":
                    await asyncio.sleep(WAIT_S)
                    return self.transport.close()
                if fault == "error":
                    self.transport.write(chunk(frame({"error": {"message": "chaos", "type": "server_error", "code": "chaos"}})) + b"0\r\n\r\n")
                    return None
                if fault == "bad-frame":
                    self.transport.write(chunk(b'data: {"choices": [{"delta": {"con\n\n'))
                if fault == "slow":
                    await asyncio.sleep(10 * WORD_S)
            self.transport.write(data)
            await asyncio.sleep(WORD_S)
        stop = frame({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                      "usage": {"prompt_tokens": 3, "completion_tokens": len(words), "total_tokens": 3 + len(words)}})
        self.transport.write(chunk(stop + b"data: [DONE]\n\n") + b"0\r\n\r\n")
        return None


async def run_targets(seed):
    loop = asyncio.get_running_loop()
    ports, listeners = [], []
    for number in range(3):
        target = Target(seed + number, number == 2)
        listeners.append(await loop.create_server(lambda target=target: Answering(target), "127.0.0.1", 0, backlog=1024))
        ports.append(listeners[-1].sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


# ---- the callers


def question_bytes(question):
    body = json.dumps({"model": "chaos", "stream": True, "messages": [{"role": "user", "content": question}]}).encode()
    return (b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(body), body))


async def read_answer(reader):
    """Status, text, whether the answer is complete by its dialect and by HTTP, and whether it reports an error."""
    head = await reader.readuntil(b"\r\n\r\n")
    status, body, ended = int(head.split(b" ")[1]), b"", False
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        if b"transfer-encoding: chunked" in head.lower():
            while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readuntil(b"\r\n")
            ended = True
        else:
            body = await reader.read()
    text, done, error = "", False, False
    for line in body.decode().splitlines():
        if line == "data: [DONE]":
            done = True
        elif line.startswith("data: "):
            with contextlib.suppress(json.JSONDecodeError):  # a bad frame, which an SDK would report
                document = json.loads(line[6:])
                error = error or "error" in document
                for choice in document.get("choices", []):
                    text += choice["delta"].get("content") or ""
    return status, text, done or ended, done and ended, error


async def ask(host, port, question):
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(question_bytes(question))
        status, text, says_whole, is_whole, error = await read_answer(reader)
    finally:
        writer.close()
    if status != 200:
        return f"status {status}"
    if says_whole and text != text_of(question):
        return "falsely whole"
    if not text_of(question).startswith(text):
        return "contradicted"
    if is_whole and not error:
        return "whole"
    return "told of an error" if error else "cut without a word"


async def streams(host, port, seconds, count, seed):
    until, outcomes, numbers = time.monotonic() + seconds, collections.Counter(), iter(range(1 << 30))
    chance = random.Random(seed)

    async def caller():
        while time.monotonic() < until:
            try:
                outcome = await asyncio.wait_for(ask(host, port, f"q{next(numbers)} {chance.randrange(1, 20)}"), WAIT_S)
            except (TimeoutError, asyncio.TimeoutError):
                outcome = "no answer in time"
            except (ConnectionError, asyncio.IncompleteReadError) as broken:
                outcome = f"broken before its head: {type(broken).__name__}"
            outcomes[outcome] += 1

    await asyncio.gather(*(caller() for _ in range(count)))
    print(json.dumps(outcomes))


async def leave(host, port, chance):
    """Connects and leaves at a random moment: within its request, before the answer or within it."""
    reader, writer = await asyncio.open_connection(host, port)
    whole = question_bytes(f"l{chance.randrange(1 << 30)} {chance.randrange(1, 20)}")
    where = chance.choice(("request", "before", "answer"))
    writer.write(whole[: chance.randrange(len(whole))] if where == "request" else whole)
    if where == "before":
        await asyncio.sleep(chance.random() * 0.1)
    elif where == "answer":
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await asyncio.wait_for(reader.readexactly(chance.randrange(1, 1500)), WAIT_S)
    if chance.random() < 0.5:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()
    return where


async def leavers(host, port, callers, count, seed):
    chance, left, left_to_ask = random.Random(seed), collections.Counter(), iter(range(callers))

    async def caller():
        for _ in left_to_ask:
            left[await leave(host, port, chance)] += 1

    await asyncio.gather(*(caller() for _ in range(count)))
    print(json.dumps(left))


if __name__ == "__main__":
    what, arguments = sys.argv[1], sys.argv[2:]
    if what == "targets":
        asyncio.run(run_targets(int(arguments[0])))
    elif what == "streams":
        asyncio.run(streams(arguments[0], int(arguments[1]), float(arguments[2]), int(arguments[3]), int(arguments[4])))
    else:
        asyncio.run(leavers(arguments[0], *map(int, arguments[1:])))
