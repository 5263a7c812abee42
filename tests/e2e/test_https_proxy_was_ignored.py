"""Outgoing connections through a real HTTP proxy (tinyproxy): from a provider's `proxy` and from the variables, to
targets with TLS and without, with credentials; and what a caller is told if the proxy rejects the connection."""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from support.certificates import Authority, serving_context
from support.process import Sluice
from support.provider import Provider
from support.proxies import free_port
from support.settings import BINARY, PATIENCE, wait_for
from support.wire import Connection

PROGRAM = shutil.which("tinyproxy", path=os.environ["PATH"] + ":/usr/sbin")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="tinyproxy is not installed (scripts/deps.sh --test)")

PASSWORD = "pw-8d1f4c60a7e25b93"
BODY = b'{"model": "lab/m", "messages": []}'


class Tinyproxy:
    def __init__(self, folder, port, more):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self._log = folder / "log"
        settings = [f"Port {port}", "Listen 127.0.0.1", "Allow 127.0.0.1", f'LogFile "{self._log}"', "LogLevel Connect", *more]
        (folder / "tinyproxy.conf").write_text("\n".join(settings) + "\n")
        self.process = subprocess.Popen([PROGRAM, "-d", "-c", str(folder / "tinyproxy.conf")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listens(self):
        assert self.process.poll() is None, self.log()
        try:
            Connection.tcp("127.0.0.1", self.port).__exit__()
            return True
        except OSError:
            return False

    def log(self):
        return self._log.read_text() if self._log.exists() else ""


@contextmanager
def tinyproxy(folder, *more):
    proxy = Tinyproxy(folder, free_port(), more)
    try:
        wait_for(proxy.listens, "tinyproxy")
        yield proxy
    finally:
        proxy.process.kill()
        proxy.process.wait()


async def answer(request):
    assert request.header("proxy-authorization") is None
    await request.answer(b'{"choices": [], "host": "%s"}' % request.header("host").encode())


def lab(base_url, **more):
    return {"workers": 1, "providers": {"lab": {"base_url": base_url, "api_key": "pk-out", **more}}}


def ask(sluice):
    return sluice.post("/v1/chat/completions", BODY)


def nothing_is_told(sluice):
    for text in (sluice.output(), sluice.errors()):
        assert PASSWORD not in text


def test_through_it_with_tls_and_credentials(tmp_path):
    authority = Authority(tmp_path, "authority")
    with tinyproxy(tmp_path / "proxy", f"BasicAuth jo {PASSWORD}") as proxy, \
            Provider(answer, serving_context(authority.leaf("leaf", hosts=["localhost"]))) as provider:
        config = lab(f"https://localhost:{provider.port}/v1", ca_file=str(authority.pem), proxy=f"http://jo:{PASSWORD}@127.0.0.1:{proxy.port}")
        with Sluice(tmp_path / "sluice", config) as sluice:
            for _ in range(3):
                got = ask(sluice)
                assert got.status == 200, got
                assert got.json()["host"] == f"localhost:{provider.port}"
            assert f"through the proxy 127.0.0.1:{proxy.port}\n" in sluice.output()
            wait_for(lambda: f"CONNECT localhost:{provider.port} " in proxy.log(), "the proxy's log")
            assert proxy.log().count("CONNECT localhost") == 1, "the tunnel was not kept"
            nothing_is_told(sluice)
        # The certificate is verified as without a proxy.
        wrong = lab(f"https://127.0.0.1:{provider.port}/v1", ca_file=str(authority.pem), proxy=config["providers"]["lab"]["proxy"])
        with Sluice(tmp_path / "wrong", wrong) as sluice:
            got = ask(sluice)
            assert got.status == 502 and b"TLS" in got.body, got


@pytest.mark.parametrize("password", ["", "jo:wrong@"])
def test_a_wrong_password_is_told(tmp_path, password):
    with tinyproxy(tmp_path / "proxy", f"BasicAuth jo {PASSWORD}") as proxy:
        config = lab("http://localhost:9/v1", proxy=f"http://{password}127.0.0.1:{proxy.port}")
        with Sluice(tmp_path / "sluice", config) as sluice:
            got = ask(sluice)
            assert got.status == 502, got
            assert b"requires a user and password (40" in got.body, got
            assert f"through the proxy 127.0.0.1:{proxy.port}: ".encode() in got.body


def test_the_variables_and_who_is_reached_directly(tmp_path):
    with tinyproxy(tmp_path / "proxy") as proxy, Provider(answer) as provider:
        variables = {"http_proxy": f"http://127.0.0.1:{proxy.port}"}
        there = lab(f"http://0.0.0.0:{provider.port}/v1")  # this machine, but not a loopback address
        with Sluice(tmp_path / "through", there, environment=variables) as sluice:
            assert ask(sluice).status == 200
            assert f"through the proxy 127.0.0.1:{proxy.port} (http_proxy)" in sluice.output()
        wait_for(lambda: f"CONNECT 0.0.0.0:{provider.port} " in proxy.log(), "the proxy's log")
        seen = proxy.log().count("CONNECT 0.0.0.0:")
        for name, config, more in (("listed", there, {"NO_PROXY": "10.0.0.0/8, 0.0.0.0"}),
                                   ("loopback", lab(f"http://localhost:{provider.port}/v1"), {}),
                                   ("none", lab(f"http://0.0.0.0:{provider.port}/v1", proxy="none"), {})):
            with Sluice(tmp_path / name, config, environment=variables | more) as sluice:
                assert ask(sluice).status == 200
                assert "through the proxy" not in sluice.output()
        assert proxy.log().count("CONNECT 0.0.0.0:") == seen


def test_a_proxy_that_refuses_is_not_there_or_says_nothing(tmp_path):
    with tinyproxy(tmp_path / "proxy", "ConnectPort 443") as proxy, Provider(answer) as provider:
        config = lab(f"http://localhost:{provider.port}/v1", proxy=f"127.0.0.1:{proxy.port}")
        with Sluice(tmp_path / "refused", config) as sluice:
            got = ask(sluice)
            assert got.status == 502, got
            assert f"refused to connect to localhost:{provider.port} (403".encode() in got.body, got
    with Sluice(tmp_path / "gone", lab("http://localhost:9/v1", proxy=f"127.0.0.1:{proxy.port}")) as sluice:
        got = ask(sluice)
        assert got.status == 502 and b"connection refused by 127.0.0.1" in got.body, got

    async def silent(request):
        await request.gone()

    with Provider(silent) as silent_proxy:
        config = lab("https://api.example/v1", proxy=f"127.0.0.1:{silent_proxy.port}", timeouts={"connect_s": 0.3 * PATIENCE})
        with Sluice(tmp_path / "silent", config) as sluice:
            got = ask(sluice)
            assert got.status == 504, got
            assert b"CONNECT api.example:443 through the proxy" in got.body


@pytest.mark.parametrize("field, variables", [(f"ftp://jo:{PASSWORD}@p:1", {}), (None, {"HTTPS_PROXY": f"socks5://jo:{PASSWORD}@p:1"})])
def test_check_refuses_what_is_no_proxy(tmp_path, field, variables):
    config = lab("https://api.example/v1", **({"proxy": field} if field else {}))
    (tmp_path / "sluice.json").write_text(json.dumps(config))
    got = subprocess.run([BINARY, "--config", str(tmp_path / "sluice.json"), "check"], capture_output=True, text=True, timeout=20 * PATIENCE,
                         env={"PATH": os.environ["PATH"], **variables})
    assert got.returncode == 1, got
    assert "only HTTP proxies are supported" in got.stdout + got.stderr
    assert PASSWORD not in got.stdout + got.stderr
