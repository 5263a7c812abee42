"""HTTP/1.1 as callers and intermediaries really use it, against the real binary over real sockets."""

import json
import re
import subprocess

import pytest

from support.dialects import BY_NAME, DIALECTS
from support.process import Sluice
from support.settings import BINARY, PATIENCE, wait_for
from support.wire import Connection, chunk, request_bytes, sse_data

CHAT = BY_NAME["openai"]
MODEL = "demo/demo"


@pytest.fixture(scope="module")
def sluice(tmp_path_factory):
    # With --demo it would answer to every model name.
    with Sluice(tmp_path_factory.mktemp("sluice"), {"providers": {"demo": {"models": ["demo"]}}}) as process:
        yield process


def chat(connection, headers=(), stream=False):
    return connection.exchange("POST", CHAT.path(MODEL), headers, CHAT.body(MODEL, stream))


def test_keep_alive(sluice):
    before = sluice.metric("sluice_caller_connections_accepted_total")
    with sluice.connect() as connection:
        for number in range(50):
            answer = chat(connection, stream=number % 2 == 1)
            assert answer.status == 200
            assert answer.header("connection", "keep-alive") == "keep-alive"
    # This connection, and that of the second read of /metrics.
    assert sluice.metric("sluice_caller_connections_accepted_total") == before + 2


def test_connection_close(sluice):
    with sluice.connect() as connection:
        answer = chat(connection, [("connection", "close")])
        assert answer.status == 200 and answer.header("connection") == "close"
        assert connection.at_end()


def test_http_1_0(sluice):
    with sluice.connect() as connection:
        connection.send(b"GET /health HTTP/1.0\r\n\r\n")
        answer = connection.read_answer()
        assert answer.status == 200 and answer.header("transfer-encoding") is None
        assert connection.at_end()


def test_pipelining(sluice):
    bodies = [{**CHAT.body(MODEL), "messages": [{"role": "user", "content": f"number {n}"}]} for n in range(8)]
    with sluice.connect() as connection:
        connection.send(b"".join(
            request_bytes("POST", CHAT.path(MODEL), body=body) + request_bytes("GET", f"/nowhere/{n}") for n, body in enumerate(bodies)
        ))
        for number in range(8):
            assert connection.read_answer().json()["choices"][0]["message"]["content"] == f"You said: number {number}"
            unknown = connection.read_answer()
            assert unknown.status == 404 and f"/nowhere/{number}" in unknown.text()


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/v1/models", f"/v1/models/{MODEL}"])
def test_head_is_get_without_body(sluice, path):
    with sluice.connect() as connection:
        head = connection.exchange("HEAD", path)
        get = connection.exchange("GET", path)  # on the same connection: no byte of a body was left on it
    assert head.status == get.status == 200
    assert head.body == b"" and get.body
    assert head.header("content-type") == get.header("content-type")
    if path != "/metrics":  # its body changes with every read
        assert head.header("content-length") == get.header("content-length") == str(len(get.body))


def test_unknown_head(sluice):
    """The first request of one coding agent."""
    with sluice.connect() as connection:
        assert connection.exchange("HEAD", "/api/hello").status == 404
        assert chat(connection).status == 200


def test_expect_continue(sluice):
    body = json.dumps(CHAT.body(MODEL)).encode()
    whole = request_bytes("POST", CHAT.path(MODEL), [("expect", "100-continue")], body)
    with sluice.connect() as connection:
        connection.send(whole[: -len(body)])
        data = connection._until(b"\r\n\r\n")
        assert data == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(body)
        assert connection.read_answer().status == 200
        assert chat(connection).status == 200


def test_other_expectation(sluice):
    with sluice.connect() as connection:
        assert chat(connection, [("expect", "a-miracle")]).status == 417


def test_websocket_is_told_to_use_http(sluice):
    headers = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"), ("sec-websocket-key", "x" * 22 + "==")]
    with sluice.connect() as connection:
        answer = connection.exchange("GET", "/v1/responses", headers)
        assert answer.status == 426
        assert BY_NAME["responses"].error_message(answer.body)


def test_upgrade_is_ignored_elsewhere(sluice):
    with sluice.connect() as connection:
        assert chat(connection, [("connection", "Upgrade"), ("upgrade", "h2c")]).status == 200


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_chunked_request_byte_by_byte(sluice, dialect):
    body = json.dumps(dialect.body(MODEL)).encode()
    head = request_bytes("POST", dialect.path(MODEL), [("transfer-encoding", "chunked")], b"")
    with sluice.connect() as connection:
        for byte in head + b"".join(chunk(body[n : n + 7]) for n in range(0, len(body), 7)) + b"0\r\n\r\n":
            connection.send(bytes([byte]))
        answer = connection.read_answer()
        assert answer.status == 200 and b"You said" in answer.body


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_errors_in_the_callers_dialect(sluice, dialect):
    for path, body, status in [
        (dialect.path("nonesuch/m"), dialect.body("nonesuch/m"), 404),
        (dialect.path(MODEL), b"{", 400),
        (dialect.path(MODEL), b"[1]", 400),
    ]:
        answer = sluice.post(path, body)
        assert answer.status == status, (path, body, answer)
        assert dialect.error_message(answer.body)
        assert answer.header("x-request-id")
    with sluice.connect() as connection:
        wrong = connection.exchange("DELETE", dialect.path(MODEL))
    assert wrong.status == 405 and "POST" in wrong.header("allow")


SMUGGLING = {
    "two lengths": b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n",
    "length and chunked": b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n",
    "chunked, identity": b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked, identity\r\n\r\n",
    "space before colon": b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length : 4\r\n\r\n",
    "folded": b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx: 1\r\n 2\r\n\r\n",
    "bare LF": b"GET /v1/models HTTP/1.1\nhost: localhost\n\n",
    "bare CR": b"GET /v1/models HTTP/1.1\r\nhost: localhost\rx: y\r\n\r\n",
    "NUL": b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx: \0\r\n\r\n",
    "no Host": b"GET /v1/models HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n",
    "bad chunk size": b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("what", SMUGGLING)
def test_ambiguous_requests_are_refused_and_end_the_connection(sluice, what):
    with sluice.connect() as connection:
        connection.send(SMUGGLING[what] + b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert connection.read_answer().status == 400
        assert connection.at_end(), "what followed was read as a request"


def test_request_id_is_ours_and_unique(sluice):
    seen = {sluice.get("/v1/nowhere").header("x-request-id") for _ in range(20)}
    assert len(seen) == 20 and None not in seen


def test_answer_headers(sluice):
    answer = sluice.post(CHAT.path(MODEL), CHAT.body(MODEL))
    assert answer.header("sluice-target") == MODEL and answer.header("sluice-attempts") == "1"
    names = [name for name, _ in answer.headers]
    assert len(names) == len(set(names)), names


def test_stream_arrives_as_it_is_made(sluice):
    """The demo delays its words; each is written separately."""
    body = {**CHAT.body(MODEL, stream=True), "messages": [{"role": "user", "content": "one two three four five six"}]}
    with sluice.connect() as connection:
        connection.send(request_bytes("POST", CHAT.path(MODEL), body=body))
        head = connection.read_head()
        assert head.header("content-type").startswith("text/event-stream")
        pieces = list(connection.read_body(head))
    assert len(pieces) >= 6
    assert sse_data(b"".join(pieces))[-1] == b"[DONE]"


def test_unix_socket(tmp_path):
    path = tmp_path / "s.sock"
    with Sluice(tmp_path / "sluice", {"listen": [f"unix:{path}"]}, ["--demo"], listen=None) as sluice:
        wait_for(path.exists, "the socket")
        with Connection.unix(path) as connection:
            assert chat(connection).status == 200
            assert chat(connection, stream=True).status == 200
        assert sluice.process.poll() is None
    assert not path.exists(), "the socket was left behind"


def test_unix_socket_left_by_one_that_was_killed(tmp_path):
    path = tmp_path / "s.sock"
    config = {"listen": [f"unix:{path}"]}
    with Sluice(tmp_path / "first", config, ["--demo"], listen=None, expect_exit=(-9,)) as first:
        wait_for(path.exists, "the socket")
        first.process.kill()
        first.process.wait()
    assert path.exists()
    with Sluice(tmp_path / "second", config, ["--demo"], listen=None):

        def answers():
            try:
                with Connection.unix(path) as connection:
                    return chat(connection).status == 200
            except ConnectionRefusedError:
                return False

        wait_for(answers, "an answer over the new socket")


def test_ipv6(tmp_path):
    with Sluice(tmp_path, {}, ["--demo"], listen="[::1]:0") as sluice:
        assert sluice.post(CHAT.path(MODEL), CHAT.body(MODEL)).status == 200
        wait_for(lambda: re.search(r"\[?::1\]?:\d+", sluice.output().split("\n", 1)[1]), "the peer's address in the record")


def test_several_listeners(tmp_path):
    path = tmp_path / "s.sock"
    config = {"listen": ["127.0.0.1:0", "[::1]:0", f"unix:{path}"]}
    with Sluice(tmp_path / "sluice", config, ["--demo"], listen=None) as sluice:
        v4 = wait_for(lambda: re.search(r"http://127\.0\.0\.1:(\d+)", sluice.output()), "the IPv4 address")
        v6 = wait_for(lambda: re.search(r"http://\[::1\]:(\d+)", sluice.output()), "the IPv6 address")
        wait_for(path.exists, "the socket")
        for connect in [
            lambda: Connection.tcp("127.0.0.1", int(v4.group(1))),
            lambda: Connection.tcp("::1", int(v6.group(1))),
            lambda: Connection.unix(path),
        ]:
            with connect() as connection:
                assert chat(connection).status == 200


def test_address_taken(tmp_path, sluice):
    """Exit code 2, and a line with the address and what to do."""
    command = [BINARY, "--demo", "--workers", "1", "--listen", f"127.0.0.1:{sluice.port}"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30 * PATIENCE)
    assert ran.returncode == 2, ran
    assert str(sluice.port) in ran.stdout + ran.stderr


def test_the_recorded_address_is_the_last_that_a_trusted_proxy_vouched_for(tmp_path):
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}
    with Sluice(tmp_path, {"trusted_proxies": ["127.0.0.1/32", "10.0.0.0/8"]}, ["--demo"]) as sluice:
        for number, (fields, address) in enumerate([
            ([], "127.0.0.1"),
            (["203.0.113.7"], "203.0.113.7"),
            (["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
            (["1.2.3.4", "203.0.113.8"], "203.0.113.8"),  # the second line is the proxy's, the first unverified
            (["203.0.113.9", "10.1.1.1, 10.1.1.2"], "203.0.113.9"),
            (["", " , "], "127.0.0.1"),
        ]):
            headers = [("x-forwarded-for", value) for value in fields] + [("x-request-id", f"forwarded-{number}")]
            assert sluice.post("/v1/chat/completions", body, headers).status == 200
            line = wait_for(lambda: [one for one in sluice.output().splitlines() if f"request_id=forwarded-{number} " in one], "the record")[0]
            assert re.search(r" peer=(\S+)", line).group(1).rsplit(":", 1)[0] == address or f" peer={address} " in line, line
