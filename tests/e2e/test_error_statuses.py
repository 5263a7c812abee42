"""Each HTTP status that a target of each dialect fails with, as the official SDKs of the other dialects raise it: the class, the status,
the provider's words, the dialect's own word for the kind of error, and how long to wait."""

import http.server
import json
import threading

import anthropic
import ollama
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors

from support.process import Sluice

DIALECTS = ["openai", "responses", "anthropic", "gemini", "ollama"]
STATUSES = [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529]
WAIT_S = 7
OPENAI_CLASSES = {400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError", 404: "NotFoundError", 409: "ConflictError",
                  422: "UnprocessableEntityError", 429: "RateLimitError"}
OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 503: "overloaded_error", 529: "overloaded_error"}
ANTHROPIC_TYPES = {401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error", 408: "timeout_error",
                   413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 502: "api_error", 503: "overloaded_error",
                   504: "timeout_error", 529: "overloaded_error"}
GOOGLE_WORDS = {401: "UNAUTHENTICATED", 402: "FAILED_PRECONDITION", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 408: "DEADLINE_EXCEEDED",
                409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
                529: "UNAVAILABLE"}


def told_by(dialect, status):
    words = f"Words of {status}"
    if dialect == "anthropic":
        return {"type": "error", "error": {"type": ANTHROPIC_TYPES.get(status, "invalid_request_error"), "message": words}}
    if dialect == "gemini":
        error = {"code": status, "message": words, "status": GOOGLE_WORDS.get(status, "INVALID_ARGUMENT")}
        if status == 429:
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{WAIT_S}s"}]
        return {"error": error}
    if dialect == "ollama":
        return {"error": words}
    return {"error": {"message": words, "type": "some_type", "param": None, "code": None}}


class Failing(http.server.BaseHTTPRequestHandler):
    """Fails with the status that the question names: "Fail with 429"."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        status = int(text.split("Fail with ")[1][:3])
        body = json.dumps(told_by(self.server.dialect, status)).encode()
        self.send_response(status)
        if status == 429 and self.server.dialect != "gemini":
            self.send_header("retry-after", str(WAIT_S))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    servers, providers, models = [], {}, {}
    for dialect in DIALECTS:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing)
        server.dialect = dialect
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        base = f"http://127.0.0.1:{server.server_port}" + ("/v1" if dialect in ("openai", "responses") else "")
        providers[f"of-{dialect}"] = {"dialect": dialect, "base_url": base, "api_key": "none-needed-0123"}
        models[f"to-{dialect}"] = {"targets": [{"model": f"of-{dialect}/m"}], "retry": {"attempts": 1}}
    with Sluice(tmp_path_factory.mktemp("gateway"), {"providers": providers, "models": models}) as process:
        yield process
    for server in servers:
        server.shutdown()
        server.server_close()


def check_openai(error, status):
    assert type(error).__name__ == OPENAI_CLASSES.get(status, "InternalServerError" if status >= 500 else "APIStatusError")
    assert error.status_code == status and error.code
    assert error.type == OPENAI_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error") or error.type == "billing_error"
    return error.body["message"], error.response.headers


def check_anthropic(error, status):
    assert isinstance(error, anthropic.APIStatusError) and error.status_code == status
    expected = {400: "BadRequestError", 413: "ContentTooLargeError", 503: "ServiceUnavailableError", 504: "GatewayTimeoutError",
                529: "OverloadedError"} | {one: name for one, name in OPENAI_CLASSES.items() if one != 400}
    if status in expected:
        assert type(error).__name__ == expected[status]
    assert error.body["type"] == "error"
    assert error.body["error"]["type"] == ANTHROPIC_TYPES.get(status, "invalid_request_error")
    return error.body["error"]["message"], error.response.headers


def check_genai(error, status):
    told = 503 if status == 529 else status
    assert isinstance(error, genai_errors.ClientError if told < 500 else genai_errors.ServerError)
    assert error.code == told and error.status == GOOGLE_WORDS.get(status, "INVALID_ARGUMENT")
    if status == 429:
        assert error.details["error"]["details"][-1] == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{WAIT_S}s"}
    return error.message, error.response.headers


def ask(caller, url, model, question):
    if caller == "openai":
        openai.OpenAI(api_key="k", base_url=url + "/v1", max_retries=0).chat.completions.create(
            model=model, messages=[{"role": "user", "content": question}])
    elif caller == "responses":
        openai.OpenAI(api_key="k", base_url=url + "/v1", max_retries=0).responses.create(model=model, input=question)
    elif caller == "anthropic":
        anthropic.Anthropic(api_key="k", base_url=url, max_retries=0).messages.create(
            model=model, max_tokens=9, messages=[{"role": "user", "content": question}])
    elif caller == "gemini":
        client = genai.Client(api_key="k", http_options={"base_url": url})  # is closed once nothing refers to it
        client.models.generate_content(model=model, contents=question)
    else:
        ollama.Client(host=url).chat(model=model, messages=[{"role": "user", "content": question}])


@pytest.mark.parametrize("target", DIALECTS)
@pytest.mark.parametrize("caller", DIALECTS)
def test_statuses(gateway, caller, target):
    if caller == target:
        pytest.skip("the target's own bytes")
    for status in STATUSES:
        with pytest.raises(Exception) as raised:
            ask(caller, gateway.base_url, f"to-{target}", f"Fail with {status}")
        error = raised.value
        if caller == "ollama":
            assert isinstance(error, ollama.ResponseError) and error.status_code == status
            assert error.error == f"Words of {status}"
            continue
        check = {"anthropic": check_anthropic, "gemini": check_genai}.get(caller, check_openai)
        message, headers = check(error, status)
        assert message == f"Words of {status}"
        assert headers.get("retry-after") == (str(WAIT_S) if status == 429 else "1" if status == 503 and "retry-after" in headers else None)
        lasting = status in (400, 401, 402, 403, 404, 413, 422)
        assert headers.get("x-should-retry") == ("false" if lasting else None)
