"""Files with the official SDKs, against a provider that answers as real ones did when recorded: uploaded, listed,
used in a request, deleted. Large ones are not held in memory."""

import json
import re
import socketserver
import threading

import anthropic
import openai
import pytest
from google import genai

from support.process import Sluice
from support.provider import Provider
from support.settings import SANITIZED

KEY, PROVIDER_KEY = "ck-files-0123456789abcdef", "pk-files-0123456789abcdef"
CONTENT = b"what stands in the file\n" * 10_000  # more than is kept of a body that passes through

OPENAI_FILE = {"id": "file-6F2ksmvXxt4VdoqmHRw6kL", "object": "file", "bytes": len(CONTENT), "created_at": 1750000000, "filename": "notes.txt",
               "purpose": "user_data", "status": "processed", "expires_at": None, "status_details": None}
ANTHROPIC_FILE = {"type": "file", "id": "file_011CNha8iCJcU1wXNR6q4V8w", "filename": "notes.txt", "mime_type": "text/plain",
                  "size_bytes": len(CONTENT), "created_at": "2026-06-15T00:00:00Z", "downloadable": False}
GEMINI_FILE = {"name": "files/v9k2xq7ab3cd", "displayName": "notes.txt", "mimeType": "text/plain", "sizeBytes": str(len(CONTENT)),
               "createTime": "2026-06-15T00:00:00Z", "updateTime": "2026-06-15T00:00:00Z", "state": "ACTIVE", "sha256Hash": "YQ==",
               "uri": "https://generativelanguage.googleapis.com/v1beta/files/v9k2xq7ab3cd", "source": "UPLOADED"}
RESPONSE = {"id": "resp_68a1", "object": "response", "created_at": 1, "model": "gpt-x", "status": "completed", "output": [], "parallel_tool_calls": True,
            "tool_choice": "auto", "tools": []}
MESSAGE = {"id": "msg_01", "type": "message", "role": "assistant", "model": "claude-x", "content": [{"type": "text", "text": "read"}],
           "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
GENERATED = {"candidates": [{"content": {"role": "model", "parts": [{"text": "read"}]}, "finishReason": "STOP", "index": 0}]}
ANSWERS = [
    ("POST", r"/v1/files$", "openai", OPENAI_FILE),
    ("GET", r"/v1/files$", "openai", {"object": "list", "data": [OPENAI_FILE], "has_more": False}),
    ("DELETE", r"/v1/files/file-", "openai", {"id": OPENAI_FILE["id"], "object": "file", "deleted": True}),
    ("POST", r"/v1/responses$", "openai", RESPONSE),
    ("POST", r"/v1/files$", "anthropic", ANTHROPIC_FILE),
    ("GET", r"/v1/files$", "anthropic", {"data": [ANTHROPIC_FILE], "has_more": False, "first_id": None, "last_id": None}),
    ("DELETE", r"/v1/files/file_", "anthropic", {"id": ANTHROPIC_FILE["id"], "type": "file_deleted"}),
    ("POST", r"/v1/messages$", "anthropic", MESSAGE),
    ("GET", r"/v1\w*/files$", "gemini", {"files": [GEMINI_FILE]}),
    ("DELETE", r"/v1\w*/files/", "gemini", {}),
    ("POST", r"/v1\w*/models/gemini-x:generateContent$", "gemini", GENERATED),
]


class Files:
    def __init__(self):
        self.sent = b""  # of gemini's upload, whose pieces arrive separately
        self.port = 0

    async def answer(self, request):
        credentials = {value for name, value in request.headers if name in ("authorization", "x-api-key", "x-goog-api-key")}
        assert credentials in ({"Bearer " + PROVIDER_KEY}, {PROVIDER_KEY}), request.headers
        assert KEY not in request.target and "ticket" not in request.target
        path = request.target.split("?")[0]
        who = "anthropic" if request.header("anthropic-version") else "gemini" if request.header("x-goog-api-key") else "openai"
        if re.fullmatch(r"/upload/v1\w*/files", path):
            return await self.upload(request)
        for method, pattern, dialect, body in ANSWERS:
            if (method, dialect) == (request.method, who) and re.search(pattern, path):
                return await request.answer(json.dumps(body).encode())
        await request.answer(json.dumps({"error": {"message": f"unknown: {request.method} {request.target}"}}).encode(), status=404)

    async def upload(self, request):
        if request.header("x-goog-upload-command") == "start":
            address = f"http://127.0.0.1:{self.port}/upload/v1/files?upload_id=AB7&upload_protocol=resumable"
            return await request.answer(b"", headers=[("x-goog-upload-url", address), ("x-goog-upload-status", "active")])
        assert "upload_id=AB7" in request.target
        self.sent += request.body
        last = "finalize" in request.header("x-goog-upload-command")
        body = json.dumps({"file": GEMINI_FILE}).encode() if last else b""
        await request.answer(body, headers=[("x-goog-upload-status", "final" if last else "active")])


@pytest.fixture(scope="module")
def sluice(tmp_path_factory):
    files = Files()
    with Provider(files.answer) as provider:
        files.port = provider.port
        base = f"http://127.0.0.1:{provider.port}"
        config = {
            "keys": [{"name": "team", "key": KEY}],
            "providers": {
                "openai": {"base_url": base + "/v1", "api_key": PROVIDER_KEY},
                "anthropic": {"base_url": base, "api_key": PROVIDER_KEY},
                "gemini": {"base_url": base, "api_key": PROVIDER_KEY},
            },
        }
        with Sluice(tmp_path_factory.mktemp("sluice"), config) as process:
            process.provider, process.files = provider, files
            yield process


def uploaded(sluice, path):
    return next(request for request in sluice.provider.requests if (request.method, request.target) == ("POST", path) and CONTENT in request.body)


def test_openai(sluice):
    sdk = openai.OpenAI(api_key=KEY, base_url=sluice.base_url + "/v1", max_retries=0)
    file = sdk.files.create(file=("notes.txt", CONTENT), purpose="user_data")
    assert file.id == OPENAI_FILE["id"]
    assert uploaded(sluice, "/v1/files").header("content-type").startswith("multipart/form-data")
    assert [one.id for one in sdk.files.list()] == [file.id]
    asked = [{"role": "user", "content": [{"type": "input_file", "file_id": file.id}]}]
    assert sdk.responses.create(model="openai/gpt-x", input=asked).id == "resp_68a1"
    assert file.id.encode() in sluice.provider.requests[-1].body
    assert sdk.files.delete(file.id).deleted


def test_anthropic(sluice):
    sdk = anthropic.Anthropic(api_key=KEY, base_url=sluice.base_url, max_retries=0)
    files = getattr(sdk, "files", None) or sdk.beta.files
    before = len(sluice.provider.requests)
    file = files.upload(file=("notes.txt", CONTENT, "text/plain"))
    assert file.id == ANTHROPIC_FILE["id"]
    assert CONTENT in sluice.provider.requests[before].body
    assert [one.id for one in files.list()] == [file.id]
    part = {"type": "document", "source": {"type": "file", "file_id": file.id}}
    message = sdk.messages.create(model="anthropic/claude-x", max_tokens=9, messages=[{"role": "user", "content": [part]}])
    assert message.content[0].text == "read"
    assert file.id.encode() in sluice.provider.requests[-1].body
    assert files.delete(file.id).id == file.id


def test_gemini(sluice, tmp_path):
    (tmp_path / "notes.txt").write_bytes(CONTENT)
    with genai.Client(api_key=KEY, http_options={"base_url": sluice.base_url}) as sdk:
        file = sdk.files.upload(file=str(tmp_path / "notes.txt"))
        assert file.name == GEMINI_FILE["name"]
        assert sluice.files.sent == CONTENT
        assert [one.name for one in sdk.files.list()] == [file.name]
        answer = sdk.models.generate_content(model="gemini/gemini-x", contents=[file, "read it"])
        assert answer.text == "read"
        assert GEMINI_FILE["uri"].encode() in sluice.provider.requests[-1].body
        sdk.files.delete(name=file.name)


class Bulk(socketserver.StreamRequestHandler):
    """Discards uploads, and sends as much down."""

    def handle(self):
        while line := self.rfile.readline():
            fields = iter(lambda: self.rfile.readline().decode().rstrip(), "")
            left = int(dict(field.lower().split(": ", 1) for field in fields).get("content-length", 0))
            if line.startswith(b"POST"):
                while left:
                    left -= len(self.rfile.read(min(left, len(PIECE))))
                self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
                continue
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: %d\r\n\r\n" % SIZE)
            for _ in range(SIZE // len(PIECE)):
                self.wfile.write(PIECE)


SIZE, PIECE = 500_000_000, b"x" * 1_000_000


def test_500_mb_pass_without_being_held(tmp_path, report):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Bulk) as provider:
        provider.daemon_threads = True
        threading.Thread(target=provider.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{provider.server_address[1]}/v1"
        config = {"providers": {"openai": {"base_url": base, "api_key": PROVIDER_KEY}}, "limits": {"buffered_mb": 16, "body_mb": 1}}
        with Sluice(tmp_path, config) as sluice, sluice.connect(timeout_s=120) as connection:
            before = most = sluice.rss_kb()
            connection.send(b"POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % SIZE)
            for number in range(SIZE // len(PIECE)):
                connection.send(PIECE)
                most = max(most, sluice.rss_kb()) if number % 10 == 0 else most
            assert connection.read_answer().status == 200
            connection.send(b"GET /v1/files/file-large/content HTTP/1.1\r\nhost: localhost\r\n\r\n")
            answer = connection.read_head()
            came = 0
            for piece in connection.read_body(answer, False):
                came += len(piece)
            assert came == SIZE
            most = max(most, sluice.rss_kb())
        provider.shutdown()
    report(f"500 MB up and down: {most - before} kB more memory")
    if not SANITIZED:
        assert most - before < 16_000
