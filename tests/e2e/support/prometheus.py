"""A real Prometheus that scrapes sluices, with the configuration in docs/operations.md."""

import contextlib
import json
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from .proxies import free_port
from .settings import ROOT


def documented_config():
    """The configuration block in docs/operations.md."""
    blocks = re.findall(r"```yaml\n(# prometheus\.yml\n.*?)```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)
    assert len(blocks) == 1, blocks
    return blocks[0]


class Prometheus:
    def __init__(self, folder, targets, rules):
        """`rules`: the text of the rule file; intervals are reduced to seconds."""
        program = shutil.which("prometheus")
        if program is None:
            pytest.skip("prometheus is not installed (package prometheus; scripts/deps.sh --test)")
        config, intervals = re.subn(r"_interval: \w+", "_interval: 1s", documented_config())
        config, lists = re.subn(r"targets: \[.*\]", "targets: " + json.dumps(targets), config)
        assert (intervals, lists) == (2, 1), config
        (folder / "prometheus.yml").write_text(config)
        (folder / "prometheus-alerts.yml").write_text(rules)
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = open(folder / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={self.url.removeprefix('http://')}"], stdout=self._log, stderr=self._log)

    def _get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=5) as page:
            return json.load(page)["data"]

    def query(self, expression):
        """The samples [{"metric": labels, "value": [time, text]}] of an expression. None while it is not ready; an
        invalid expression raises urllib.error.HTTPError."""
        try:
            return self._get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))["result"]
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            return None
        except OSError:
            return None

    def firing(self):
        """{address: names of the firing rules}."""
        found = {}
        with contextlib.suppress(OSError):
            for alert in self._get("/api/v1/alerts")["alerts"]:
                if alert["state"] == "firing":
                    found.setdefault(alert["labels"]["instance"], set()).add(alert["labels"]["alertname"])
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self._log.close()
