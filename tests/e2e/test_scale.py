"""Large configurations: loaded quickly, and reloaded without delaying requests or the service manager.
benchmarks/scale.sh draws the curves."""

import json
import os
import signal
import threading
import time

from support.manager import Manager
from support.process import Sluice
from support.reload import reload
from support.settings import SANITIZED

COUNT = 3_000 if SANITIZED else 20_000
PATIENT_S = 10  # on a machine full of other tests; a release on a quiet one takes a tenth of a second, formerly 54 s


def large(last="fast"):
    digits = [f"{i:048x}" for i in range(COUNT)]
    return {
        "workers": 1,
        "keys": [{"name": f"k{i}", "key": "sk-" + text} for i, text in enumerate(digits)],
        "providers": {"demo": {"dialect": "openai", "base_url": "demo:"}}
        | {f"p{i}": {"dialect": "openai", "base_url": "http://127.0.0.1:9", "models": [f"listed-{i}"]} for i in range(COUNT // 20)},
        "models": {f"m{i}": "demo/demo" for i in range(COUNT // 2)} | {last: "demo/demo"},
    }


def ask(connection, model, key=COUNT - 1):
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    return connection.exchange("POST", "/v1/chat/completions", [("authorization", f"Bearer sk-{key:048x}")], body)


def test_thousands_of_keys_in_one_line_are_read_at_once_and_their_records_are_written(tmp_path):
    began = time.monotonic()
    with Sluice(tmp_path, large()) as sluice, sluice.connect() as connection:
        assert time.monotonic() - began < 3 * PATIENT_S
        began = time.monotonic()
        for i in range(50):
            assert ask(connection, f"m{i}").status == 200
        assert time.monotonic() - began < PATIENT_S
    assert sluice.output().count("/v1/chat/completions") >= 50
    assert f"{COUNT - 1:048x}" not in sluice.output()


def test_nobody_waits_for_a_large_configuration_to_be_read_again(tmp_path, report):
    """The watchdog's interval is two seconds; it is fed each second, even during a reload; and requests are
    answered."""
    with Manager(tmp_path, sockets=[]) as manager:
        sluice = manager.start(large(), listen="127.0.0.1:0", environment={"WATCHDOG_USEC": "2000000"})
        with sluice, sluice.connect() as connection:
            slowest, stop = [0.0], threading.Event()

            def load():
                while not stop.is_set():
                    began = time.monotonic()
                    assert ask(connection, "m0").status == 200
                    slowest[0] = max(slowest[0], time.monotonic() - began)

            thread = threading.Thread(target=load)
            thread.start()
            began = time.monotonic()
            reload(sluice, large("quick"))
            took = time.monotonic() - began
            stop.set()
            thread.join()
            assert ask(connection, "quick").status == 200 and ask(connection, "fast").status == 404
            report(f"{COUNT} keys read again in {took:.2f} s; slowest request meanwhile {slowest[0] * 1000:.1f} ms")
            assert slowest[0] < max(PATIENT_S / 4, took / 2)
            assert took < 3 * PATIENT_S


def test_a_signal_to_end_is_heard_while_a_configuration_is_read(tmp_path):
    with Sluice(tmp_path, large()) as sluice:
        text = json.dumps(large("quick"))
        (sluice.folder / "sluice.json").write_text(text)
        os.kill(sluice.pid, signal.SIGHUP)
        began = time.monotonic()
        os.kill(sluice.pid, signal.SIGTERM)
        sluice.process.wait(60)
        assert time.monotonic() - began < 3 * PATIENT_S
