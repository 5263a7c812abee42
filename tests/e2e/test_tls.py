"""A provider with faulty TLS is rejected: 502 in the caller's dialect with the reason in words, the same reason in
the log, and nothing hangs."""

import re
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from support.certificates import Authority, self_signed, serving_context
from support.dialects import DIALECTS
from support.process import Sluice
from support.provider import Provider
from support.settings import PATIENCE, wait_for

PLANTED = "pk-tls-60b48d2e15c9a3f7"


async def answer(request):
    await request.answer(b'{"choices": []}')


def config_for(port, ca_file, **more):
    return {
        "providers": {
            "lab": {
                "dialect": [dialect.name for dialect in DIALECTS],
                "base_url": f"https://localhost:{port}",
                "api_key": PLANTED,
                "timeouts": {"connect_s": 3 * PATIENCE},
                **({"ca_file": str(ca_file)} if ca_file else {}),
                **more,
            }
        }
    }


@contextmanager
def python_provider(leaf):
    with Provider(answer, serving_context(leaf)) as provider:
        yield provider.port


@contextmanager
def old_protocol(leaf):
    """Only TLS 1.1, by the openssl command: Python's ssl no longer speaks it by default."""
    certificate, key = leaf
    process = subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", str(certificate), "-key", str(key), "-tls1_1", "-cipher",
         "DEFAULT@SECLEVEL=0", "-www"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )
    try:
        port = None
        for line in process.stdout:
            if match := re.match(rb"ACCEPT .*:(\d+)", line):
                port = int(match.group(1))
                break
        if port is None:
            pytest.skip("this openssl speaks no TLS 1.1")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def raw_listener(behave):
    """Calls `behave(socket)` with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        held = []
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            behave(connection)

    threading.Thread(target=run, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def cut(connection):
    connection.recv(64)  # part of the first flight
    connection.close()


def not_tls(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\nplain HTTP")
    connection.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("leaves")


# What is wrong -> (the provider, words of which one is in the reason).
REFUSED = {
    "expired": (lambda a, f: python_provider(a.leaf("expired", first_day=-30, last_day=-2)), "expired"),
    "not yet valid": (lambda a, f: python_provider(a.leaf("future", first_day=2, last_day=30)), "not yet valid"),
    "self-signed": (lambda a, f: python_provider(self_signed(f, "selfsigned")), "self-signed|self signed"),
    "wrong host": (lambda a, f: python_provider(a.leaf("other", hosts=["other.test"])), "host ?name|localhost"),
    "untrusted root": (lambda a, f: python_provider(Authority(f, "stranger").leaf("stranger-leaf")), "issuer|trust|authority"),
    "TLS 1.1 only": (lambda a, f: old_protocol(a.leaf("old")), "protocol|version|TLS 1"),
    "cut in the handshake": (lambda a, f: raw_listener(cut), "handshake|closed|reset|TLS"),
    "not TLS": (lambda a, f: raw_listener(not_tls), "TLS|SSL"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what, tmp_path, authority, folder):
    make, words = REFUSED[what]
    with make(authority, folder) as port, Sluice(tmp_path, config_for(port, authority.pem)) as sluice:
        reasons = []
        for dialect in DIALECTS:
            for stream in (False, True):
                began = time.monotonic()
                got = sluice.post(dialect.path("lab/m", stream), dialect.body("lab/m", stream))
                assert got.status == 502, got
                assert got.header("content-type").startswith("application/json")
                reasons.append(dialect.error_message(got.body))
                assert time.monotonic() - began < 2.5 * PATIENCE, "it took the connect timeout to fail"
        for reason in reasons:
            assert re.search(words, reason, re.IGNORECASE), reason
            assert PLANTED not in reason

        # The log says so too, in the same words.
        wait_for(lambda: re.search(f"target_tls.*({words})|({words}).*target_tls", sluice.output(), re.IGNORECASE), "the reason in the log")
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "the exchanges to end")


def test_silence_in_the_handshake(tmp_path, authority):
    with raw_listener(lambda connection: None) as port:
        config = config_for(port, authority.pem, timeouts={"connect_s": 1})
        with Sluice(tmp_path, config) as sluice:
            for dialect in DIALECTS:
                began = time.monotonic()
                got = sluice.post(dialect.path("lab/m"), dialect.body("lab/m"))
                assert got.status == 504, got
                assert "TLS" in dialect.error_message(got.body)
                assert 0.9 < time.monotonic() - began < 3 * PATIENCE


def test_accepted(tmp_path, authority, folder):
    """The same provider without a fault; also by IP address, and unverified if configured."""
    leaf = authority.leaf("right")
    with python_provider(leaf) as port:
        with Sluice(tmp_path / "name", config_for(port, authority.pem)) as sluice:
            assert sluice.post("/v1/chat/completions", DIALECTS[0].body("lab/m")).status == 200
        by_address = config_for(port, authority.pem, base_url=f"https://127.0.0.1:{port}")
        with Sluice(tmp_path / "address", by_address) as sluice:
            assert sluice.post("/v1/chat/completions", DIALECTS[0].body("lab/m")).status == 200
    with python_provider(self_signed(folder, "unverified")) as port:
        with Sluice(tmp_path / "skip", config_for(port, None, insecure_skip_verify=True)) as sluice:
            assert sluice.post("/v1/chat/completions", DIALECTS[0].body("lab/m")).status == 200
            wait_for(lambda: "insecure_skip_verify" in sluice.output(), "a warning")


def test_mutual_tls(tmp_path, authority, folder):
    """A provider that requires a certificate gets the configured one, and rejects connections without it."""
    context = serving_context(authority.leaf("mutual"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(str(authority.pem))
    certificate, key = authority.leaf("caller", hosts=["sluice"])
    with Provider(answer, context) as provider:
        with Sluice(tmp_path / "with", config_for(provider.port, authority.pem, cert_file=str(certificate), key_file=str(key))) as sluice:
            assert sluice.post("/v1/chat/completions", DIALECTS[0].body("lab/m")).status == 200
        with Sluice(tmp_path / "without", config_for(provider.port, authority.pem)) as sluice:
            assert sluice.post("/v1/chat/completions", DIALECTS[0].body("lab/m")).status == 502


def test_listener_over_tls(tmp_path, authority):
    certificate, key = authority.leaf("listener")
    config = {"tls": {"cert_file": str(certificate), "key_file": str(key)}, "listen": ["127.0.0.1:0"]}
    trusting = ssl.create_default_context(cafile=str(authority.pem))
    with Sluice(tmp_path, config, ["--demo"], listen=None) as sluice:
        match = wait_for(lambda: re.search(r"https://127\.0\.0\.1:(\d+)", sluice.output()), "the address")
        with socket.create_connection(("127.0.0.1", int(match.group(1))), 10 * PATIENCE) as plain:
            with trusting.wrap_socket(plain, server_hostname="localhost") as connection:
                connection.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                got = b""
                while piece := connection.recv(4096):
                    got += piece
        assert got.startswith(b"HTTP/1.1 200 ")
