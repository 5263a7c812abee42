"""docs/clients: its code runs unchanged, its configurations are valid, its messages are the program's."""

import json
import os
import re
import subprocess
import sys
import tomllib

import pytest

from support.process import Sluice
from support.settings import BINARY, PATIENCE, ROOT

PAGES = sorted((ROOT / "docs/clients").glob("*.md"))
KEY = "sk-team-a"


def blocks(language):
    for page in PAGES:
        for number, match in enumerate(re.finditer(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)):
            yield pytest.param(match[1], id=f"{page.name}:{number}")


@pytest.fixture(scope="module")
def sluice(tmp_path_factory):
    config = {"keys": [{"name": "team-a", "key": KEY}], "providers": {"demo": {"models": ["demo"]}}}
    with Sluice(tmp_path_factory.mktemp("sluice"), config) as process:
        yield process


@pytest.mark.parametrize("code", list(blocks("python")))
def test_python_runs(code, sluice):
    ran = subprocess.run([sys.executable, "-c", code.replace("http://127.0.0.1:8000", sluice.base_url)], capture_output=True, text=True,
                         timeout=60 * PATIENCE)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() and set(ran.stdout.splitlines()) == {"You said: Hello"}, ran.stdout


@pytest.mark.parametrize("line", [block for block in blocks("sh") if block.values[0].startswith("curl")])
def test_curl_runs(line, sluice):
    ran = subprocess.run(["bash", "-c", line.replace("http://127.0.0.1:8000", sluice.base_url)], capture_output=True, text=True,
                         timeout=60 * PATIENCE)
    assert "You said: Hello" in ran.stdout, (ran.stdout, ran.stderr)


def test_there_is_code():
    assert len(list(blocks("python"))) >= 4 and len(list(blocks("sh"))) >= 6


@pytest.mark.parametrize("text", list(blocks("json")))
def test_settings_are_json(text):
    json.loads(text)


@pytest.mark.parametrize("text", list(blocks("toml")))
def test_settings_are_toml(text):
    assert tomllib.loads(text)["model_providers"]["sluice"]["wire_api"] == "responses"


@pytest.mark.parametrize("text", list(blocks("jsonc")))
def test_configurations_are_valid(text, tmp_path):
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text) + ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"])
    secrets = {name: f"k-{number}-0123456789" for number, name in enumerate(variables)}
    ran = subprocess.run([BINARY, "check", "-", "--json"], input=text.replace("/run/sluice/", f"{tmp_path}/"), capture_output=True, text=True,
                         cwd=tmp_path, env=os.environ | secrets, timeout=30 * PATIENCE)
    assert ran.returncode == 0 and json.loads(ran.stdout)["problems"] == [], (ran.stdout, ran.stderr)


def test_messages_are_the_programs():
    """The text in backticks that begins a row of the FAQ is in the source, except for inserted values."""
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.cc"))
    source = re.sub(r'"\s*\n\s*"', "", source)
    rows = re.findall(r"^\| `([^`]+)`", (ROOT / "docs/clients/faq.md").read_text(), re.MULTILINE)
    assert len(rows) >= 12
    assert [row for row in rows if row not in source] == []
