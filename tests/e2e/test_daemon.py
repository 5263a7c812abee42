"""What a service manager sees: readiness, the watchdog, the pid file, limits."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support.manager import Manager
from support.process import Sluice
from support.settings import BINARY, PATIENCE, wait_for

DEMO = {"providers": {"demo": {"models": ["demo"]}}, "workers": 2}


def test_manager_is_told(tmp_path):
    with Manager(tmp_path, sockets=[]) as manager:
        with manager.start(DEMO | {"shutdown_grace_s": 3}, listen="127.0.0.1:0") as sluice:
            # start() has received READY=1; Sluice requested /health before that.
            assert manager.next_message(0.2) is None, "without WATCHDOG_USEC there is nothing more to say"
            sluice.process.send_signal(signal.SIGTERM)
            assert manager.hear("STOPPING=1")["EXTEND_TIMEOUT_USEC"] == "13000000"


def test_ready_comes_after_listening(tmp_path):
    with Manager(tmp_path, sockets=[]) as manager:
        sluice = Sluice(tmp_path / "sluice", DEMO, environment={"NOTIFY_SOCKET": manager.notify_path})
        with sluice:
            message = manager.hear("READY=1")
            assert message["STATUS"] == f"listens on {sluice.base_url}"


def test_wrong_notify_socket_is_a_warning(tmp_path):
    with Sluice(tmp_path, DEMO, environment={"NOTIFY_SOCKET": "vsock:2:1234"}) as sluice:
        wait_for(lambda: "vsock:2:1234" in sluice.output(), "the warning")


class Frozen:
    """One stopped thread of a child, as if it were stuck; the others continue. Uses ptrace(2), so only on the thread
    that created it."""

    SEIZE, INTERRUPT, DETACH, ALL_THREADS = 0x4206, 0x4207, 17, 0x40000000

    def __init__(self, thread):
        self._thread = thread
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def __enter__(self):
        if self._libc.ptrace(self.SEIZE, self._thread, None, None) != 0:
            pytest.skip(f"no thread can be stopped here: ptrace: {os.strerror(ctypes.get_errno())}")
        assert self._libc.ptrace(self.INTERRUPT, self._thread, None, None) == 0
        os.waitpid(self._thread, self.ALL_THREADS)
        return self

    def __exit__(self, *_):
        self._libc.ptrace(self.DETACH, self._thread, None, None)


def threads(pid):
    """In order of creation: the main thread, the log's, then the workers'."""
    return sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))


def test_watchdog_is_fed_only_while_every_worker_turns(tmp_path, report):
    interval_s = 0.4 * PATIENCE
    environment = {"WATCHDOG_USEC": str(int(interval_s * 1e6))}
    with Manager(tmp_path, sockets=[]) as manager:
        with manager.start(DEMO, listen="127.0.0.1:0", environment=environment) as sluice:
            manager.hear("WATCHDOG=1")
            began = time.monotonic()
            for _ in range(4):
                manager.hear("WATCHDOG=1")
            report(f"watchdog: fed every {(time.monotonic() - began) / 4:.2f} s of {interval_s:.2f} s")
            assert (time.monotonic() - began) / 4 < 0.8 * interval_s
            *_, log, first, second, _ = threads(sluice.pid)  # the last one reloads; a sanitizer adds one after the main thread
            with Frozen(log):  # not a worker: the pings continue
                for _ in range(3):
                    manager.hear("WATCHDOG=1")
            for worker in (first, second):
                with Frozen(worker):
                    manager.next_message(0.2)  # one may have been in transit
                    manager.forget()
                    assert manager.next_message(3 * 0.4) is None, "fed although a worker is stuck"
                manager.hear("WATCHDOG=1")  # the thread is free again


def test_watchdog_of_another_process_is_not_fed(tmp_path):
    with Manager(tmp_path, sockets=[]) as manager:
        environment = {"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
        with manager.start(DEMO, listen="127.0.0.1:0", environment=environment):
            assert manager.next_message(0.5) is None


# ---- the pid file


@pytest.mark.parametrize("way", ["flag", "variable", "field"])
def test_pid_file(tmp_path, way):
    path = tmp_path / "sluice.pid"
    config, arguments, environment = DEMO, [], {}
    if way == "flag":
        arguments = ["--pid-file", str(path)]
    elif way == "variable":
        environment = {"SLUICE_PID_FILE": str(path)}
    else:
        config = DEMO | {"pid_file": str(path)}
    path.write_text("999999999\n")  # left over from an earlier process
    with Sluice(tmp_path / "one", config, arguments, environment) as sluice:
        wait_for(lambda: path.read_text() == f"{sluice.pid}\n", "the pid file")
        second = subprocess.run([BINARY, "--demo", "--listen", "127.0.0.1:0", "--pid-file", str(path)], cwd=tmp_path, capture_output=True,
                                text=True, timeout=20 * PATIENCE)
        assert second.returncode == 2, second
        assert str(path) in second.stderr and str(sluice.pid) in second.stderr, second.stderr
        assert path.read_text() == f"{sluice.pid}\n"
    assert not path.exists()


def test_pid_file_of_a_sluice_that_was_killed(tmp_path):
    path = tmp_path / "sluice.pid"
    with Sluice(tmp_path / "one", DEMO, ["--pid-file", str(path)], expect_exit=(-signal.SIGKILL,)) as killed:
        wait_for(path.exists, "the pid file")
        killed.process.kill()
        killed.process.wait()
    assert path.read_text() == f"{killed.pid}\n"
    with Sluice(tmp_path / "two", DEMO, ["--pid-file", str(path)]) as sluice:
        wait_for(lambda: path.read_text() == f"{sluice.pid}\n", "the pid file")


def test_pid_file_that_names_another_sluice(tmp_path):
    """The other sluice does not use the file."""
    path = tmp_path / "sluice.pid"
    with Sluice(tmp_path / "one", DEMO) as other:
        path.write_text(f"{other.pid}\n")
        ran = subprocess.run([BINARY, "--demo", "--listen", "127.0.0.1:0", "--pid-file", str(path)], cwd=tmp_path, capture_output=True,
                             text=True, timeout=20 * PATIENCE)
        assert ran.returncode == 2 and str(other.pid) in ran.stderr, ran
        assert path.read_text() == f"{other.pid}\n"


# ---- descriptors


def open_files(pid):
    line = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if line.startswith("Max open files"))
    return [int(number) for number in line.split()[3:5]]


@pytest.mark.parametrize("connections, warns", [(100, False), (600, True), (None, False)])
def test_descriptor_limit(tmp_path, connections, warns):
    wrapper = ["bash", "-c", 'ulimit -Sn 256; ulimit -Hn 1024; exec "$0" "$@"']
    with Sluice(tmp_path, DEMO | ({"limits": {"connections": connections}} if connections else {}), wrapper=wrapper) as sluice:
        assert open_files(sluice.pid) == [1024, 1024]
        sluice.stop()
        assert ("limits.connections cannot be met: 2 workers" in sluice.output()) == warns, sluice.output()
