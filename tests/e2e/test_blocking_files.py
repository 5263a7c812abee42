"""A file named in the configuration becomes something that blocks forever when opened: a FIFO, a device, a
directory."""

import json
import os
import subprocess

import pytest

from support.process import Sluice
from support.reload import count
from support.settings import BINARY, PATIENCE, wait_for

DEMO = {"dialect": "openai", "base_url": "demo:"}


def run(folder, *arguments):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run([BINARY, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=10 * PATIENCE, check=False)


def fifo(folder):
    path = folder / "fifo"
    if not path.exists():
        os.mkfifo(path, 0o600)
    return str(path)


def test_sigterm_is_heard_when_the_configuration_has_become_a_fifo(tmp_path):
    with Sluice(tmp_path, {"providers": {"demo": DEMO}}) as sluice:
        file = sluice.folder / "sluice.json"
        file.unlink()
        os.mkfifo(file, 0o600)
        os.kill(sluice.pid, 1)  # SIGHUP
        wait_for(lambda: "it is a FIFO, not a plain file" in sluice.output(), "the reason")
        assert sluice.get("/health").status == 200
        assert "sluice_config_last_reload_successful 0" in sluice.get("/metrics").body.decode()
        file.unlink()
        file.write_text(json.dumps({"providers": {"demo": DEMO}}))
        os.chmod(file, 0o600)
        wait_for(lambda: count(sluice, "configuration reloaded") > 0, "the file to be seen")
        assert "sluice_config_last_reload_successful 1" in sluice.get("/metrics").body.decode()
    # leaving the block sent SIGTERM and checked the exit


@pytest.mark.parametrize("path,words", [("fifo", "a FIFO"), ("/", "a folder"), ("/dev/zero", "a device")])
def test_a_configuration_that_is_no_plain_file_is_refused_at_once(tmp_path, path, words):
    done = run(tmp_path, "check", fifo(tmp_path) if path == "fifo" else path)
    assert done.returncode != 0 and words in done.stderr + done.stdout


@pytest.mark.parametrize("place", ["secret", "ca_file", "certificate"])
def test_what_it_names_is_not_waited_for_either(tmp_path, place):
    lab = {"dialect": "openai", "base_url": "https://127.0.0.1:1/v1", "api_key": "x"}
    made = {"listen": "127.0.0.1:0", "providers": {"lab": lab}}
    if place == "secret":
        lab["api_key"] = {"file": fifo(tmp_path)}
    elif place == "ca_file":
        lab["ca_file"] = fifo(tmp_path)
    else:
        made["tls"] = {"cert_file": fifo(tmp_path), "key_file": fifo(tmp_path)}
    file = tmp_path / "sluice.json"
    file.write_text(json.dumps(made))
    os.chmod(file, 0o600)
    for arguments in (["check", str(file)], ["--config", str(file)]):
        done = run(tmp_path, *arguments)
        assert done.returncode != 0 and "a FIFO, not a plain file" in done.stderr
