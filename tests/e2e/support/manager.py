"""A small stand-in for systemd: holds listening sockets, passes them on (sd_listen_fds(3)) and receives the
service's messages (sd_notify(3))."""

import contextlib
import os
import socket
import sys
import time
from pathlib import Path

from .process import Sluice
from .settings import PATIENCE

# Moves the descriptors to 3, 4, ... and becomes the program. LISTEN_PID is known only here.
_WRAPPER = """
import fcntl, os, sys
given = []
for fd in map(int, sys.argv[1].split(",")):
    given.append(fcntl.fcntl(fd, fcntl.F_DUPFD, 100))
    os.close(fd)
for place, fd in enumerate(given):
    os.dup2(fd, 3 + place, inheritable=True)
    os.close(fd)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(given)), LISTEN_FDNAMES=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
"""


class Manager:
    """Use with `with`. `sockets`: the listening sockets; by default one on a free port of 127.0.0.1."""

    def __init__(self, folder, sockets=None):
        self.folder = folder
        self.sockets = sockets if sockets is not None else [listening()]
        self.port = next((s.getsockname()[1] for s in self.sockets if s.family != socket.AF_UNIX), None)
        self.notify_path = str(folder / "notify")
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notified.bind(self.notify_path)
        self._starts = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._notified.close()
        for held in self.sockets:
            held.close()

    def start(self, config, arguments=(), listen=None, environment=None, **options):
        """A Sluice with the sockets; returns after its READY=1 has arrived."""
        self._starts += 1
        if self.sockets:
            fds = [held.fileno() for held in self.sockets]
            names = ":".join(f"socket-{i}" for i in range(len(fds)))
            wrapper = [sys.executable, "-c", _WRAPPER, ",".join(map(str, fds)), names]
            options |= {"wrapper": wrapper, "pass_fds": fds}
        sluice = Sluice(self.folder / f"start-{self._starts}", config, arguments, {"NOTIFY_SOCKET": self.notify_path} | (environment or {}),
                        listen, **options)
        try:
            self.hear("READY=1")
        except BaseException:
            sluice.process.kill()
            sluice.process.wait()
            print(sluice.output(), sluice.errors())
            raise
        if listen is None and self.port is not None:
            sluice.host, sluice.port = "127.0.0.1", self.port
            sluice.base_url = f"http://127.0.0.1:{self.port}"
        return sluice

    def is_held_by(self, pid):
        """Whether process `pid` also has one of the sockets."""
        inodes = {f"socket:[{os.fstat(held.fileno()).st_ino}]" for held in self.sockets}
        held = set()
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                held.add(os.readlink(link))
        return bool(inodes & held)

    def next_message(self, timeout_s=10.0):
        """{name: value} of the next datagram; None if none arrives."""
        self._notified.settimeout(timeout_s * PATIENCE)
        try:
            lines = self._notified.recv(4096).decode().split("\n")
        except TimeoutError:
            return None
        return dict(line.split("=", 1) for line in lines)

    def hear(self, assignment, timeout_s=10.0):
        """The next message that contains `assignment`."""
        name, value = assignment.split("=")
        deadline = time.monotonic() + timeout_s * PATIENCE
        while time.monotonic() < deadline:
            message = self.next_message(timeout_s)
            if message and message.get(name) == value:
                return message
        raise AssertionError(f"{assignment} did not come within {timeout_s * PATIENCE:g} s")

    def forget(self):
        """Discards messages that have arrived but were not read."""
        self._notified.setblocking(False)
        try:
            while True:
                self._notified.recv(4096)
        except BlockingIOError:
            pass


def listening(family=socket.AF_INET, address=("127.0.0.1", 0), backlog=1024):
    held = socket.socket(family)
    if family != socket.AF_UNIX:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(address)
    held.listen(backlog)
    return held
