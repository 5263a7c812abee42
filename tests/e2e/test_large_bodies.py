"""Large requests, as agents send them, arrive whole: whatever their size, however they are cut, one after another on
one connection, and pipelined. Afterwards the memory is returned."""

import hashlib
import json
import random
import socket

import pytest

from support.process import Sluice
from support.provider import Provider
from support.settings import SANITIZED, wait_for
from support.wire import request_bytes

KIB = 1024
SIZES = [KIB * n + more for n in (64, 128, 256, 512, 1024) for more in (-65, -64, -1, 0, 1, 64, 65)] + [3_000_000]


async def answer(request):
    await request.answer(json.dumps({"sha256": hashlib.sha256(request.body).hexdigest(), "bytes": len(request.body)}).encode())


@pytest.fixture
def world(tmp_path):
    with Provider(answer) as provider:
        config = {"workers": 1, "providers": {"openai": {"base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "pk"}}}
        with Sluice(tmp_path / "sluice", config) as sluice:
            yield sluice


def body_of(size, seed):
    """Has the model name at its end or its beginning; the target must get it without the provider's name."""
    random.seed(seed)
    text = random.choice("abcdefgh") * 50
    members = ['"model":"openai/m"', '"messages":[{"role":"user","content":"%s"}]']
    if seed % 2:
        members.reverse()
    frame = "{" + ",".join(members) + "}"
    words = (text * (size // 50 + 1))[:size - len(frame) + 2]
    body = (frame % words).encode()
    assert len(body) == size
    return body, body.replace(b"openai/m", b"m")


def check(answer_, sent):
    assert answer_.status == 200, answer_.text()
    assert answer_.json() == {"sha256": hashlib.sha256(sent).hexdigest(), "bytes": len(sent)}


def test_every_size_arrives_whole_on_one_connection(world):
    with world.connect() as caller:
        for seed, size in enumerate(SIZES):
            body, sent = body_of(size, seed)
            caller.socket.sendall(request_bytes("POST", "/v1/chat/completions", body=body))
            check(caller.read_answer(), sent)


@pytest.mark.parametrize("first", [1, 100, 64 * KIB - 1, 64 * KIB, 65 * KIB, 200 * KIB])
def test_however_it_is_cut(world, first):
    body, sent = body_of(400 * KIB, first)
    request = request_bytes("POST", "/v1/chat/completions", body=body)
    head = len(request) - len(body)
    with world.connect() as caller:
        caller.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for begin, end in [(0, head), (head, head + first), (head + first, head + 2 * first), (head + 2 * first, len(request))]:
            caller.socket.sendall(request[begin:end])
        check(caller.read_answer(), sent)


def test_pipelined_behind_each_other(world):
    bodies = [body_of(size, seed) for seed, size in enumerate([300_000, 70_000, 65_536, 1_000_000, 100])]
    with world.connect() as caller:
        caller.socket.settimeout(60)
        sent = b"".join(request_bytes("POST", "/v1/chat/completions", body=body) for body, _ in bodies)
        caller.socket.sendall(sent)
        for _, wanted in bodies:
            check(caller.read_answer(), wanted)


@pytest.mark.skipif(SANITIZED, reason="sanitizers keep memory that is freed")
@pytest.mark.parametrize("size", [3_000_000, 1_500_000])  # from mmap, and from the allocator's free lists
def test_the_memory_goes_back(world, size):
    small, seen = body_of(1_000, 1)
    for _ in range(4):  # first-use memory of any worker and exchange is counted before
        with world.connect() as caller:
            caller.socket.sendall(request_bytes("POST", "/v1/chat/completions", body=small))
            check(caller.read_answer(), seen)
    before = world.rss_kb()
    body, sent = body_of(size, 1)
    callers = [world.connect() for _ in range(16)]
    request = request_bytes("POST", "/v1/chat/completions", body=body)
    for caller in callers:
        caller.socket.sendall(request[:-1])
    for caller in callers:  # all are held at the same time
        caller.socket.sendall(request[-1:])
        check(caller.read_answer(), sent)
        caller.socket.close()
    wait_for(lambda: world.rss_kb() < before + 1_500, "the memory of 16 large bodies to go back")


@pytest.mark.skipif(SANITIZED, reason="sanitizers keep memory that is freed")
def test_what_was_made_of_small_bodies_goes_back_too(world):
    parts = json.dumps([{"type": "text", "text": "x"}] * 20_000)
    body = ('{"model":"openai/m","max_tokens":9,"messages":[{"role":"user","content":%s}]}' % parts).encode()
    assert len(body) < 1_000_000

    def ask():
        with world.connect() as caller:
            caller.socket.sendall(request_bytes("POST", "/v1/messages", body=body))
            assert caller.read_answer().status == 502  # the target's answer is not a model's

    small, seen = body_of(1_000, 1)
    with world.connect() as caller:
        caller.socket.sendall(request_bytes("POST", "/v1/chat/completions", body=small))
        check(caller.read_answer(), seen)
    before = world.rss_kb()
    for _ in range(5):
        ask()
    wait_for(lambda: world.rss_kb() < before + 3_000, "the memory of small bodies and what was made of them to go back")
