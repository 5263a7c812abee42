"""A caller on a plain socket: sends exactly the given bytes, and reads answers strictly."""

import json
import socket
from dataclasses import dataclass, field

from .settings import PATIENCE


class Cut(Exception):
    """The connection ended in the middle of an answer; `partial` is what arrived of it (an Answer or None)."""

    def __init__(self, message, partial=None):
        super().__init__(message)
        self.partial = partial


@dataclass
class Answer:
    status: int
    reason: str
    headers: list  # of (lower-case name, value), in order
    body: bytes = b""
    raw_head: bytes = b""
    interim: list = field(default_factory=list)  # statuses of 1xx before it

    def header(self, name, default=None):
        return next((value for key, value in self.headers if key == name), default)

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode()


def request_bytes(method, path, headers=(), body=None, host="localhost"):
    """A request with Host and, for a body, content-type and content-length. `body`: bytes, or a value to be sent as
    JSON."""
    fields = [("host", host), *headers]
    if body is not None:
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        names = {name.lower() for name, _ in fields}
        if "content-type" not in names:
            fields.append(("content-type", "application/json"))
        if "transfer-encoding" not in names and "content-length" not in names:
            fields.append(("content-length", str(len(body))))
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    return head.encode("latin-1") + (body or b"")


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Connection:
    def __init__(self, sock):
        self.socket = sock
        self._held = b""  # read but not consumed yet

    @classmethod
    def tcp(cls, host, port, timeout_s=15, receive_buffer=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(timeout_s * PATIENCE)
        sock.connect((host, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock)

    @classmethod
    def unix(cls, path, timeout_s=15):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout_s * PATIENCE)
        sock.connect(str(path))
        return cls(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def exchange(self, method, path, headers=(), body=None):
        self.send(request_bytes(method, path, headers, body))
        return self.read_answer(head_only=method == "HEAD")

    def read_answer(self, head_only=False):
        answer = self.read_head()
        for piece in self.read_body(answer, head_only):
            answer.body += piece
        return answer

    def read_head(self):
        interim = []
        while True:
            raw = self._until(b"\r\n\r\n")
            lines = raw[:-4].decode("latin-1").split("\r\n")
            version, status, reason = (lines[0] + " ").split(" ", 2)
            assert version == "HTTP/1.1" and len(status) == 3, lines[0]
            headers = []
            for line in lines[1:]:
                name, colon, value = line.partition(":")
                assert colon and name and name == name.strip(), line
                headers.append((name.lower(), value.strip()))
            if 100 <= int(status) < 200 and int(status) != 101:
                interim.append(int(status))
                continue
            return Answer(int(status), reason.strip(), headers, raw_head=raw, interim=interim)

    def read_body(self, answer, head_only=False):
        """Yields the body as it arrives. Raises Cut if it ends too early; `answer` collects the body too."""
        seen = b""
        try:
            for piece in self._body(answer, head_only):
                seen += piece if len(seen) < 1 << 20 else b""
                yield piece
        except Cut as cut:
            answer.body = seen
            raise Cut(str(cut), answer) from None

    def _body(self, answer, head_only):
        length, coding = answer.header("content-length"), answer.header("transfer-encoding")
        assert not (length and coding), answer.headers
        if head_only or answer.status in (204, 304):
            return
        if coding:
            assert coding == "chunked", coding
            while True:
                size = int(self._until(b"\r\n")[:-2], 16)
                if size == 0:
                    assert self._until(b"\r\n") == b"\r\n", "trailers"
                    return
                yield self._exactly(size)
                assert self._exactly(2) == b"\r\n"
        elif length is not None:
            left = int(length)
            while left:
                piece = self._some(left)
                left -= len(piece)
                yield piece
        else:
            while piece := self._take_or_receive(65536):
                yield piece

    def at_end(self):
        """Waits for the peer to close or for a byte; returns whether it closed."""
        if self._held:
            return False
        try:
            self._held = self.socket.recv(65536)
        except ConnectionResetError:
            return True
        return not self._held

    def _take_or_receive(self, most):
        if not self._held:
            try:
                self._held = self.socket.recv(65536)
            except ConnectionResetError:
                raise Cut("reset") from None
        taken, self._held = self._held[:most], self._held[most:]
        return taken

    def _some(self, most):
        piece = self._take_or_receive(most)
        if not piece:
            raise Cut("closed in the middle of an answer")
        return piece

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            data += self._some(size - len(data))
        return data

    def _until(self, mark):
        data = b""
        while mark not in data:
            piece = self._take_or_receive(65536)
            if not piece:
                raise Cut("closed before an answer" if not data else "closed in the middle of a head")
            data += piece
        end = data.index(mark) + len(mark)
        self._held = data[end:] + self._held
        return data[:end]


def sse_data(body):
    """The data of each event of a text/event-stream body."""
    events = []
    for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
        data = [line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:")]
        if data:
            events.append(b"\n".join(data))
    return events
