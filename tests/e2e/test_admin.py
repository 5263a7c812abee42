"""The /admin pages of a complete sluice with several workers."""

import contextlib
import json

import pytest

from support.dialects import BY_NAME
from support.process import Sluice
from support.settings import wait_for

CHAT = BY_NAME["openai"]


@pytest.fixture
def sluice(tmp_path):
    with Sluice(tmp_path, {"workers": 3, "log": {"level": "warn"}}, ["--demo"]) as process:
        yield process


def exchanges(sluice):
    answer = sluice.get("/admin/exchanges")
    assert answer.status == 200, answer
    page = answer.json()
    assert page["missing_workers"] == 0
    return page


def test_what_is_in_flight(sluice):
    """A running stream on any worker is listed, oldest first, until it ends or its caller leaves."""
    assert exchanges(sluice)["exchanges"] == []
    words = " ".join(["word"] * 500)  # ten seconds at the demo's speed
    body = json.dumps({"model": "demo", "stream": True, "messages": [{"role": "user", "content": words}]}).encode()
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: test-{}\r\nContent-Length: {}\r\n\r\n"
    with contextlib.ExitStack() as callers:
        for number in range(6):
            callers.enter_context(sluice.connect()).send(head.format(number, len(body)).encode() + body)
            wait_for(lambda want=number + 1: len(exchanges(sluice)["exchanges"]) == want, "the exchange on the page")
        check_rows(sluice, len(body))
    wait_for(lambda: exchanges(sluice)["exchanges"] == [], "nobody on the page")


def check_rows(sluice, body_bytes):
    rows = wait_for(lambda: [row for row in exchanges(sluice)["exchanges"] if row["state"] == "relaying" and row["bytes_out"] > 0], "streams")
    assert [row["request_id"] for row in exchanges(sluice)["exchanges"]] == [f"test-{number}" for number in range(6)]
    ages = [row["age_ms"] for row in exchanges(sluice)["exchanges"]]
    assert ages == sorted(ages, reverse=True)
    row = rows[0]
    assert row["bytes_in"] > body_bytes
    assert row["peer"].startswith("127.0.0.1:")
    assert {name: row[name] for name in ("method", "path", "key", "model", "target", "stream")} == {
        "method": "POST", "path": CHAT.path("demo"), "key": None, "model": "demo", "target": "demo/demo", "stream": True}


def test_a_caller_that_leaves_before_the_answer(sluice):
    for _ in range(50):
        with sluice.connect() as caller:
            caller.send(b"GET /admin/exchanges HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert exchanges(sluice)["left_out"] == 0


def test_pipelined(sluice):
    with sluice.connect() as caller:
        for _ in range(20):
            assert caller.exchange("GET", "/admin/exchanges").status == 200
        assert caller.exchange("HEAD", "/admin/exchanges").status == 200
        assert caller.exchange("GET", "/health").status == 200


def test_log_level(sluice):
    """What is not logged at level warn is logged at debug, immediately after the change."""
    assert sluice.post(CHAT.path("demo"), CHAT.body("demo", False)).status == 200
    assert "going to the target" not in sluice.output()
    assert sluice.get("/admin/log-level").json() == {"level": "warn"}
    assert sluice.post("/admin/log-level", {"level": "debug"}).json() == {"level": "debug"}
    assert sluice.get("/admin/log-level").json() == {"level": "debug"}
    wait_for(lambda: "the log's level was changed" in sluice.output(), "the change in the log")
    assert sluice.post(CHAT.path("demo"), CHAT.body("demo", False)).status == 200
    wait_for(lambda: "going to the target" in sluice.output() and "the target answers" in sluice.output(), "what is told at debug only")
    assert sluice.post("/admin/log-level", {"level": "loud"}).status == 400
    assert sluice.post("/admin/log-level", {"level": "error"}).json() == {"level": "error"}


def test_only_admins(tmp_path):
    keys = [{"name": "ops", "key": "ops-key-of-the-test", "admin": True}, {"name": "team", "key": "team-key-of-the-test"}]
    with Sluice(tmp_path, {"keys": keys}, ["--demo"]) as sluice:
        for path in ("/admin/exchanges", "/admin/log-level"):
            refused = sluice.get(path)
            assert refused.status == 401 and len(refused.header("x-request-id")) == 32, refused
            refused = sluice.get(path, [("x-api-key", "team-key-of-the-test"), ("x-request-id", "looked-at-1")])
            assert refused.status == 403 and refused.header("x-request-id") == "looked-at-1", refused
            wait_for(lambda: "looked-at-1" in sluice.output(), "the record under the id of the answer")
            assert sluice.get(path, [("x-api-key", "ops-key-of-the-test")]).status == 200
        assert sluice.post("/admin/log-level", {"level": "debug"}, [("x-api-key", "team-key-of-the-test")]).status == 403
        assert sluice.get("/admin/log-level", [("x-api-key", "ops-key-of-the-test")]).json() == {"level": "info"}
