"""log.file, and its rotation: no line is lost or duplicated, whichever way it is rotated."""

import json
import os
import signal
import threading

from support.dialects import BY_NAME
from support.process import Sluice
from support.settings import SCALE, wait_for

CHAT = BY_NAME["openai"]
CALLERS = 4


def config(path, **log):
    return {"workers": 2, "providers": {"demo": {"models": ["demo"]}}, "log": {"format": "json", "file": str(path)} | log}


class Asking:
    """Callers that ask until told to stop; each request has a unique id."""

    def __init__(self, sluice):
        self._sluice, self._stop = sluice, threading.Event()
        self.ids = [[] for _ in range(CALLERS)]
        self._threads = [threading.Thread(target=self._run, args=(caller,)) for caller in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def _run(self, caller):
        with self._sluice.connect() as connection:
            while not self._stop.is_set():
                id = f"log-{caller}-{len(self.ids[caller])}"
                answer = connection.exchange("POST", CHAT.path("demo/demo"), [("x-request-id", id)], CHAT.body("demo/demo"))
                assert answer.status == 200
                self.ids[caller].append(id)

    def count(self):
        return sum(len(ids) for ids in self.ids)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        return sorted(id for ids in self.ids for id in ids)


def recorded(paths):
    lines = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return sorted(line["request_id"] for line in lines if line.get("type") == "access")


def test_rename_and_sigusr1(tmp_path, report):
    path = tmp_path / "logs" / "sluice.log"
    path.parent.mkdir()
    rotated = []
    with Sluice(tmp_path / "sluice", config(path)) as sluice:
        asking = Asking(sluice)
        for i in range(max(3, int(20 * SCALE))):
            before = asking.count()
            wait_for(lambda: asking.count() >= before + 20 and path.stat().st_size > 0, "requests and records", 30)
            rotated.append(path.with_suffix(f".{i}"))
            path.rename(rotated[-1])
            sluice.process.send_signal(signal.SIGUSR1)
            wait_for(path.exists, "the new file")
        asked = asking.stop()
        assert "sluice has started" in sluice.output() and '"type":"access"' not in sluice.output()
    assert recorded([*rotated, path]) == asked
    report(f"log rotation: {len(asked)} records over {len(rotated) + 1} files, none lost, none twice")


def test_copytruncate(tmp_path):
    """logrotate's other method: lines after the cut begin at the file's start, without a hole."""
    path = tmp_path / "sluice.log"
    with Sluice(tmp_path / "sluice", config(path)) as sluice:
        sluice.post(CHAT.path("demo/demo"), CHAT.body("demo/demo"), [("x-request-id", "before")])
        wait_for(lambda: "before" in path.read_text(), "the record")
        os.truncate(path, 0)
        sluice.post(CHAT.path("demo/demo"), CHAT.body("demo/demo"), [("x-request-id", "after")])
        wait_for(lambda: "after" in path.read_text(), "the record")
    assert "\0" not in path.read_text()
    assert recorded([path]) == ["after"]


def test_sigusr1_changes_nothing_else(tmp_path):
    """Without log.file the signal does not end sluice; if the file cannot be reopened, the old one stays in use."""
    with Sluice(tmp_path / "stdout", {"providers": {"demo": {}}}) as sluice:
        sluice.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: "no log.file" in sluice.output(), "the log line")
        assert sluice.get("/health").status == 200
    folder = tmp_path / "logs"
    folder.mkdir()
    with Sluice(tmp_path / "file", config(folder / "sluice.log")) as sluice:
        folder.rename(tmp_path / "moved")
        sluice.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: "stays in use" in (tmp_path / "moved" / "sluice.log").read_text(), "the log line")
        assert sluice.get("/health").status == 200


def test_a_file_that_cannot_be_written(tmp_path):
    log = tmp_path / "none" / "sluice.log"
    try:
        with Sluice(tmp_path / "sluice", config(log)):
            raise RuntimeError("it started")
    except AssertionError as failure:
        assert "ended with 2" in str(failure) and f"log.file: the folder {log.parent} does not exist" in str(failure), failure
