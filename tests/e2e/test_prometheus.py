"""What Prometheus and Grafana make of sluice: promtool reads the page and the alert rules, and no example names a series that there is not."""

import json
import re
import shutil
import subprocess

import pytest

from support.dialects import BY_NAME
from support.process import Sluice
from support.settings import PATIENCE, ROOT

EXAMPLES = ROOT / "docs" / "examples"
# Of an expression of PromQL, what is a series: a word that is no function (behind it "("), no label and no keyword.
_SERIES = re.compile(r"\b(?:sluice|gen_ai|process)_[a-z_]+\b")
_LABELS = {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"}


def promtool(*arguments, **options):
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (package prometheus; scripts/deps.sh --test)")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30 * PATIENCE, **options)


def documented():
    """{name of a sample: type} of docs/metrics.md, the three of each histogram included."""
    found = {}
    for name, kind in re.findall(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE):
        names = [name + suffix for suffix in ("_bucket", "_sum", "_count")] if kind == "histogram" else [name]
        found |= dict.fromkeys(names, kind)
    return found


def test_the_page(tmp_path):
    with Sluice(tmp_path, arguments=["--demo"]) as sluice:
        for dialect in ("openai", "anthropic"):
            chat = BY_NAME[dialect]
            for stream in (False, True):
                assert sluice.post(chat.path("demo"), chat.body("demo", stream)).status == 200
        assert sluice.get("/none").status == 404
        page = sluice.get("/metrics").body.decode()
        names = {re.split(r"[{ ]", line)[0] for line in page.splitlines() if line and not line.startswith("#")}
        assert not names - documented().keys(), "not in docs/metrics.md"
        labels = re.search(r"gen_ai_server_request_duration_seconds_count\{(.*)\} 2", page)
        assert labels and 'gen_ai_operation_name="chat"' in labels[1] and 'gen_ai_request_model="demo"' in labels[1], page
        checked = promtool("check", "metrics", input=page)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_rules():
    checked = promtool("check", "rules", str(EXAMPLES / "prometheus-alerts.yml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert re.search(r"[1-9]\d* rules found", checked.stdout), checked.stdout


def expressions(value):
    """Every "expr" in a dashboard."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "expr":
                yield inner
            else:
                yield from expressions(inner)
    if isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in (".json", ".yml")))
def test_an_example_names_series_that_there_are(name):
    text = (EXAMPLES / name).read_text()
    if name.endswith(".json"):
        text = "\n".join(expressions(json.loads(text)))
    named = set(_SERIES.findall(text)) - _LABELS
    assert named or "expr" not in text, f"{name} names no series"
    assert not named - documented().keys(), f"{name} names series that docs/metrics.md does not"
