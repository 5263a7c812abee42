"""What is documented is run: each command that README.md and docs/configuration.md print for sluice, with the real program, and each
configuration that they show."""

import json
import os
import re
import signal
import subprocess

import pytest

from support.settings import BINARY, PATIENCE, ROOT, wait_for

DOCUMENTS = ["README.md", "docs/configuration.md"]
VARIABLES = {"TEAM_A_KEY": "ck-a", "SLUICE_KEY": "ck-s", "LAB_KEY": "pk-l", "OPENAI_API_KEY": "pk-o", "ANTHROPIC_API_KEY": "pk-a"}


def commands():
    """Lines of code that begin with "sluice ", or are it, as a shell takes them."""
    for name in DOCUMENTS:
        for line in (ROOT / name).read_text().splitlines():
            match = re.match(r"^(?:    |\$ )(sluice(?: .*)?)$", line)
            if match and not line.strip().startswith("sluice.json"):
                yield pytest.param(match[1], id=f"{name}: {match[1].split('#')[0].strip()}")


def configurations():
    for name in DOCUMENTS:
        for match in re.finditer(r"```jsonc?\n(.*?)```", (ROOT / name).read_text(), re.DOTALL):
            yield pytest.param(match[1], id=f"{name}:{match[1][:40].split(chr(10))[0]}")


@pytest.fixture
def shell(tmp_path):
    """The environment of somebody who has installed it and has a file in this folder."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sluice").symlink_to(BINARY)
    (tmp_path / "sluice.json").write_text('{"listen": "127.0.0.1:0", "providers": {"demo": {}}}')
    return {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HOME": str(tmp_path)} | {
        name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


def test_there_are_commands():
    found = [command.values[0] for command in commands()]
    assert len(found) >= 5 and "sluice" in [command.split("#")[0].strip() for command in found], found


@pytest.mark.parametrize("command", list(commands()))
def test_printed_command(command, shell, tmp_path):
    command = command.replace("/etc/sluice.json", "sluice.json").replace("--port 9000", "--port 0")
    output = tmp_path / "output"
    with open(output, "wb") as file:
        process = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=tmp_path, env=shell, stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: process.poll() is not None or b"listens on" in output.read_bytes(), command)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20 * PATIENCE) == 0, output.read_text()
        assert output.read_text().strip()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize("text", list(configurations()))
def test_shown_configuration(text, shell, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("pk-file\n")
    text = text.replace("/run/secrets/anthropic", str(secret))
    ran = subprocess.run([BINARY, "check", "-", "--json"], input=text, capture_output=True, text=True, cwd=tmp_path, env=shell | VARIABLES,
                         timeout=30 * PATIENCE)
    assert ran.returncode == 0 and json.loads(ran.stdout)["problems"] == [], (ran.stdout, ran.stderr)
