"""sluice was killed (SIGABRT, SIGXFSZ) where a standard stream was closed, or the file behind it could not grow."""

import json
import os
import signal
import socket
import subprocess

import pytest

from support.settings import BINARY, PATIENCE, SANITIZED, wait_for
from support.wire import Connection


def through_shell(before, after, *arguments, cwd):
    clean = {"PATH": os.environ["PATH"], "HOME": str(cwd)}
    clean |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return subprocess.Popen(["bash", "-c", f'{before} exec "$@" {after}', "bash", BINARY, *map(str, arguments)], cwd=cwd, env=clean,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def written(folder):
    (folder / "sluice.json").write_text(json.dumps({"listen": f"unix:{folder}/s", "workers": 1, "providers": {"demo": {}}}))


def listens(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


CLOSED = ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]


@pytest.mark.parametrize("before, after", [*(("", closed) for closed in CLOSED), ("ulimit -f 0;", ">log")])
def test_run(tmp_path, before, after):
    if before and SANITIZED:
        pytest.skip("a sanitizer's runtime writes to files before main, and may not")
    written(tmp_path)
    ran = through_shell(before, after, "run", cwd=tmp_path)
    try:
        wait_for(lambda: ran.poll() is not None or listens(tmp_path / "s"), "a start")
        assert ran.poll() is None, (ran.returncode, ran.communicate())
        with Connection.unix(tmp_path / "s") as connection:
            assert connection.exchange("GET", "/health").status == 200
        ran.send_signal(signal.SIGTERM)
        assert ran.wait(20 * PATIENCE) == 0, ran.communicate()
    finally:
        ran.kill()
        ran.communicate()


@pytest.mark.parametrize("command", [["check"], ["models"], ["explain", "demo/demo"]], ids=lambda command: command[0])
def test_other_commands(tmp_path, command):
    written(tmp_path)
    for closed in CLOSED:
        ran = through_shell("", closed, *command, cwd=tmp_path)
        said = ran.communicate(timeout=30 * PATIENCE)
        assert ran.returncode == 0, (closed, ran.returncode, said)
