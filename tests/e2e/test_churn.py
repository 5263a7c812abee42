"""Twenty thousand exchanges, two thirds of them broken off by either side at a random byte: afterwards everything is
as before."""

import collections
import json
import subprocess
import sys
import time
from pathlib import Path

from support.process import Sluice
from support.settings import PATIENCE, SANITIZED, SCALE, wait_for

LOAD = str(Path(__file__).parent / "churn_load.py")
EXCHANGES = max(600, int(20_000 * SCALE))
PROCESSES, CONCURRENCY = 2, 32
GROWTH_KB = 2048  # allowed difference in memory between two moments of the same load


def half(sluice, seed):
    """Half of the load, by all processes simultaneously; returns the outcomes."""
    running = [
        subprocess.Popen([sys.executable, LOAD, "callers", sluice.host, str(sluice.port), str(EXCHANGES // 2 // PROCESSES), str(CONCURRENCY),
                          str(seed + number)], stdout=subprocess.PIPE)
        for number in range(PROCESSES)
    ]
    outcomes = collections.Counter()
    for process in running:
        said, _ = process.communicate(timeout=240 * PATIENCE)
        assert process.returncode == 0
        result = json.loads(said)
        assert not result["problems"], f"{result['problem_count']} wrong: {result['problems']}"
        outcomes.update(result["outcomes"])
    return outcomes


def test_everything_is_given_back(tmp_path, report):
    provider = subprocess.Popen([sys.executable, LOAD, "provider"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        port = int(provider.stdout.readline())
        config = {"providers": {"openai": {"base_url": f"http://127.0.0.1:{port}/v1", "api_key": "pk-churn"}}}
        with Sluice(tmp_path, config) as sluice:
            fds = sluice.fds()
            began = time.monotonic()
            outcomes = half(sluice, 1000)
            settled(sluice)
            middle = sluice.rss_kb()
            outcomes.update(half(sluice, 2000))
            settled(sluice)
            end = sluice.rss_kb()
            took = time.monotonic() - began
            report(f"churn: {sum(outcomes.values())} exchanges in {took:.1f} s: {dict(sorted(outcomes.items()))}")
            report(f"churn: RSS {middle} kB after the first half, {end} kB after the second ({end - middle:+d} kB)")
            assert sum(outcomes.values()) == EXCHANGES // 2 // PROCESSES * PROCESSES * 2
            assert SANITIZED or end - middle <= GROWTH_KB

            # The pool may keep idle connections; they close when the provider exits.
            provider.stdin.close()
            provider.wait(10)
            wait_for(lambda: sluice.metric("sluice_pool_connections") == 0, "the pool to be empty")
            report(f"churn: {fds} descriptors before, {sluice.fds()} after")
            assert sluice.fds() == fds
            values = sluice.metrics()
            answered = sum(value for name, value in values.items() if name.startswith("sluice_requests_total"))
            # Requests cut within their head never became exchanges.
            assert EXCHANGES * 0.6 < answered <= EXCHANGES + 50, answered
    finally:
        provider.kill()
        provider.wait()


def settled(sluice):
    """All gauges are zero, except for the connection that reads them."""

    def rest():
        values = sluice.metrics()
        names = ["sluice_active_exchanges", "sluice_active_streams", "sluice_pool_waiting"]
        return all(values[name] == 0 for name in names) and values["sluice_caller_connections"] == 1

    wait_for(rest, "all gauges back at zero", 15)
