"""The real binary as a child process."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

from .settings import BINARY, PATIENCE, wait_for
from .wire import Connection

_REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|Assertion .* failed")


class Sluice:
    """Runs with `config` (a dict, written to a file; None: no file) on a port that it chooses, and is ready after
    construction. Use with `with`: leaving stops it with SIGTERM and checks that it exited cleanly. `wrapper`: a
    command that finally executes its arguments; `pass_fds`: descriptors for it. The providers in `config` are asked
    for their models only with `ask_models`, since most tests look at every request to a provider."""

    def __init__(self, folder, config=None, arguments=(), environment=None, listen="127.0.0.1:0", expect_exit=(0,), wrapper=(),
                 pass_fds=(), ask_models=False):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.expect_exit = expect_exit
        command = [*wrapper, BINARY]
        self._config_text = ""
        if config is not None:
            if not ask_models and isinstance(config.get("providers"), dict):
                named = {name: {"models": []} | one if isinstance(one, dict) else one for name, one in config["providers"].items()}
                config = config | {"providers": named}
            self._config_text = json.dumps(config)
            (folder / "sluice.json").write_text(self._config_text)
            os.chmod(folder / "sluice.json", 0o600)
            command += ["--config", str(folder / "sluice.json")]
        if listen is not None:
            command += ["--listen", listen]
        command += list(arguments)
        self._stdout, self._stderr = folder / "stdout", folder / "stderr"
        # Without the developer's environment, so that their keys are not found.
        clean = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        clean |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        with open(self._stdout, "wb") as out, open(self._stderr, "wb") as err:
            self.process = subprocess.Popen(
                command, cwd=folder, env=clean | (environment or {}), stdin=subprocess.DEVNULL, stdout=out, stderr=err, pass_fds=pass_fds
            )
        self.pid = self.process.pid
        try:
            self._await_start(listen)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _await_start(self, listen):
        """The start-up block contains the address; the process listens by then."""
        if listen is None:  # the configuration has the address
            self.urls = []
            wait_for(lambda: self._alive() and b"\n" in self._stdout.read_bytes(), "the start-up block")
            return
        host = listen.rsplit(":", 1)[0]
        pattern = re.compile(re.escape(f"http://{host}") + r":(\d+)")

        def found():
            self._alive()
            for match in pattern.finditer(self.output()):
                if match.group() not in self._config_text:  # not a provider's address
                    return match
            return None

        match = wait_for(found, "the start-up block's address")
        self.base_url = match.group()
        self.host, self.port = host.strip("[]"), int(match.group(1))
        wait_for(lambda: self.get("/health").status == 200, "/health")

    def _alive(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.output()}{self.errors()}"
        return True

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.process.kill()
            self.process.wait()
            print(f"--- stdout of sluice\n{self.output()[-6000:]}\n--- stderr\n{self.errors()[-6000:]}")
            return
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still there 20 s after SIGTERM:\n{self.output()[-3000:]}") from None
        report = _REPORT.search(self.output() + self.errors())
        assert not report, self.errors()[-8000:] + self.output()[-2000:]
        assert status in self.expect_exit, f"exit {status}:\n{self.output()[-3000:]}{self.errors()[-3000:]}"

    def output(self):
        return self._stdout.read_text(errors="replace")

    def errors(self):
        return self._stderr.read_text(errors="replace")

    # ---- requests

    def connect(self, **options):
        return Connection.tcp(self.host, self.port, **options)

    def get(self, path, headers=()):
        with self.connect() as connection:
            return connection.exchange("GET", path, headers)

    def post(self, path, body, headers=()):
        """`body`: bytes, or a value to be sent as JSON."""
        with self.connect() as connection:
            return connection.exchange("POST", path, headers, body)

    # ---- what it says of itself, and what the kernel says

    def metrics(self, connection=None):
        """{name or name{labels}: value} of /metrics."""
        answer = connection.exchange("GET", "/metrics") if connection else self.get("/metrics")
        assert answer.status == 200, answer
        values = {}
        for line in answer.body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def metric(self, name):
        """The sum over all labels."""
        found = [value for key, value in self.metrics().items() if key == name or key.startswith(name + "{")]
        assert found, f"/metrics has no {name}"
        return sum(found)

    def most_rss_kb(self):
        """The maximum since it started."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))

    def rss_kb(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))

    def fds(self):
        """Open descriptors while only this connection exists. Excludes /dev/null: after its first accept, libuv
        keeps one for each loop, so that it can close something when descriptors run out."""
        with self.connect() as connection:
            wait_for(lambda: self.metrics(connection)["sluice_caller_connections"] == 1, "all other callers gone")
            folder = Path(f"/proc/{self.pid}/fd")
            return sum(not _points_to(folder / name, "/dev/null") for name in os.listdir(folder))


def _points_to(link, path):
    try:
        return os.readlink(link) == path
    except FileNotFoundError:
        return True  # closed since it was listed
