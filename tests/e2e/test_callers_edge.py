"""Behaviour towards callers that only the real program shows: how a cut answer ends on real sockets, that silent
peers are probed with TCP keep-alive, that descriptors are left for targets, and what the end of the grace period
looks like."""

import signal
import socket
import ssl

import pytest

from support.dialects import BY_NAME
from support.process import Sluice
from support.provider import Provider, head
from support.settings import PATIENCE, wait_for
from support.wire import Connection, Cut, chunk, request_bytes

CHAT = BY_NAME["openai"]


LARGE = 2 << 20


async def half_an_answer(request):
    """Of unknown length, and cut after more bytes than are held back until an answer is whole."""
    if request.header("x-whole"):
        await request.send(head(200, [("content-type", "application/json")]) + b'{"choices": []}')
    else:
        await request.send(head(200, [("content-type", "application/json")]) + b'{"choices": [' + b" " * LARGE)
    return False


def config_for(provider, **more):
    return {"providers": {"openai": {"base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "pk-edge"}}, **more}


def old_request(*headers):
    return request_bytes("POST", CHAT.path("openai/m"), list(headers), CHAT.body("openai/m")).replace(b"HTTP/1.1", b"HTTP/1.0", 1)


def read_to_the_end(sock):
    """Everything that arrives, and how it ends: "end", "reset", "no close_notify" or "silence"."""
    data = b""
    while True:
        try:
            piece = sock.recv(65536)
        except ssl.SSLEOFError:
            return data, "no close_notify"
        except (ConnectionResetError, ssl.SSLError):
            return data, "reset"
        except TimeoutError:
            return data, "silence"
        if not piece:
            return data, "end"
        data += piece


def test_a_cut_answer_is_reset_for_a_caller_of_http_1_0(tmp_path):
    with Provider(half_an_answer) as provider, Sluice(tmp_path, config_for(provider)) as sluice:
        with sluice.connect() as connection:
            connection.send(old_request())
            data, end = read_to_the_end(connection.socket)
        assert data.rstrip(b" ").endswith(b'{"choices": [') and end == "reset"
        with sluice.connect() as connection:
            connection.send(old_request(("x-whole", "1")))
            data, end = read_to_the_end(connection.socket)
        assert data.endswith(b'{"choices": []}') and end == "end"


def test_over_tls_it_ends_without_close_notify(tmp_path, authority):
    certificate, key = authority.leaf("edge")
    config = {"tls": {"cert_file": str(certificate), "key_file": str(key)}, "listen": ["127.0.0.1:0"]}
    context = ssl.create_default_context(cafile=str(authority.pem))
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    with Provider(half_an_answer) as provider, Sluice(tmp_path, config_for(provider, **config), listen=None) as sluice:
        import re
        port = int(wait_for(lambda: re.search(r"https://127\.0\.0\.1:(\d+)", sluice.output()), "the address").group(1))
        for whole in (False, True):
            with socket.create_connection(("127.0.0.1", port), 10 * PATIENCE) as raw:
                with context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False) as sock:
                    sock.sendall(old_request(*[("x-whole", "1")] if whole else []))
                    data, end = read_to_the_end(sock)
            assert data.rstrip(b" ").endswith(b"]}" if whole else b"[")
            assert end == "end" if whole else end in ("reset", "no close_notify")


def test_on_a_unix_socket_it_does_not_end(tmp_path):
    """A Unix socket has no reset: there the caller gives up."""
    path = tmp_path / "s.sock"
    with Provider(half_an_answer) as provider:
        with Sluice(tmp_path / "run", config_for(provider, listen=[f"unix:{path}", "127.0.0.1:0"]), listen=None) as sluice:
            import re
            found = wait_for(lambda: re.search(r"http://127\.0\.0\.1:(\d+)", sluice.output().replace(str(provider.port), "")), "the address")
            sluice.host, sluice.port = "127.0.0.1", int(found.group(1))
            with Connection.unix(path) as connection:
                connection.send(old_request())
                connection.socket.settimeout(1)
                data, end = read_to_the_end(connection.socket)
                assert data.rstrip(b" ").endswith(b'{"choices": [') and end == "silence"
            wait_for(lambda: sluice.metric("sluice_caller_connections") == 1, "it to be let go with its caller")


def keep_alive_timers(port):
    """How many established connections of `port` have the kernel's keep-alive timer (proc(5): timer_active is 2)."""
    timers = []
    for line in open("/proc/net/tcp").read().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "01" and int(fields[1].split(":")[1], 16) == port:
            timers.append(fields[5].startswith("02:"))
    return timers


def test_silent_peers_are_asked_whether_they_are_there(tmp_path):
    async def answer(request):
        peer = request.writer.get_extra_info("peername")[1]
        assert keep_alive_timers(peer) == [True]
        await request.answer(b'{"choices":[]}')

    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider)) as sluice:
        with sluice.connect() as connection:
            assert connection.exchange("POST", CHAT.path("openai/m"), body=CHAT.body("openai/m")).status == 200
            ours = connection.socket.getsockname()[1]
            peers = [line.split() for line in open("/proc/net/tcp").read().splitlines()[1:]]
            theirs = [one for one in peers if int(one[2].split(":")[1], 16) == ours and one[3] == "01"]
            assert len(theirs) == 1 and theirs[0][5].startswith("02:")


def test_idle_callers_leave_descriptors_for_targets(tmp_path):
    """With a limit of 64, idle callers took all descriptors, and callers with requests got 503."""
    async def answer(request):
        await request.answer(b'{"choices":[]}')

    wrapper = ["bash", "-c", 'ulimit -n 64; exec "$0" "$@"']
    with Provider(answer) as provider, Sluice(tmp_path, config_for(provider, workers=1), wrapper=wrapper) as sluice:
        callers = []
        for _ in range(100):
            sock = socket.socket()
            sock.settimeout(0.5 * PATIENCE)
            sock.connect((sluice.host, sluice.port))
            callers.append(Connection(sock))
        served = 0
        for caller in callers:
            caller.send(request_bytes("POST", CHAT.path("openai/m"), [], CHAT.body("openai/m")))
            try:
                assert caller.read_answer().status == 200
                served += 1
            except TimeoutError:
                break  # not accepted yet
        assert served >= 10
        for caller in callers[:served]:  # all of them simultaneously
            caller.send(request_bytes("POST", CHAT.path("openai/m"), [], CHAT.body("openai/m")))
        assert {caller.read_answer().status for caller in callers[:served]} == {200}
        for caller in callers:
            caller.socket.close()
        wait_for(lambda: sluice.get("/health").status == 200, "room again")


def test_a_stream_that_the_end_of_the_grace_cuts_says_so(tmp_path):
    async def answer(request):
        await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
        await request.send(chunk(b'data: {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": null}]}\n\n'))
        await request.gone()
        return False

    with Provider(answer) as provider:
        with Sluice(tmp_path, config_for(provider, shutdown_grace_s=1)) as sluice, sluice.connect() as connection:
            connection.send(request_bytes("POST", CHAT.path("openai/m"), [], CHAT.body("openai/m", stream=True)))
            started = connection.read_head()
            pieces = connection.read_body(started)
            assert b'"content": "a"' in next(pieces)
            sluice.process.send_signal(signal.SIGTERM)
            rest = b""
            with pytest.raises(Cut):
                for piece in pieces:
                    rest += piece
            assert b'"error"' in rest and b"shutting down" in rest
