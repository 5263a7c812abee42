"""Rejected requests for sluice's pages were not logged, and certificates expired without a warning: both are
reported."""

import hashlib
import json
import re
import time

from support.certificates import Authority, self_signed
from support.process import Sluice
from support.settings import wait_for

DEMO = {"demo": {}}
DAY_S = 24 * 3600


def records(sluice):
    lines = [json.loads(line) for line in sluice.output().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("type") == "access"]


def test_who_was_refused_on_a_page_of_its_own_is_recorded(tmp_path):
    keys = [{"name": "team", "key": "ck-own-pages-0123456789"}]
    wrong = "ck-wrong-9876543210"
    with Sluice(tmp_path, {"workers": 1, "keys": keys, "providers": DEMO}, ["--log-format", "json"]) as sluice:
        statuses = [
            sluice.get("/v1/models", [("authorization", f"Bearer {wrong}")]).status,
            sluice.get("/v1/models").status,
            sluice.get("/admin/exchanges", [("x-api-key", wrong)]).status,
            sluice.get("/admin/exchanges", [("x-api-key", keys[0]["key"])]).status,
            sluice.post("/admin/log-level", {"level": "debug"}, [("x-api-key", keys[0]["key"])]).status,
            sluice.post("/admin/reload", b"", [("x-api-key", wrong)]).status,
        ]
        assert statuses == [401, 401, 401, 403, 403, 401]
        found = wait_for(lambda: len(records(sluice)) == len(statuses) and records(sluice), "the records")
        assert [record["status"] for record in found] == statuses
        assert [record["outcome"] for record in found] == ["unauthorized"] * 3 + ["forbidden"] * 2 + ["unauthorized"]
        digits = hashlib.sha256(wrong.encode()).hexdigest()[:4]
        assert [record.get("key_sha256") for record in found] == [digits, None, digits, None, None, digits]
        assert [record.get("key") for record in found] == [None, None, None, "team", "team", None]
        metrics = sluice.metrics()
        assert metrics['sluice_refusals_total{code="unauthorized"}'] == 4
        assert metrics['sluice_refusals_total{code="forbidden"}'] == 2
        assert wrong not in sluice.output()


def test_a_certificate_that_ends_soon_is_told_of(tmp_path):
    authority = Authority(tmp_path, "own")
    certificate, key = map(str, authority.leaf("soon", last_day=5))
    later, later_key = map(str, self_signed(tmp_path, "later"))
    providers = DEMO | {
        "lab": {"base_url": "https://127.0.0.1:1/v1", "api_key": "pk-certificates", "ca_file": certificate},
        "fine": {"base_url": "https://127.0.0.1:1/v1", "api_key": "pk-certificates", "cert_file": later, "key_file": later_key},
        "plain": {"base_url": "http://127.0.0.1:1/v1", "api_key": "pk-certificates", "ca_file": certificate},
    }
    with Sluice(tmp_path, {"providers": providers}) as sluice:
        found = {key: value for key, value in sluice.metrics().items() if key.startswith("sluice_certificate_expires_seconds")}
        assert set(found) == {
            'sluice_certificate_expires_seconds{what="ca_file",provider="lab"}',
            'sluice_certificate_expires_seconds{what="cert_file",provider="fine"}',
        }
        left_days = (found['sluice_certificate_expires_seconds{what="ca_file",provider="lab"}'] - time.time()) / DAY_S
        assert 3 < left_days < 6, left_days
        # Once, and only for the certificate in use.
        warned = re.findall(r"(\S+): the certificate in .* expires in \d days", sluice.output())
        assert warned == ["providers.lab"], sluice.output()
