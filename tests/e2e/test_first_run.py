"""What a new user sees after building it, without configuration and keys: it starts, says what to try, and that
works."""

import json
import re
import socket
import subprocess

import pytest

from support.process import Sluice
from support.settings import BINARY, PATIENCE, wait_for

# Ports where sluice looks for local model servers at start.
LOCAL = {11434: "Ollama", 1234: "LM Studio", 8000: "vLLM", 8080: "llama.cpp"}


def listening():
    found = []
    for port, name in LOCAL.items():
        with socket.socket() as probe:
            probe.settimeout(0.3)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                found.append(f"{name} ({port})")
    return found


def curls(output):
    """The commands in a start-up block: from "curl " to the end of the line, including continuation lines after a
    backslash."""
    joined = re.sub(r"\\\n\s*", " ", output)
    return [match.group().strip() for match in re.finditer(r"\bcurl .*", joined)]


def test_first_run(tmp_path):
    if found := listening():
        pytest.skip(f"something answers where local models are looked for: {', '.join(found)}")
    with Sluice(tmp_path) as sluice:
        wait_for(lambda: curls(sluice.output()), "a curl to try")
        block = sluice.output()
        assert "demo" in block
        models = [model["id"] for model in sluice.get("/v1/models").json()["data"]]
        assert models and any(name in block for name in models), (models, block)
        commands = curls(block)
        assert commands
        for command in commands:
            ran = subprocess.run(["bash", "-c", command.replace("curl ", "curl -sS --fail-with-body --max-time 20 ", 1)], capture_output=True,
                                 text=True, timeout=30 * PATIENCE)
            assert ran.returncode == 0, (command, ran)
            assert json.loads(ran.stdout) if ran.stdout.startswith("{") else "data:" in ran.stdout, (command, ran.stdout)
        assert len(block.splitlines()) <= 40, "a start-up block is read by people"


def test_what_the_block_says_of_keys_is_true(tmp_path):
    """A well-known variable creates its provider; its value is not printed."""
    with Sluice(tmp_path, environment={"OPENAI_API_KEY": "sk-first-run-planted-00"}) as sluice:
        wait_for(lambda: "openai" in sluice.output(), "the provider's name")
        assert "OPENAI_API_KEY" in sluice.output()
        assert "planted" not in sluice.output() + sluice.errors()
        assert not any(m["id"].startswith("demo") for m in sluice.get("/v1/models").json()["data"])


def run(*arguments, cwd):
    return subprocess.run([BINARY, *arguments], cwd=cwd, capture_output=True, text=True, timeout=30 * PATIENCE)


def test_version(tmp_path):
    ran = run("version", cwd=tmp_path)
    assert ran.returncode == 0 and re.search(r"\d+\.\d+\.\d+", ran.stdout), ran


def test_check(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{ // with a comment\n  "workers": 1\n}')
    bad.write_text('{\n  "wrokers": 1,\n  "listen": 7\n}')
    assert run("check", str(good), cwd=tmp_path).returncode == 0
    ran = run("check", str(bad), cwd=tmp_path)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert "bad.json" in said and "wrokers" in said and "workers" in said and "listen" in said, said  # all of them


def test_no_such_file(tmp_path):
    ran = run("--config", "none.json", cwd=tmp_path)
    assert ran.returncode == 2 and "none.json" in ran.stdout + ran.stderr, ran


def test_open_gateway_stays_on_loopback(tmp_path):
    ran = run("--demo", "--listen", "0.0.0.0:0", cwd=tmp_path)
    assert ran.returncode == 1 and "key" in (ran.stdout + ran.stderr).lower(), ran
