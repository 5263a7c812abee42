"""The configuration is reloaded while sluice runs: immediately, completely or not at all, and only the changes are
noticeable."""

import json
import os
import signal
import threading
import time

from support.process import Sluice
from support.reload import count, reload, write
from support.settings import SANITIZED, SCALE, wait_for
from support.wire import Connection, Cut

CHAT = "/v1/chat/completions"


def config_with(models=None, **more):
    return {"providers": {"demo": {"dialect": "openai", "base_url": "demo:"}}, "models": models or {"fast": "demo/demo"}, **more}


def chat(connection, model):
    return connection.exchange("POST", CHAT, [], {"model": model, "messages": [{"role": "user", "content": "Hi"}]})


def test_a_new_value_counts_for_the_next_request(tmp_path):
    with Sluice(tmp_path, config_with()) as sluice, sluice.connect() as connection:
        assert chat(connection, "fast").status == 200
        assert chat(connection, "quick").status == 404
        reload(sluice, config_with({"quick": "demo/demo"}))
        assert chat(connection, "quick").status == 200  # on a connection that was there before
        assert chat(connection, "fast").status == 404
        assert "quick" in sluice.get("/v1/models").body.decode()
        reload(sluice, config_with({"quick": "demo/demo"}, keys=[{"name": "a", "key": "key-of-a-0123456789"}]))
        assert chat(connection, "quick").status == 401
        assert "key-of-a-0123456789" not in sluice.output()


def test_a_bad_file_changes_nothing(tmp_path):
    with Sluice(tmp_path, config_with()) as sluice, sluice.connect() as connection:
        for bad, words in (("{", "sluice.json"), (config_with({"fast": "nobody/x"}), "nobody"), (config_with(colour="red"), "colour")):
            reload(sluice, bad, "the old configuration stays in force")
            assert words in sluice.output().rsplit("the old configuration stays in force", 1)[1]
            assert chat(connection, "fast").status == 200
        missing = sluice.folder / "sluice.json"
        missing.unlink()
        os.kill(sluice.pid, signal.SIGHUP)
        wait_for(lambda: "cannot read" in sluice.output(), "the reason")
        assert chat(connection, "fast").status == 200


def test_an_admin_may_ask_for_it(tmp_path):
    keys = [{"name": "ops", "key": "key-of-ops-0123456789", "admin": True}, {"name": "a", "key": "key-of-a-0123456789"}]
    ops, other = [("authorization", "Bearer key-of-ops-0123456789")], [("x-api-key", "key-of-a-0123456789")]
    with Sluice(tmp_path, config_with(keys=keys)) as sluice:
        assert sluice.post("/admin/reload", b"").status == 401
        assert sluice.post("/admin/reload", b"", other).status == 403
        assert sluice.get("/admin/reload", ops).status == 405
        write(sluice, config_with({"quick": "demo/demo"}, keys=keys))
        answer = sluice.post("/admin/reload", b"", ops)
        assert answer.status == 200 and json.loads(answer.body) == {"reloaded": True}
        wait_for(lambda: 'why="POST /admin/reload, key ops, from 127.0.0.1' in sluice.output(), "who it was")
        assert sluice.post("/admin/log-level", b'{"level":"error"}', ops).status == 200
        wait_for(lambda: "info the log's level was changed from=info to=error key=ops" in sluice.output(), "who it was")
        assert "quick" in sluice.get("/v1/models", other).body.decode()
        write(sluice, config_with(keys=keys, colour="red"))
        answer = sluice.post("/admin/reload", b"", ops)
        assert answer.status == 400 and "colour" in answer.body.decode()
    with Sluice(tmp_path / "none", None, ["--demo"]) as sluice:
        answer = sluice.post("/admin/reload", b"")
        assert answer.status == 400 and "without a configuration file" in answer.body.decode()


def test_the_file_is_watched(tmp_path):
    with Sluice(tmp_path, config_with()) as sluice:
        write(sluice, config_with({"quick": "demo/demo"}))
        wait_for(lambda: "the file has changed" in sluice.output(), "the change to be seen")
        with sluice.connect() as connection:
            assert chat(connection, "quick").status == 200
        time.sleep(1.5)
        assert count(sluice, "configuration reloaded") == 1


def test_what_needs_a_restart_is_told(tmp_path):
    with Sluice(tmp_path, config_with(), arguments=()) as sluice:
        reload(sluice, config_with(workers=7))
        wait_for(lambda: "needs a restart" in sluice.output(), "a warning")


def test_the_level_of_the_log_changes_at_once(tmp_path):
    with Sluice(tmp_path, config_with()) as sluice:
        def level():
            return json.loads(sluice.get("/admin/log-level").body)["level"]

        def read_again(**more):
            write(sluice, config_with(**more))
            assert sluice.post("/admin/reload", b"").status == 200

        assert level() == "info"
        read_again(log={"level": "warn"})
        assert level() == "warn"
        wait_for(lambda: "info the log's level was changed from=info to=warn" in sluice.output(), "the change in the log")
        assert sluice.post("/admin/log-level", b'{"level":"debug"}').status == 200
        read_again(log={"level": "warn"}, models={"quick": "demo/demo"})  # the file has not changed the level
        assert level() == "debug"


def test_a_stream_ends_as_it_began(tmp_path):
    with Sluice(tmp_path, config_with()) as sluice, sluice.connect() as connection:
        words = " ".join(f"word{i}" for i in range(60))
        body = json.dumps({"model": "fast", "stream": True, "messages": [{"role": "user", "content": words}]}).encode()
        connection.send(b"POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % (CHAT.encode(), len(body)) + body)
        connection.read_head()
        reload(sluice, config_with({"other": "demo/demo"}, keys=[{"name": "a", "key": "key-of-a-0123456789"}]))
        rest = b""
        while b"[DONE]" not in rest:
            rest += connection.socket.recv(65536)
        assert b"word59" in rest


def test_listeners_come_and_go(tmp_path):
    first, second = str(tmp_path / "first.sock"), str(tmp_path / "second.sock")

    def answers(path):
        try:
            with Connection.unix(path) as connection:
                return connection.exchange("GET", "/health").status == 200
        except (OSError, Cut):  # Cut: not accepted yet when the listener was closed
            return False

    with Sluice(tmp_path, config_with(listen=["unix:" + first]), listen=None) as sluice:
        wait_for(lambda: answers(first), "the first")
        with Connection.unix(first) as kept:
            reload(sluice, config_with(listen=["unix:" + first, "unix:" + second]))
            assert answers(first) and answers(second)
            reload(sluice, config_with(listen=["unix:" + second]))
            wait_for(lambda: not answers(first), "the first to be gone")
            assert answers(second)
            assert kept.at_end()  # connections from that listener are closed too
        reload(sluice, config_with(listen=["unix:" + second, "unix:/nowhere/x.sock"]), "the old configuration stays in force")
        assert answers(second)


CALLERS = 12  # each is a thread of this program and waits for its turn at every step


def test_reloads_under_load(tmp_path, report):
    rounds = max(20, int(200 * SCALE))
    with Sluice(tmp_path, config_with()) as sluice:
        fds, stop, failed, done = sluice.fds(), threading.Event(), [], []

        def load():
            made = 0
            while not stop.is_set():
                with sluice.connect() as connection:
                    for _ in range(50):
                        if stop.is_set():
                            break
                        answer = chat(connection, "always")
                        made += 1
                        if answer.status != 200:
                            failed.append((answer.status, answer.body))
            done.append(made)

        reload(sluice, config_with({"always": "demo/demo", "round": "demo/demo"}))
        threads = [threading.Thread(target=load) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        rss = []
        with sluice.connect() as connection:
            for number in range(rounds):
                reload(sluice, config_with({"always": "demo/demo", f"round-{number}": "demo/demo"},
                                           limits={"queue": 1024 + number}))
                assert chat(connection, f"round-{number}").status == 200
                assert chat(connection, f"round-{number - 1}").status == 404
                if number in (rounds // 2, rounds - 1):
                    rss.append(sluice.rss_kb())
        stop.set()
        for thread in threads:
            thread.join(60)
        report(f"reload: {rounds} reloads, {sum(done)} requests, {len(failed)} failed; RSS {rss[0]} kB half way, {rss[1]} kB at the end")
        assert not failed, failed[:3]
        assert len(done) == CALLERS
        assert SANITIZED or rss[1] - rss[0] < 1024
        wait_for(lambda: sluice.fds() <= fds, "its descriptors closed")  # lists of models were fetched at the start
        wait_for(lambda: sluice.metric("sluice_active_exchanges") == 0, "no active exchange")
