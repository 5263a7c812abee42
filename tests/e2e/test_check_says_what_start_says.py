"""`sluice check` accepted a configuration with which sluice did not start. Now check, start and reload test the same
things; check starts nothing, leaves nothing behind and ignores a running sluice."""

import json
import os
import subprocess

import pytest

from support.certificates import Authority, self_signed
from support.process import Sluice
from support.settings import BINARY, PATIENCE, wait_for

DEMO = {"providers": {"demo": {}}}


def run(*arguments, cwd, environment=None, text=None):
    clean = {"PATH": os.environ["PATH"], "HOME": str(cwd)} | (environment or {})
    clean |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return subprocess.run([BINARY, *map(str, arguments)], cwd=cwd, env=clean, capture_output=True, text=True, input=text,
                          timeout=30 * PATIENCE)


def written(folder, config):
    path = folder / "sluice.json"
    path.write_text(json.dumps({"listen": "127.0.0.1:0"} | config))
    path.chmod(0o600)
    return path


def certificates(folder):
    one, other = self_signed(folder, "one"), self_signed(folder, "other")
    return str(one[0]), str(other[1])


def wrong(folder):
    """What is wrong -> (configuration, what is reported)."""
    certificate, other_key = certificates(folder)
    (folder / "folder").mkdir()
    (folder / "file").write_text("")
    (folder / "text.pem").write_text("no certificate")
    (folder / "key").write_text("sk-lab\n")
    (folder / "link").symlink_to(folder / "key")
    os.mkfifo(folder / "fifo")
    https = {"base_url": "https://127.0.0.1:1/v1"}
    return {
        "key of another certificate": ({"tls": {"cert_file": certificate, "key_file": other_key}}, "does not belong to the certificate"),
        "no certificate in the file": ({"tls": {"cert_file": str(folder / "text.pem"), "key_file": other_key}}, "no certificate"),
        "client certificate of another key": ({"providers": {"lab": https | {"cert_file": certificate, "key_file": other_key}}},
                                              "providers.lab: key_file"),
        "authorities that are none": ({"providers": {"lab": https | {"ca_file": str(folder / "text.pem")}}}, "providers.lab: ca_file"),
        "authorities that are a folder": ({"providers": {"lab": https | {"ca_file": str(folder / "folder")}}}, "providers.lab: ca_file"),
        "the log's folder": ({"log": {"file": str(folder / "nowhere" / "log")}}, "nowhere does not exist"),
        "the log is a folder": ({"log": {"file": str(folder / "folder")}}, "log.file"),
        "the log is a pipe": ({"log": {"file": str(folder / "fifo")}}, "log.file"),
        "the log's folder is a file": ({"log": {"file": str(folder / "file" / "log")}}, "log.file"),
        "the pid file's folder": ({"pid_file": str(folder / "nowhere" / "pid")}, "pid_file"),
        "the pid file is a key file": ({"pid_file": str(folder / "key")}, "something else than a process id"),
        "the pid file is the configuration": ({"pid_file": str(folder / "sluice.json")}, "something else than a process id"),
        "the log is the configuration": ({"log": {"file": str(folder / "sluice.json")}}, "is the configuration"),
        "the log is the pid file": ({"pid_file": str(folder / "new"), "log": {"file": str(folder / "conf" / ".." / "new")}}, "is pid_file too"),
        "the log is a link to a key file": ({"log": {"file": str(folder / "link")},
                                             "providers": {"lab": {"base_url": "http://127.0.0.1:1/v1", "models": [],
                                                                   "api_key": {"file": str(folder / "key")}}}},
                                            "that a secret is read from"),
        "the log is a certificate": ({"log": {"file": certificate}, "tls": {"cert_file": certificate, "key_file": other_key}},
                                     "is tls.cert_file too"),
        "the socket's folder": ({"listen": f"unix:{folder}/nowhere/sock"}, "nowhere does not exist"),
        "the socket is a file": ({"listen": f"unix:{folder}/file"}, "something other than a socket"),
    }


def test_check_and_start_say_the_same(tmp_path):
    for what, (config, said) in wrong(tmp_path).items():
        path = written(tmp_path, DEMO | config)
        before = sorted(os.listdir(tmp_path))
        checked = run("check", path, cwd=tmp_path)
        started = run("--config", path, cwd=tmp_path)
        assert checked.returncode == 1 and said in checked.stderr, (what, checked)
        assert started.returncode == 2 and started.stderr == checked.stderr, (what, started, checked)
        assert sorted(os.listdir(tmp_path)) == before, what


def test_all_of_it_at_once(tmp_path):
    certificate, other_key = certificates(tmp_path)
    path = written(tmp_path, {"tls": {"cert_file": certificate, "key_file": other_key}, "log": {"file": "nowhere/log"},
                              "pid_file": "nowhere/pid", "models": {"m": "demo/m"}, "providers": {"demo": {}}})
    said = run("check", path, cwd=tmp_path).stderr
    assert all(word in said for word in ["does not belong", "log.file", "pid_file"]), said


def test_what_may_be_right_elsewhere_is_a_warning(tmp_path):
    certificate, key = map(str, Authority(tmp_path, "ca").leaf("old", first_day=-10, last_day=-1))
    rows = [
        ({"listen": "192.0.2.1:8000", "keys": [{"name": "k", "key": "k"}]}, "192.0.2.1 is not an address of this machine"),
        ({"tls": {"cert_file": certificate, "key_file": key}}, "has expired"),
        ({"keys": [{"name": "guest", "key": "ck-guest", "expires": "2020-02-29"}]}, "guest has expired, at 2020-02-29T23:59:59Z"),
        ({"keys": [{"name": "team", "key": ["ck-new", {"key": "ck-old", "expires": "2020-02-29"}]}]}, "an old secret of team has expired"),
        ({"providers": {"lab": {"base_url": "http://127.0.0.1:1"}}}, "most want http://127.0.0.1:1/v1"),
        ({"providers": {"lab": {"base_url": "http://127.0.0.1:1/v1/chat/completions"}}}, "/chat/completions is added by sluice"),
        ({"providers": {"lab": {"base_url": "http://127.0.0.1:1/v1", "cert_file": certificate, "key_file": key}}}, "not https://"),
    ]
    for config, said in rows:
        ran = run("check", written(tmp_path, DEMO | config), cwd=tmp_path)
        assert ran.returncode == 0 and said in ran.stdout and "is fine" in ran.stdout, (config, ran)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere and take every port")
def test_without_permission(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine").chmod(0o500)
    ran = run("check", written(tmp_path, DEMO | {"log": {"file": str(tmp_path / "mine" / "log")}}), cwd=tmp_path)
    assert ran.returncode == 1 and "is not writable" in ran.stderr, ran


def test_check_beside_a_sluice_that_runs(tmp_path):
    """As ExecReload does: the addresses, the pid file and the log are in use."""
    folder = tmp_path / "run"
    folder.mkdir()
    config = DEMO | {"pid_file": str(folder / "pid"), "log": {"file": str(folder / "log")}}
    with Sluice(tmp_path, config, ["--listen", f"unix:{folder}/sock"], listen="127.0.0.1:0") as sluice:
        config["listen"] = [f"unix:{folder}/sock", f"127.0.0.1:{sluice.port}"]
        log = (folder / "log").read_bytes()
        ran = run("check", written(tmp_path, config), cwd=tmp_path)
        assert ran.returncode == 0 and "warning" not in ran.stdout, ran
        assert (folder / "log").read_bytes().startswith(log) and (folder / "sock").is_socket()
        assert sluice.get("/health").status == 200


def test_a_reload_looks_too(tmp_path):
    config = DEMO | {"keys": [{"name": "ops", "key": "ck-reload", "admin": True}]}
    with Sluice(tmp_path, config) as sluice:
        certificate, other_key = certificates(tmp_path)
        bad = config | {"providers": {"lab": {"base_url": "https://127.0.0.1:1/v1", "cert_file": certificate, "key_file": other_key}},
                        "log": {"file": str(tmp_path / "nowhere" / "log")}}
        (tmp_path / "sluice.json").write_text(json.dumps(bad))
        answer = sluice.post("/admin/reload", b"", [("authorization", "Bearer ck-reload")])
        assert answer.status >= 400, answer
        wait_for(lambda: "does not belong" in sluice.output() and "nowhere does not exist" in sluice.output(), "both in the log")
