"""Runs what is documented: each sluice command and each configuration in README.md and docs/configuration.md, with
the real program, and each step of the tours, whose output must be as printed."""

import json
import os
import re
import signal
import subprocess

import pytest

from support.process import Sluice
from support.settings import BINARY, PATIENCE, ROOT, wait_for

DOCUMENTS = ["README.md", "docs/configuration.md"]
TOURS = ["docs/failover.md"]
VARIABLES = {"OPENAI_KEY_A": "pk-a", "OPENAI_KEY_B": "pk-b", "OPENAI_KEY_SPARE": "pk-c",
             "TEAM_A_KEY": "ck-a", "SLUICE_KEY": "ck-s", "LAB_KEY": "pk-l", "OPENAI_API_KEY": "pk-o", "ANTHROPIC_API_KEY": "pk-a"}


def commands():
    """Code lines that are "sluice" or begin with "sluice ", as a shell would read them."""
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
    """The environment of a user who has installed sluice and has a file in this folder."""
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


# ---- tours: blocks of commands and their output, with one sluice that the first command starts


def steps(name):
    """For each block: its commands with the output printed below them."""
    for block in re.findall(r"```console\n(.*?)```", (ROOT / name).read_text(), re.DOTALL):
        found = []
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(([line[2:]], []))
            elif len(found[-1][0]) > 0 and found[-1][0][-1].endswith("\\"):
                found[-1][0].append(line)
            else:
                found[-1][1].append(line)
        yield [("\n".join(command), printed) for command, printed in found]


# What differs from run to run: times, and ids; equal ids in the page must be equal in the output.
VARYING = re.compile(r"(?P<any>^\.\.\.$)|(?P<date>\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT)|(?P<time>\b\d{4}-\d\d-\d\dT[\d:.]+Z)"
                     r"|(?P<id>\b[0-9a-f]{16,}\b)|(?P<created>(?<=\"created\":)\d+)", re.MULTILINE)
PATTERNS = {"any": r"(?:.*\n)*?.*", "date": r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "time": r"[\dT:.-]+Z", "created": r"\d+"}


def as_pattern(printed):
    pattern, at, ids = "", 0, {}
    for match in VARYING.finditer(printed):
        pattern += re.escape(printed[at:match.start()])
        at = match.end()
        if match.lastgroup != "id":
            pattern += PATTERNS[match.lastgroup]
        elif match[0] in ids:
            pattern += f"(?P={ids[match[0]]})"
        else:
            ids[match[0]] = f"id{len(ids)}"
            pattern += f"(?P<{ids[match[0]]}>[0-9a-f]{{{len(match[0])}}})"
    return pattern + re.escape(printed[at:])


def run_block(commands, folder):
    """What each command printed. They run in one shell, so that `$?` is that of the last one."""
    script = "".join(f"{command}\nended=$?; printf '\\n%s\\n' end-of-step; (exit $ended)\n" for command in commands)
    ran = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60 * PATIENCE)
    return [text.replace("\r\n", "\n").strip("\n") for text in ran.stdout.split("\nend-of-step\n")[:len(commands)]]


@pytest.mark.parametrize("name", TOURS)
def test_tour(name, tmp_path):
    (started, *_), *blocks = list(steps(name))
    file = re.fullmatch(r"sluice --config (\S+)", started[0])[1]
    assert len(blocks) >= 5
    wrong = []
    with Sluice(tmp_path, json.loads((ROOT / file).read_text())) as sluice:
        for block in blocks:
            commands = [command.replace("http://127.0.0.1:8000", sluice.base_url) for command, _ in block]
            for (command, printed), output in zip(block, run_block(commands, tmp_path), strict=True):
                wanted = "\n".join(printed).strip("\n")
                if not re.fullmatch(as_pattern(wanted), output):
                    wrong.append(f"$ {command}\n{output}\n--- is printed as\n{wanted}\n")
        for line in re.findall(r"^    (\d{4}-.*)", (ROOT / name).read_text(), re.MULTILINE):
            wait_for(lambda line=line: re.search(as_pattern(line), sluice.output()), line)
    assert not wrong, "\n".join(wrong)
