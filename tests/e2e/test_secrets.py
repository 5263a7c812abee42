"""Secrets planted in requests and configuration appear nowhere: not in the log at its most verbose level, not on
/metrics, not in error answers or their heads. A caller's key never reaches a target, nor a provider's key a caller."""

import json

import pytest

from support.dialects import DIALECTS
from support.process import Sluice
from support.provider import Provider
from support.wire import Cut, request_bytes

CALLER = "ck-planted-7f3a9c51e2d84b60"
WRONG = "ck-unknown-51e2d84b607f3a9c"
PROVIDER = "pk-planted-60b48d2e15c9a3f7"
HEADER = "hv-planted-c9a3f760b48d2e15"
SECRETS = [CALLER, WRONG, PROVIDER, HEADER]


def percent_encoded(text):
    return "".join(f"%{ord(character):02x}" for character in text)


async def answer(request):
    if "refuse" in (request.header("x-wish") or ""):
        # Like real providers: the error quotes the key it got, and the URL that it would be in.
        message = f"no such key: {PROVIDER}; see https://x/?key={percent_encoded(PROVIDER)} of {HEADER}"
        return await request.answer(json.dumps({"error": {"message": message, "type": "x", "code": None, "param": None}}).encode(), 401)
    if "break" in (request.header("x-wish") or ""):
        await request.send(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\ncontent-type: application/json\r\n\r\n{\"cut")
        return False
    if "garbage" in (request.header("x-wish") or ""):
        await request.send(b"not HTTP at all " + request.header("authorization", "").encode() + b"\r\n\r\n")
        return False
    await request.answer(b'{"choices": []}')


def requests_with_secrets():
    """(name, bytes): valid and invalid requests of every kind, each with a secret somewhere."""
    for dialect in DIALECTS:
        model = f"{dialect.name}/m"
        for key in (CALLER, WRONG):
            for wish in ("", "refuse", "break", "garbage"):
                headers = [*dialect.credential(key), ("x-wish", wish)]
                yield f"{dialect.name} {wish}", request_bytes("POST", dialect.path(model), headers, dialect.body(model))
            yield f"{dialect.name} unknown model", request_bytes(
                "POST", dialect.path("nonesuch/m"), dialect.credential(key), dialect.body("nonesuch/m"))
            yield f"{dialect.name} bad body", request_bytes("POST", dialect.path(model), dialect.credential(key), b'{"model": ')
            yield f"{dialect.name} bad method", request_bytes("DELETE", dialect.path(model), dialect.credential(key))
            yield f"{dialect.name} every way", request_bytes(
                "POST", dialect.path(model) + ("?key=" + key),
                [("authorization", f"Bearer {key}"), ("x-api-key", key), ("x-goog-api-key", key), ("api-key", key)], dialect.body(model))
    for key in (CALLER, WRONG):
        authorization = [("authorization", f"Bearer {key}")]
        yield "unknown path", request_bytes("GET", f"/nowhere/at/all?key={key}", authorization)
        yield "unknown path, key in the middle", request_bytes("GET", f"/v1/model?a=b&key={key}&c=d")
        yield "models", request_bytes("GET", f"/v1beta/models?key={key}")
        yield "other scheme", request_bytes("GET", "/v1/models", [("authorization", f"Basic {key}")])
        yield "percent-encoded", request_bytes("GET", "/v1/models?key=" + percent_encoded(key))
        yield "two Hosts", f"GET /v1/models?key={key} HTTP/1.1\r\nHost: localhost\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
        yield "no version", f"GET /v1/models?key={key}\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
        yield "bare LF", f"GET /v1/models HTTP/1.1\nAuthorization: Bearer {key}\n\n".encode()
        yield "bad field", f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization {key}\r\n\r\n".encode()
        yield "bad length", f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: {key}\r\nContent-Length: {key}\r\n\r\n".encode()
        yield "head too large", request_bytes("GET", "/v1/models", [*authorization, ("x-long", "a" * 70000)])
        yield "target too long", request_bytes("GET", f"/v1/models?key={key}&x=" + "a" * 9000, authorization)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_secret_gets_out(tmp_path, log_format):
    with Provider(answer) as provider:
        config = {
            "keys": [{"name": "team", "key": "${CALLER_KEY}"}],
            "providers": {
                dialect.name: {
                    "dialect": dialect.name,
                    "base_url": f"http://127.0.0.1:{provider.port}{dialect.base_path}",
                    "api_key": "${PROVIDER_KEY}",
                    "headers": {"x-team-token": "${HEADER_VALUE}"},
                }
                for dialect in DIALECTS
            },
        }
        environment = {"CALLER_KEY": CALLER, "PROVIDER_KEY": PROVIDER, "HEADER_VALUE": HEADER}
        sluice = Sluice(tmp_path, config, ["--log-level", "trace", "--log-format", log_format], environment)
        seen, statuses = [], set()
        with sluice:
            for what, data in requests_with_secrets():
                with sluice.connect() as connection:
                    connection.send(data)
                    try:
                        got = connection.read_answer()
                    except Cut as cut:  # the target broke off in the middle
                        got = cut.partial
                    if got is not None:
                        statuses.add(got.status)
                        seen.append((f"answer to: {what}", got.raw_head + got.body))
            seen.append(("/metrics", sluice.get("/metrics", [("authorization", f"Bearer {CALLER}")]).body))
        seen.append(("stdout", sluice.output().encode()))
        seen.append(("stderr", sluice.errors().encode()))
        for where, text in seen:
            for secret in [*SECRETS, *map(percent_encoded, SECRETS)]:
                assert secret.encode() not in text, f"{secret} in {where}: {text[:2000]!r}"
        assert {200, 400, 401, 404, 405, 414, 431, 502} <= statuses, statuses
        # The keys were used for their purpose, and only for that.
        assert provider.requests
        for request in provider.requests:
            whole = f"{request.target} {request.headers} {request.body}"
            assert CALLER not in whole and WRONG not in whole, whole
            assert PROVIDER in whole and HEADER in whole, whole
