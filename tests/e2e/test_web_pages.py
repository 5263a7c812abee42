"""Web pages: none may use a sluice without keys, and those in cors.origins may call sluice and read its answers."""

import json

from support.process import Sluice
from support.settings import wait_for
from support.wire import Connection

CHAT = "/v1/chat/completions"
QUESTION = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}
PAGE = "http://localhost:3000"


def ask(sluice, method, path, headers, body=None, host="localhost"):
    with sluice.connect() as connection:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        body = b"" if body is None else json.dumps(body).encode()
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        connection.send(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{length}{lines}\r\n".encode() + body)
        return connection.read_answer()


def test_a_page_cannot_use_a_sluice_without_keys(tmp_path):
    with Sluice(tmp_path, {}, ["--demo"]) as sluice:
        text = [("content-type", "text/plain")]
        foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), *text]
        for path, body in ((CHAT, QUESTION), ("/admin/log-level", {"level": "error"}), ("/admin/reload", {})):
            for headers in (foreign, [("origin", "null"), *text], [("sec-fetch-site", "cross-site"), *text]):
                answer = ask(sluice, "POST", path, headers, body)
                assert answer.status == 403, (path, headers, answer.status)
                assert "cors" in answer.text()
        for path in ("/v1/models", "/metrics", "/admin/exchanges", "/openapi.json", "/"):
            answer = ask(sluice, "GET", path, [], host="rebound.example:8000")
            assert answer.status == 403 and '\\"hosts\\"' in answer.text()
        assert ask(sluice, "GET", "/ready", [], host="10.0.0.7").status == 200
        assert ask(sluice, "POST", CHAT, text, QUESTION).status == 200
        port = sluice.port
        own = [("origin", f"http://localhost:{port}"), ("sec-fetch-site", "same-origin")]
        assert ask(sluice, "POST", CHAT, own, QUESTION, host=f"localhost:{port}").status == 200
        assert json.loads(sluice.get("/admin/log-level").body)["level"] == "info"
        assert ask(sluice, "GET", "/admin/log-level", [("via", "1.1 tunnel")]).status == 403
        preflight = [("origin", PAGE), ("access-control-request-method", "POST")]
        assert ask(sluice, "OPTIONS", CHAT, preflight).status == 403
        plain = ask(sluice, "OPTIONS", CHAT, [])
        assert plain.status == 405 and plain.header("allow") == "POST, GET"


def test_a_unix_socket_takes_any_host(tmp_path):
    path = tmp_path / "s.sock"
    with Sluice(tmp_path, {"hosts": ["gateway.lan"]}, ["--demo", "--listen", f"unix:{path}"]) as sluice:
        with Connection.unix(str(path)) as connection:
            connection.send(b"GET /v1/models HTTP/1.1\r\nHost: anything\r\n\r\n")
            assert connection.read_answer().status == 200
        assert ask(sluice, "GET", "/v1/models", [], host="gateway.lan:80").status == 200


def test_listed_pages_may_call_with_a_key(tmp_path):
    key = "key-of-page-0123456789"
    config = {"keys": [{"name": "page", "key": key}], "cors": {"origins": [PAGE]}}
    with Sluice(tmp_path, config, ["--demo"]) as sluice:
        preflight = ask(sluice, "OPTIONS", CHAT, [("origin", PAGE), ("access-control-request-method", "POST"),
                                                  ("access-control-request-headers", "authorization, content-type, x-stainless-os")])
        assert preflight.status == 204 and preflight.header("content-length") is None
        assert preflight.header("access-control-allow-origin") == PAGE and preflight.header("date").endswith(" GMT")
        assert "POST" in preflight.header("access-control-allow-methods")
        assert preflight.header("access-control-allow-headers") == "authorization, content-type, x-stainless-os"
        assert int(preflight.header("access-control-max-age")) > 0
        assert "origin" in preflight.header("vary").lower()
        page, bearer = ("origin", PAGE), ("authorization", f"Bearer {key}")
        for answer, status in (
            (ask(sluice, "POST", CHAT, [page, bearer], QUESTION), 200),
            (ask(sluice, "POST", CHAT, [page, bearer], {**QUESTION, "stream": True}), 200),
            (ask(sluice, "POST", CHAT, [page], QUESTION), 401),
            (ask(sluice, "GET", "/v1/models", [page, bearer]), 200),
            (ask(sluice, "GET", "/v1/models", [page]), 401),
            (ask(sluice, "GET", "/nowhere", [page, bearer]), 404),
            (ask(sluice, "POST", CHAT, [page, bearer, ("transfer-encoding", "gzip")]), 400),
        ):
            assert answer.status == status, answer
            assert answer.header("access-control-allow-origin") == PAGE, answer
            assert "retry-after" in answer.header("access-control-expose-headers")
            assert answer.header("vary") == "Origin"
        other = ask(sluice, "POST", CHAT, [("origin", "https://evil.example"), bearer], QUESTION)
        assert other.status == 200 and other.header("access-control-allow-origin") is None
        refused = ask(sluice, "OPTIONS", CHAT, [("origin", "https://evil.example"), ("access-control-request-method", "POST")])
        assert refused.status == 403 and "cors" in refused.text()


def test_any_origin_needs_keys(tmp_path):
    star = {"cors": {"origins": ["*"]}}
    with Sluice(tmp_path, {**star, "keys": [{"name": "page", "key": "key-of-page-0123456789"}]}, ["--demo"]) as sluice:
        wait_for(lambda: "cors.origins: *" in sluice.output(), "the warning")
        answer = ask(sluice, "OPTIONS", CHAT, [("origin", "https://any.example"), ("access-control-request-method", "POST")])
        assert answer.status == 204 and answer.header("access-control-allow-origin") == "*"
