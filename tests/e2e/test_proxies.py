"""Behind nginx, HAProxy and Caddy, with the configurations in docs/operations.md: streams arrive as they are
produced, the access record has the caller's address, ids and large bodies pass. The callers are the official SDK."""

import json
import time

import httpx
import openai
import pytest

from support.provider import Provider, head
from support.proxies import Proxy
from support.process import Sluice
from support.settings import PATIENCE, wait_for
from support.wire import Connection, chunk, request_bytes

PROXIES = ["nginx", "haproxy", "caddy"]
CALLER = "127.0.0.2"  # the proxy is at 127.0.0.1
WORDS = ["one ", "two ", "three ", "four ", "five"]
KEY = "ck-proxies-0123456789"


def frame(word):
    return b"data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                                   "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}).encode() + b"\n\n"


class World:
    """A provider that sends the next word only after the caller has received the previous one, with a sluice and a
    proxy before it."""

    def __init__(self, name, folder, changes=()):
        self.provider = Provider(self.answer)
        self.permits = [self.provider.event() for _ in WORDS]
        self.fields = []
        config = {
            "workers": 1,
            "trusted_proxies": ["127.0.0.1"],
            "keys": [{"name": "team", "key": KEY}],
            "providers": {"openai": {"base_url": f"http://127.0.0.1:{self.provider.port}/v1", "api_key": "pk-proxies"}},
            "log": {"format": "json"},
        }
        self.sluice = Sluice(folder / "sluice", config)
        try:
            self.proxy = Proxy(name, folder / name, self.sluice.port, changes)
        except BaseException:
            self.provider.close()
            self.sluice.stop()
            raise
        self.sdk = openai.OpenAI(
            api_key=KEY, base_url=f"http://127.0.0.1:{self.proxy.port}/v1", max_retries=0, timeout=20 * PATIENCE,
            default_headers={"x-forwarded-for": "203.0.113.7"},  # the caller's claim must not be believed
            http_client=httpx.Client(transport=httpx.HTTPTransport(local_address=CALLER)),
        )

    async def answer(self, request):
        if json.loads(request.body).get("stream"):
            fields = [("content-type", "text/event-stream"), ("transfer-encoding", "chunked"), *self.fields]
            await request.send(head(200, fields))
            for word, permit in zip(WORDS, self.permits):
                await permit.wait()
                await request.send(chunk(frame(word)))
            await request.send(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        else:
            said = f"{len(request.body)} bytes"
            await request.answer(json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
                                             "choices": [{"index": 0, "message": {"role": "assistant", "content": said},
                                                          "finish_reason": "stop"}]}).encode(),
                                 headers=[("openai-processing-ms", "12"), ("x-ratelimit-remaining-requests", "99")])

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.sdk.close()
        self.proxy.__exit__(*error)
        self.sluice.__exit__(*error)
        self.provider.__exit__(*error)

    def ask(self, text, **options):
        return self.sdk.chat.completions.with_raw_response.create(model="openai/m", messages=[{"role": "user", "content": text}], **options)

    def stream_in_lockstep(self):
        """Each word is sent only after the previous one has arrived: a proxy that holds anything back causes the
        SDK's timeout."""
        self.provider.set(self.permits[0])
        raw = self.ask("Count", stream=True)
        said = []
        for part in raw.parse():
            if not part.choices:
                continue
            said.append(part.choices[0].delta.content)
            if len(said) < len(WORDS):
                self.provider.set(self.permits[len(said)])
        assert said == WORDS
        return raw

    def record(self, request_id):
        """The only access record with this id."""

        def found():
            lines = [line for line in self.sluice.output().splitlines() if line.startswith('{') and f'"{request_id}"' in line]
            records = [record for record in map(json.loads, lines) if record.get("type") == "access"]
            assert len(records) < 2, records
            return records

        return wait_for(found, f"the record of {request_id}")[0]


@pytest.fixture(params=PROXIES)
def world(request, tmp_path):
    with World(request.param, tmp_path) as made:
        made.name = request.param
        yield made


def test_streams_come_as_they_are_made(world, report):
    began = time.monotonic()
    raw = world.stream_in_lockstep()
    report(f"through {world.name}: {len(WORDS)} words, each sent when the one before had arrived, in {time.monotonic() - began:.2f} s")
    record = world.record(raw.headers["x-request-id"])
    assert record["stream"] is True and record["outcome"] == "ok"
    assert record["peer"] == CALLER, "the proxy's address, or what the caller said"


def test_requests_pass(world):
    raw = world.ask("Hello", extra_headers={"x-request-id": "caller-id-1"})
    assert raw.headers["x-request-id"] == "caller-id-1"
    assert raw.headers["sluice-target"] == "openai/m"
    assert raw.headers["openai-processing-ms"] == "12" and raw.headers["x-ratelimit-remaining-requests"] == "99"
    record = world.record("caller-id-1")
    assert record["peer"] == CALLER and record["key"] == "team"
    unnamed = world.ask("Hello").headers["x-request-id"]
    assert world.record(unnamed)["peer"] == CALLER


def test_large_bodies_pass(world):
    """20 MB; anything above limits.body_mb is rejected by sluice, in the caller's dialect."""
    text = "x" * 20_000_000
    said = world.ask(text).parse().choices[0].message.content
    assert int(said.split()[0]) > len(text)
    with pytest.raises(openai.APIStatusError) as refused:
        world.ask("x" * (33 << 20))
    assert refused.value.status_code == 413 and refused.value.body["type"], refused.value.response.text


def test_errors_pass(world):
    with pytest.raises(openai.NotFoundError, match="nonesuch"):
        world.sdk.chat.completions.create(model="nonesuch/m", messages=[{"role": "user", "content": "Hello"}])


def test_pages_of_its_own_stay_inside(world):
    """However the path is spelled, sluice's pages are not visible from outside: the proxy answers 404."""

    def outside(path):
        with Connection.tcp("127.0.0.1", world.proxy.port) as connection:
            fields = [("authorization", f"Bearer {KEY}")]
            connection.send(request_bytes("GET", path, fields, host=f"127.0.0.1:{world.proxy.port}"))
            return connection.read_answer()

    for name in ["metrics", "openapi.json", "admin", "admin/limits", "admin/exchanges", "ui"]:
        for path in [f"/{name}", f"/{name}/", f"//{name}", f"/%{ord(name[0]):02x}{name[1:]}", f"/{name}?a=/v1/models"]:
            answer = outside(path)
            assert answer.status == 404, (path, answer)
            assert answer.header("sluice-target") is None and answer.header("x-request-id") is None, (path, "sluice was asked")
    for name in ["metrics", "openapi.json"]:
        inside = world.sluice.get(f"/{name}", [("authorization", f"Bearer {KEY}")])
        assert inside.status == 200, name
    assert outside("/v1/models").status == 200


def test_nginx_as_it_comes_does_not_hold_streams_back(tmp_path):
    """Buffering, and HTTP/1.0 to sluice: the x-accel-buffering field that sluice adds to streams makes the
    difference."""
    as_it_comes = [("            proxy_http_version 1.1;\n", ""), ("            proxy_buffering off;\n", "")]
    with World("nginx", tmp_path / "heeds", as_it_comes) as world:
        world.stream_in_lockstep()
    deaf = [as_it_comes[0], ("proxy_buffering off;", "proxy_ignore_headers X-Accel-Buffering;")]
    with World("nginx", tmp_path / "ignores", deaf) as world:
        world.sdk = world.sdk.with_options(timeout=2 * PATIENCE)
        with pytest.raises(openai.APITimeoutError):
            world.stream_in_lockstep()


@pytest.mark.parametrize("theirs", [None, "yes"])
def test_streams_say_that_they_are_not_to_be_buffered(tmp_path, theirs):
    """Streams only; the target's field takes precedence if it sends one."""
    world = World.__new__(World)
    with Provider(world.answer) as provider:
        world.permits = [provider.event() for _ in WORDS]
        world.fields = [("x-accel-buffering", theirs)] if theirs else []
        for permit in world.permits:
            provider.set(permit)
        config = {"providers": {"openai": {"base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "pk-proxies"}}}
        with Sluice(tmp_path, config) as sluice:
            body = {"model": "openai/m", "messages": [{"role": "user", "content": "Hello"}]}
            plain = sluice.post("/v1/chat/completions", body)
            assert plain.status == 200 and plain.header("x-accel-buffering") is None
            stream = sluice.post("/v1/chat/completions", body | {"stream": True})
            assert [value for name, value in stream.headers if name == "x-accel-buffering"] == [theirs or "no"]
