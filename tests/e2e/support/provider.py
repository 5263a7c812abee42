"""A provider that a test scripts: an HTTP/1.1 peer on loopback, plain or TLS, that answers with any bytes."""

import asyncio
import contextlib
import ssl
import threading
from dataclasses import dataclass


@dataclass
class Request:
    method: str
    target: str
    headers: list  # of (lower-case name, value)
    body: bytes
    writer: object   # an asyncio.StreamWriter for the answer
    reader: object

    def header(self, name, default=None):
        return next((value for key, value in self.headers if key == name), default)

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body, status=200, content_type="application/json", headers=()):
        await self.send(head(status, [("content-type", content_type), ("content-length", str(len(body))), *headers]) + body)

    async def gone(self):
        """Returns after sluice has closed the connection."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while await self.reader.read(4096):
                pass


def head(status, headers):
    return (f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n").encode("latin-1")


class Provider:
    """Runs `handle(request)`, a coroutine function, for each request, on a separate thread. A connection is kept for
    the next request unless `handle` raises or returns False (then it is closed). `context`: an ssl.SSLContext, or
    None for plain TCP. Requests for its list of models are passed to `handle` only with `asked_for_models`."""

    def __init__(self, handle, context=None, host="127.0.0.1", asked_for_models=False):
        self.handle = handle
        self._asked_for_models = asked_for_models
        self.requests = []     # all whole requests
        self.failures = []     # of `handle`
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)  # some tests want handshakes to fail
        started = threading.Event()

        def run():
            asyncio.set_event_loop(self._loop)
            self._listener = self._loop.run_until_complete(
                asyncio.start_server(self._serve, host, 0, ssl=context, backlog=1024, limit=1 << 20)
            )
            started.set()
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        started.wait(10)
        self.port = self._listener.sockets[0].getsockname()[1]

    def event(self):
        """An event that `handle` can wait for; set it with `set`."""
        return self.call(self._make(asyncio.Event))

    async def _make(self, kind):
        return kind()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    def set(self, event):
        self._loop.call_soon_threadsafe(event.set)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close()
        if kind is None:
            assert not self.failures, self.failures

    def close(self):
        async def end():
            self._listener.close()
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()

        self.call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _serve(self, reader, writer):
        try:
            while True:
                request = await read_request(reader, writer)
                if request is None:
                    break
                if not self._asked_for_models and request.method == "GET" and request.header("user-agent", "").startswith("sluice/"):
                    await request.answer(b"", 404)
                    continue
                self.requests.append(request)
                if await self.handle(request) is False:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        except Exception as failure:  # reported to the test by __exit__
            self.failures.append(failure)
        finally:
            with contextlib.suppress(Exception):
                writer.close()


async def read_request(reader, writer):
    """None if the peer closes instead of sending a request."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise
        return None
    lines = raw[:-4].decode("latin-1").split("\r\n")
    method, target, version = lines[0].split(" ")
    assert version == "HTTP/1.1", lines[0]
    headers = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers.append((name.lower(), value.strip()))
    names = [name for name, _ in headers]
    body = b""
    if "transfer-encoding" in names:
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    elif "content-length" in names:
        body = await reader.readexactly(int(dict(headers)["content-length"]))
    return Request(method, target, headers, body, writer, reader)
