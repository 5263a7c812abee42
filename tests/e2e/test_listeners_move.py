"""A reload could not move a listener from 127.0.0.1:P to 0.0.0.0:P ("address already in use", by sluice itself), and
connections from a removed listener were still served, under the new configuration's rules for other listeners."""

import json
import os
import socket
import threading

import pytest

from support.process import Sluice
from support.proxies import free_port
from support.reload import reload
from support.settings import wait_for
from support.wire import Connection, Cut

KEY = "key-of-a-0123456789"
MODEL = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}


def config_at(*listen, keys=True, **more):
    config = {"listen": list(listen), "workers": 2, "providers": {"demo": {"dialect": "openai", "base_url": "demo:"}}, "models": {"fast": "demo/demo"}}
    return config | ({"keys": [{"name": "a", "key": KEY}]} if keys else {}) | more


def answers(port, host="127.0.0.1"):
    try:
        with Connection.tcp(host, port, timeout_s=5) as connection:
            return connection.exchange("GET", "/health").status == 200
    except (OSError, Cut):
        return False


def started(folder, config, port):
    sluice = Sluice(folder, config, listen=None)
    sluice.host, sluice.port = "127.0.0.1", port
    wait_for(lambda: answers(port), "the first listener")
    return sluice


class Callers:
    """Callers that come one after another, each on a new connection; every one should be answered."""

    def __init__(self, port):
        self.port, self.answered, self.failed, self.over = port, 0, [], threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.over.is_set():
            try:
                with Connection.tcp("127.0.0.1", self.port, timeout_s=5) as connection:
                    assert connection.exchange("GET", "/health").status == 200
                self.answered += 1
            except (OSError, Cut, AssertionError) as error:
                self.failed.append(repr(error))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_a_listener_moves_to_all_addresses_and_back(tmp_path, report):
    port = free_port()
    narrow, wide = f"127.0.0.1:{port}", f"0.0.0.0:{port}"
    with started(tmp_path, config_at(narrow), port) as sluice, Connection.tcp("127.0.0.1", port) as kept, Callers(port) as callers:
        assert kept.exchange("GET", "/health").status == 200
        reload(sluice, config_at(wide))
        assert answers(port) and answers(port, "127.0.0.2")
        assert kept.exchange("GET", "/health").status == 200  # it would be admitted now too
        seen = callers.answered
        wait_for(lambda: callers.answered > seen + 20, "callers to go on")
        reload(sluice, config_at(narrow))
        wait_for(lambda: not answers(port, "127.0.0.2"), "the wide one to be gone")
        assert kept.at_end()  # came in by a listener that is gone, as far as can be known
        for _ in range(5):
            reload(sluice, config_at(wide))
            reload(sluice, config_at(f"localhost:{port}"))
            reload(sluice, config_at(narrow))
        seen = callers.answered
        wait_for(lambda: callers.answered > seen + 20, "callers to go on")
    # On the way back, callers waiting in the wide listener's queue are reset; none is refused.
    report(f"17 moves of a listener: {callers.answered} connections answered, {len(callers.failed)} lost")
    assert not [failure for failure in callers.failed if "refused" in failure], callers.failed


def test_a_listener_that_cannot_move_stays(tmp_path):
    port, taken = free_port(), socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    other = taken.getsockname()[1]
    with taken, started(tmp_path, config_at(f"127.0.0.1:{port}"), port) as sluice, Connection.tcp("127.0.0.1", port) as kept:
        reload(sluice, config_at(f"0.0.0.0:{port}", f"127.0.0.1:{other}"), "the old configuration stays in force")
        assert "address already in use" in sluice.output()
        assert kept.exchange("GET", "/health").status == 200 and answers(port) and not answers(port, "127.0.0.2")
        # Having both fails at start, and so it does at a reload.
        reload(sluice, config_at(f"127.0.0.1:{port}", f"0.0.0.0:{port}"), "the old configuration stays in force")
        # So does another socket that would share the port.
        with socket.socket() as sharing:
            sharing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sharing.bind(("127.0.0.3", port))
            sharing.listen()
            reload(sluice, config_at(f"0.0.0.0:{port}"), "the old configuration stays in force")
        reload(sluice, config_at(f"0.0.0.0:{port}"))
        assert answers(port, "127.0.0.2")


def test_a_socket_file_comes_in_the_place_of_a_port_and_goes(tmp_path):
    port, path = free_port(), str(tmp_path / "s.sock")
    with started(tmp_path, config_at(f"127.0.0.1:{port}"), port) as sluice, Connection.tcp("127.0.0.1", port) as kept:
        assert kept.exchange("GET", "/health").status == 200
        reload(sluice, config_at(f"unix:{path}"))
        assert kept.at_end()
        wait_for(lambda: not answers(port), "the port to be closed")
        with Connection.unix(path) as connection:
            assert connection.exchange("GET", "/health").status == 200
            reload(sluice, config_at(f"127.0.0.1:{port}"))
            assert connection.at_end()
        assert answers(port) and not os.path.exists(path)


@pytest.mark.parametrize("where", ["idle", "new", "within a head", "pipelined"])
def test_who_came_in_from_outside_is_not_served_by_what_holds_for_this_machine(tmp_path, where):
    """From now on open to this machine only: no key is required, so no connection from the other address may remain."""
    port, inner = free_port(), free_port()
    with started(tmp_path, config_at(f"0.0.0.0:{port}"), port) as sluice, Connection.tcp("127.0.0.1", port) as outside:
        if where == "idle":
            assert outside.exchange("GET", "/health").status == 200
        elif where == "within a head":
            outside.send(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n")
            wait_for(lambda: sluice.metric("sluice_caller_connections") >= 2, "the connection beside the one that asks")
        reload(sluice, config_at(f"127.0.0.1:{inner}", keys=False))
        wait_for(lambda: answers(inner) and not answers(port), "the move")
        if where == "within a head":
            answer = outside.read_answer()
            assert answer.status == 503 and answer.header("connection") == "close"
        if where == "pipelined":
            try:
                outside.send(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n" * 2)
            except OSError:
                pass
        assert outside.at_end()
        with Connection.tcp("127.0.0.1", inner) as connection:
            assert connection.exchange("POST", "/v1/chat/completions", [], MODEL).status == 200


def test_an_answer_under_way_ends_and_its_connection_with_it(tmp_path):
    port, inner = free_port(), free_port()
    with started(tmp_path, config_at(f"127.0.0.1:{port}"), port) as sluice, Connection.tcp("127.0.0.1", port) as connection:
        words = " ".join(f"word{i}" for i in range(60))
        body = json.dumps(MODEL | {"stream": True, "messages": [{"role": "user", "content": words}]}).encode()
        connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-api-key: %s\r\ncontent-length: %d\r\n\r\n" % (KEY.encode(), len(body)) + body)
        head = connection.read_head()
        reload(sluice, config_at(f"127.0.0.1:{inner}"))
        connection.send(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")  # will not be answered
        text = b"".join(connection.read_body(head))
        assert b"word59" in text and b"[DONE]" in text
        assert connection.at_end()
