"""The alert rules of docs/examples in a real Prometheus that scrapes the real program while something goes wrong:
each incident fires its rule and no other."""

import asyncio
import contextlib
import json
import os
import re
import signal
import threading
import time

import pytest

from support.certificates import Authority
from support.dialects import BY_NAME
from support.process import Sluice
from support.prometheus import Prometheus
from support.provider import Provider, head
from support.reload import write
from support.settings import ROOT, SANITIZED, wait_for
from support.wire import Cut

CHAT = BY_NAME["openai"]
# Incidents are named after what their provider does -> the rule they fire; None: not an incident.
INCIDENTS = {
    "well": None,
    "down": "SluiceTargetUnreachable",
    "error": "SluiceTargetErrors",
    "key": "SluiceTargetRefusesKey",
    "money": "SluiceTargetOutOfMoney",
    "busy": "SluiceTargetRateLimits",
    "slow": "SluiceTargetSlow",
    "cut": "SluiceStreamsCut",
    "limits": "SluiceRateLimited",
    "queue": "SluiceOverloaded",
    "certificate": "SluiceCertificateExpires",
    "reload": "SluiceReloadFailed",
    "records": "SluiceRecordsLost",
}
SLOW_S = 4


async def answer(request):
    way = request.target.split("/")[1]
    statuses = {"error": 500, "key": 401, "busy": 429, "money": 429}
    if way in statuses:
        code = "insufficient_quota" if way == "money" else f"{way}_code"
        await request.answer(json.dumps({"error": {"message": f"the {way}", "code": code}}).encode(), statuses[way])
    elif way == "cut":
        await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
        frame = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
        await request.send(b"%x\r\n%s\r\n" % (len(frame), frame))
        return False
    elif way == "queue":
        await request.gone()
        return False
    else:
        if way == "slow":
            await asyncio.sleep(SLOW_S)  # the test needs a slow provider
        await request.answer(b'{"id":"1","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}]}')
    return True


def config_of(way, provider, folder):
    base_url = f"http://127.0.0.1:{1 if way == 'down' else provider.port}/{way}"
    lab = {"dialect": "openai", "base_url": base_url, "api_key": "pk-alert-rules-000000"}
    config = {"workers": 1, "providers": {"lab": lab}}
    if way == "limits":
        config["keys"] = [{"name": "team", "key": "ck-alert-rules-000000", "limits": {"requests_per_minute": 30, "burst": 1}}]
    if way == "queue":
        lab |= {"max_connections": 1, "timeouts": {"connect_s": 1, "first_byte_s": 600, "response_s": 600}}
    if way == "records":
        config["log"] = {"file": str(folder / "log")}
    if way == "certificate":
        certificate = str(Authority(folder, "old").leaf("expiring", last_day=5)[0])
        config["providers"]["other"] = lab | {"base_url": "https://127.0.0.1:1/v1", "ca_file": certificate}
    return config


def provoke(way, sluice, over):
    stream = way == "cut"
    while not over.is_set():
        began = time.monotonic()
        with contextlib.suppress(OSError, Cut):  # some answers are cut on purpose
            sluice.post(CHAT.path("lab/m"), CHAT.body("lab/m", stream), CHAT.credential("ck-alert-rules-000000"))
        over.wait(max(0.0, 0.2 - (time.monotonic() - began)))


def test_each_incident_fires_its_own_rule_and_no_other(tmp_path, report):
    if SANITIZED:
        pytest.skip("sanitizers: nothing here but the program's own time, which the rules measure")
    over = threading.Event()
    with contextlib.ExitStack() as stack:
        provider = stack.enter_context(Provider(answer))
        sluices, threads = {}, []
        for way in INCIDENTS:
            folder = tmp_path / way
            folder.mkdir()
            # A file that fills up quickly, like a full disk.
            wrapper = ("prlimit", "--fsize=6000") if way == "records" else ()
            sluices[way] = stack.enter_context(Sluice(folder, config_of(way, provider, folder), wrapper=wrapper))
            for _ in range(6 if way == "slow" else 2 if way == "queue" else 1):
                threads.append(threading.Thread(target=provoke, args=(way, sluices[way], over)))
        write(sluices["reload"], '{"wrong": true}')
        os.kill(sluices["reload"].pid, signal.SIGHUP)
        addresses = {f"127.0.0.1:{sluice.port}": way for way, sluice in sluices.items()}
        rules = (ROOT / "docs" / "examples" / "prometheus-alerts.yml").read_text()
        # Minutes become seconds; the expressions stay.
        rules = re.sub(r"\[\d+m\]", "[10s]", rules)
        rules = re.sub(r"for: \d+m", "for: 2s", rules)
        prometheus = stack.enter_context(Prometheus(tmp_path, list(addresses), rules))
        for thread in threads:
            thread.start()
        try:
            seen = {}

            def all_fire():
                for address, names in prometheus.firing().items():
                    seen.setdefault(addresses[address], set()).update(names)
                time.sleep(0.2)  # polling: Prometheus cannot notify
                return all(rule is None or rule in seen.get(way, ()) for way, rule in INCIDENTS.items())

            with contextlib.suppress(AssertionError):  # the assertion below reports what is missing in more detail
                wait_for(all_fire, "every rule", 45)
                deadline = time.monotonic() + 3
                while time.monotonic() < deadline:  # checks whether other rules fire too
                    all_fire()
        finally:
            over.set()
            for thread in threads:
                thread.join(30)
        report(f"alert rules: {sum(map(bool, seen.values()))} incidents, each with its own rule")
        wanted = {way: {rule} if rule else set() for way, rule in INCIDENTS.items()}
        assert {way: seen.get(way, set()) for way in INCIDENTS} == wanted
