"""nginx, HAProxy and Caddy with the configurations of docs/examples, as child processes on loopback."""

import os
import random
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from .settings import PATIENCE, ROOT, wait_for

EXAMPLES = ROOT / "docs" / "examples"
PATH = os.environ["PATH"] + ":/usr/sbin"  # nginx and haproxy live there


def free_port():
    """These programs cannot report a port that the kernel chose, so they get a fixed one, below the kernel's
    ephemeral range, so that no other test's server takes it before they listen."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = random.randrange(max(1024, lowest - 12_000), lowest) if lowest > 1024 else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:  # in use
                continue
    raise AssertionError("no port is free")


def _replace(text, old, new):
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the example"
    return text.replace(old, new)


class Proxy:
    """The proxy `name` in front of sluice at `port`. `changes`: [(old, new)] for its configuration in addition to
    the ports. Use with `with`."""

    def __init__(self, name, folder, port, changes=()):
        self._folder = folder
        folder.mkdir(parents=True)
        program = shutil.which(name, path=PATH)
        if program is None:
            pytest.skip(f"{name} is not installed (scripts/deps.sh --test)")
        for left in reversed(range(3)):  # another process may take the port meanwhile
            self.port = free_port()
            command = getattr(self, f"_{name}")(program, port, changes)
            self._log = open(folder / "log", "wb")
            environment = {"PATH": PATH, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=self._log,
                                            stderr=subprocess.STDOUT)
            wait_for(lambda: self.process.poll() is not None or self._listens(), f"{name} to listen")
            if self.process.poll() is None:
                break
            self._log.close()
            assert left, f"{name} ended with {self.process.returncode}:\n{self.log()}"

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self):
        return (self._folder / "log").read_text(errors="replace")

    def _example(self, file, changes):
        text = (EXAMPLES / file).read_text()
        for old, new in changes:
            text = _replace(text, old, new)
        (self._folder / file).write_text(text)
        return str(self._folder / file)

    def _nginx(self, program, port, changes):
        folder = self._folder
        temporary = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file = self._example("nginx.conf", [("server 127.0.0.1:8000;", f"server 127.0.0.1:{port};"),
                                            ("listen 8080;", f"listen 127.0.0.1:{self.port};"),
                                            ("\nhttp {\n", "\nhttp {\n" + temporary), *changes])
        own = f"daemon off; pid {folder}/pid;" + (" user root;" if os.geteuid() == 0 else "")
        return [program, "-p", str(folder), "-e", "stderr", "-c", file, "-g", own]

    def _haproxy(self, program, port, changes):
        file = self._example("haproxy.cfg", [("server sluice 127.0.0.1:8000", f"server sluice 127.0.0.1:{port}"),
                                             ("bind :8080\n", f"bind 127.0.0.1:{self.port}\n"), *changes])
        return [program, "-db", "-f", file]

    def _caddy(self, program, port, changes):
        file = self._example("Caddyfile", [("reverse_proxy 127.0.0.1:8000 {", f"reverse_proxy 127.0.0.1:{port} {{"),
                                           ("\n:8080 {\n", f"\nhttp://127.0.0.1:{self.port} {{\n\tbind 127.0.0.1\n"), *changes])
        return [program, "run", "--config", file, "--adapter", "caddyfile"]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        try:
            self.process.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()
        if kind is not None:
            print(f"--- the proxy's log\n{self.log()[-4000:]}")
