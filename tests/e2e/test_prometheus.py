"""sluice in Prometheus and Grafana: promtool checks the page and the alert rules, and no example names a series that
does not exist."""

import json
import re
import shutil
import subprocess
import time
import urllib.error

import pytest

from support.certificates import self_signed
from support.dialects import BY_NAME
from support.process import Sluice
from support.prometheus import Prometheus, documented_config
from support.provider import Provider
from support.settings import PATIENCE, ROOT, wait_for

EXAMPLES = ROOT / "docs" / "examples"
# The series in a PromQL expression: words that are not functions (followed by "("), labels or keywords.
_SERIES = re.compile(r"\b(?:sluice|gen_ai|process)_[a-z_]+\b")
_LABELS = {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"}


def promtool(*arguments, **options):
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (package prometheus; scripts/deps.sh --test)")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30 * PATIENCE, **options)


def documented():
    """{sample name: type} in docs/metrics.md, including the three of each histogram."""
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


def test_the_documented_configuration(tmp_path):
    (tmp_path / "prometheus.yml").write_text(documented_config())
    (tmp_path / "prometheus-alerts.yml").write_text((EXAMPLES / "prometheus-alerts.yml").read_text())
    checked = promtool("check", "config", str(tmp_path / "prometheus.yml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "1 rule files found" in checked.stdout, checked.stdout


def test_each_rule_is_explained():
    rules = re.findall(r"- alert: (\w+)", (EXAMPLES / "prometheus-alerts.yml").read_text())
    rows = re.findall(r"^\| (Sluice\w+) \|(.*)\|$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    assert [name for name, _ in rows] == rules
    for name, row in rows:
        cells = [cell.strip() for cell in row.split("|")]
        assert len(cells) == 3 and all(cells), name
    series = set(_SERIES.findall("".join(row for _, row in rows)))
    bases = {re.sub("_(bucket|sum|count)$", "", name) for name in documented()}
    assert not series - bases, f"operations.md names series that docs/metrics.md does not: {series - bases}"


def plain(expression):
    """An expression of the dashboard on one line, without its variables."""
    expression = re.sub(r'\{instance=~"\$instance"\}|,instance=~"\$instance"|instance=~"\$instance",', "", expression)
    return " ".join(expression.split())


def test_what_is_wrong_is_documented():
    panel = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())["panels"][0]
    assert panel["title"] == "Is anything wrong"
    assert plain(panel["targets"][0]["expr"]) in plain((ROOT / "docs" / "operations.md").read_text())


async def answer(request):
    if "broken" in request.target:
        return await request.answer(b'{"error": {"message": "no", "code": "no"}}', 500)
    await request.answer(b'{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}],'
                         b'"usage":{"prompt_tokens":7,"completion_tokens":3}}')


def test_each_panel_shows_something(tmp_path):
    """In a real Prometheus that scrapes a sluice with failed, rejected and waiting requests."""
    chat = BY_NAME["openai"]
    panels = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())["panels"]
    queries = {(panel["title"], target["refId"]): target["expr"] for panel in panels for target in panel["targets"]}
    with Provider(answer) as provider:
        lab = {"dialect": "openai", "api_key": "pk-dashboard-0000"}
        certificate = str(self_signed(tmp_path, "own")[0])
        config = {
            "metrics": {"by_key": True},
            "keys": [{"name": "team", "key": "ck-dashboard-0000"},
                     {"name": "small", "key": "ck-small-000000000", "limits": {"requests_per_minute": 60, "burst": 1}}],
            "providers": {"lab": lab | {"base_url": f"http://127.0.0.1:{provider.port}/fine"},
                          "broken": lab | {"base_url": f"http://127.0.0.1:{provider.port}/broken"},
                          "far": lab | {"base_url": "https://127.0.0.1:1/v1", "ca_file": certificate}},
        }
        rules = (EXAMPLES / "prometheus-alerts.yml").read_text()
        with Sluice(tmp_path, config) as sluice, Prometheus(tmp_path, [f"127.0.0.1:{sluice.port}"], rules) as prometheus:

            def ask(what):
                """Sends a few requests and returns the current values in Prometheus."""
                for model, key in (("lab/m", "ck-dashboard-0000"), ("broken/m", "ck-dashboard-0000"),
                                   ("lab/m", "ck-small-000000000"), ("lab/m", "ck-wrong-000000000")):
                    sluice.post(chat.path(model), chat.body(model), chat.credential(key))
                expression = queries[what].replace("$instance", ".*").replace("$__rate_interval", "10s").replace("[5m]", "[10s]")
                try:
                    found = prometheus.query(expression)
                except urllib.error.HTTPError as error:
                    raise AssertionError(f"{what}: {error.read().decode()}") from error
                values = [float(sample["value"][1]) for sample in found or []]
                time.sleep(0.1)  # polling: Prometheus cannot notify
                return [value for value in values if value == value]  # 0/0 shows nothing

            for what in queries:
                wait_for(lambda what=what: ask(what), f"what {what} shows", 30)
            # One thing is wrong: the failing target.
            wait_for(lambda: ask(("Is anything wrong", "A")) == [1.0], "one thing to be wrong", 30)


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
