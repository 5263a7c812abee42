#!/usr/bin/env python3
"""Checks that what is about to be measured is a proxy. check.py PROXY [ARGUMENT...] drives it against an origin that
can misbehave."""
import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time

BIG = bytes(range(256)) * 16384  # 4 MiB
PATIENCE_S = 20


def read_head(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = stream.read(1)
        if not byte:
            return None
        head += byte
    return head


def read_body(stream, head):
    if b"transfer-encoding: chunked" in head.lower():
        body = b""
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
        return body
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return stream.read(int(length[1])) if length else b""


def sized(body, more=b""):
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (more, len(body), body)


def chunk(body):
    return b"%x\r\n%s\r\n" % (len(body), body)


class Origin:
    """Answers by path; counts its connections."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.go_on = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        stream = peer.makefile("rb")
        with peer, contextlib.suppress(OSError):
            while head := read_head(stream):
                path = head.split()[1]
                if path == b"/early":
                    peer.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno")
                    time.sleep(0.2)
                    return
                body = read_body(stream, head)
                if path == b"/echo":
                    peer.sendall(sized(head + body, b"Keep-Alive: timeout=5\r\nX-Empty:\r\nX-Kept: yes\r\n"))
                elif path == b"/big":
                    peer.sendall(sized(BIG))
                elif path == b"/head":
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                elif path == b"/none":
                    peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                elif path == b"/hint":
                    peer.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + sized(b"hinted"))
                elif path == b"/frames":
                    peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"one"))
                    self.go_on.wait(PATIENCE_S)
                    peer.sendall(chunk(b"two") + b"0\r\n\r\n")
                elif path == b"/until-end":
                    peer.sendall(b"HTTP/1.1 200 OK\r\n\r\nto the end")
                    return
                elif path == b"/cut":
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut")
                    return
                else:
                    return


class Check:
    def __init__(self, command):
        self.origin = Origin()
        self.proxy = subprocess.Popen([command[0], str(self.origin.port), *command[1:]], stdout=subprocess.PIPE)
        self.port = int(self.proxy.stdout.readline().split()[1])

    @contextlib.contextmanager
    def connection(self):
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as peer:
            yield peer, peer.makefile("rb")

    def ask(self, request):
        with self.connection() as (peer, stream):
            peer.sendall(request)
            head = read_head(stream)
            return head, read_body(stream, head)

    def test_fields(self):
        head, body = self.ask(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, X-Own\r\nX-Own: 1\r\nTE: trailers\r\n"
                              b"X-Other: 2\r\nContent-Length: 4\r\n\r\nbody")
        assert body.startswith(b"POST /echo HTTP/1.1\r\n") and body.endswith(b"\r\n\r\nbody"), body
        assert b"X-Other: 2\r\n" in body and b"X-Own" not in body and b"TE:" not in body and b"Connection" not in body, body
        assert b"X-Kept: yes\r\n" in head and b"X-Empty: \r\n" in head and b"Keep-Alive" not in head, head

    def test_chunked_request(self):
        _, body = self.ask(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
        assert body.endswith(b"\r\n\r\nabcde"), body

    def test_in_pieces(self):
        with self.connection() as (peer, stream):
            for byte in b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody":
                peer.sendall(bytes([byte]))
                time.sleep(0.001)
            assert read_body(stream, read_head(stream)).endswith(b"body")

    def test_pipelined(self):
        with self.connection() as (peer, stream):
            peer.sendall(b"".join(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n%d" % i for i in range(9)))
            for i in range(9):
                assert read_body(stream, read_head(stream)).endswith(b"%d" % i)

    def test_reuse(self):
        before = self.origin.connections
        for _ in range(20):
            self.ask(b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert self.origin.connections <= before + 1, self.origin.connections

    def test_close(self):
        with self.connection() as (peer, stream):
            peer.sendall(b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            read_body(stream, read_head(stream))
            assert stream.read() == b""

    def test_big_both_ways(self):
        with self.connection() as (peer, stream):
            sender = threading.Thread(target=peer.sendall, args=(
                b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(BIG) + BIG,))
            sender.start()
            assert read_body(stream, read_head(stream)).endswith(BIG)
            sender.join()
            peer.sendall(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.3)  # let all buffers on the way fill up
            assert read_body(stream, read_head(stream)) == BIG

    def test_memory_is_bounded(self):
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(self.connection()) for _ in range(20)]
            for peer, _ in peers:
                peer.sendall(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(1)
            with open(f"/proc/{self.proxy.pid}/status", encoding="ascii") as status:
                rss_kb = int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])
            assert rss_kb < 40 * 1024, rss_kb  # 20 answers of 4 MiB

    def test_bodiless(self):
        with self.connection() as (peer, stream):
            for method, path in (b"HEAD", b"/head"), (b"GET", b"/none"), (b"GET", b"/echo"):
                peer.sendall(method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
                head = read_head(stream)
            assert read_body(stream, head).startswith(b"GET /echo")

    def test_informational(self):
        with self.connection() as (peer, stream):
            peer.sendall(b"GET /hint HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read_head(stream).startswith(b"HTTP/1.1 103 ")
            assert read_body(stream, read_head(stream)) == b"hinted"

    def test_not_buffered(self):
        self.origin.go_on.clear()
        with self.connection() as (peer, stream):
            peer.sendall(b"GET /frames HTTP/1.1\r\nHost: localhost\r\n\r\n")
            read_head(stream)
            assert stream.readline() + stream.readline() == b"3\r\none\r\n"
            self.origin.go_on.set()
            assert stream.read(13) == b"3\r\ntwo\r\n0\r\n\r\n"

    def test_ends(self):
        assert self.ask(b"GET /until-end HTTP/1.1\r\nHost: localhost\r\n\r\n")[1] == b"to the end"
        assert self.ask(b"GET /cut HTTP/1.1\r\nHost: localhost\r\n\r\n")[1] == b"cut"
        assert self.ask(b"GET /gone HTTP/1.1\r\nHost: localhost\r\n\r\n")[0].startswith(b"HTTP/1.1 502 ")
        assert self.ask(b"POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nbo") == (
            b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n", b"no")
        assert self.ask(b"GET /echo HTTP/1.1\r\nbad line\r\n\r\n")[0].startswith(b"HTTP/1.1 400 ")
        assert self.ask(b"GET /echo HTTP/1.0\r\n\r\n")[0].startswith(b"HTTP/1.1 400 ")

    def test_descriptors_come_back(self):
        def count():
            return len(os.listdir(f"/proc/{self.proxy.pid}/fd"))
        before = count()
        for _ in range(50):
            with self.connection() as (peer, _):
                peer.sendall(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nbo")
        self.ask(b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n")  # once this is answered, all of them have been accepted
        deadline = time.monotonic() + PATIENCE_S
        while (now := count()) > before + 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert now <= before + 3, (before, now)  # 3: the last of them, and one more to the origin

    def test_no_origin(self):
        self.origin.listener.shutdown(socket.SHUT_RDWR)
        self.origin.listener.close()
        with contextlib.ExitStack() as stack:  # more than may be idle
            heads = []
            for _ in range(40):
                peer, stream = stack.enter_context(self.connection())
                peer.sendall(b"POST /gone HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab")
                heads.append(read_head(stream))
        assert all(head.startswith(b"HTTP/1.1 502 ") for head in heads), heads

    def run(self):
        try:
            for name in [name for name in vars(Check) if name.startswith("test_")]:
                getattr(self, name)()
                assert self.proxy.poll() is None, f"{name}: it ended"
        finally:
            self.proxy.kill()
            self.proxy.wait()


if __name__ == "__main__":
    Check(sys.argv[1:]).run()
    print(f"{' '.join(sys.argv[1:])}: in order")
