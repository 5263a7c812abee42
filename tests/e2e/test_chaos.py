"""Two hundred concurrent streams through three targets, two of which fail in one of eight ways in two of five
answers; and two thousand callers who leave in any state. No answer falsely looks whole, hardly any is lost, and
nothing is left behind. SLUICE_E2E_CHAOS_S: seconds."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

from support.process import Sluice
from support.settings import PATIENCE, SANITIZED, SCALE, wait_for

LOAD = str(Path(__file__).parent / "chaos_load.py")
SECONDS = float(os.environ.get("SLUICE_E2E_CHAOS_S", "8" if SANITIZED else "20"))
STREAMS = max(20, int(200 * SCALE))
LEAVERS = max(200, int(2000 * SCALE))
WAIT_S = 8 if SANITIZED else 3  # how long to wait for a silent target
SEED = 20261127


@contextlib.contextmanager
def three_targets():
    running = subprocess.Popen([sys.executable, LOAD, "targets", str(SEED)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield running, json.loads(running.stdout.readline())
    finally:
        running.kill()
        running.wait()


def config_for(ports, **route):
    providers = {name: {"base_url": f"http://127.0.0.1:{port}/v1", "dialect": "openai", "api_key": "pk-chaos", "models": [],
                        "timeouts": {"first_byte_s": WAIT_S, "stream_idle_s": WAIT_S}} for name, port in zip("abc", ports, strict=True)}
    targets = [{"model": f"{name}/m"} for name in "abc"]
    return {"providers": providers, "workers": 2, "models": {"chaos": {"targets": targets, "retry": {"attempts": 8, "backoff_ms": 20}, **route}}}


def told(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return json.loads(connection.getresponse().read())


def load(*arguments):
    ran = subprocess.run([sys.executable, LOAD, *map(str, arguments)], stdout=subprocess.PIPE, timeout=(SECONDS + 120) * PATIENCE)
    assert ran.returncode == 0
    return json.loads(ran.stdout)


def settled(sluice, ports):
    """All gauges are zero, except for the connection that reads them, and no target is answering."""

    def rest():
        values = sluice.metrics()
        gauges = [values[name] for name in ("sluice_active_exchanges", "sluice_active_streams", "sluice_pool_waiting")]
        return not any(gauges) and values["sluice_caller_connections"] == 1 and not any(told(port)["open"] for port in ports)

    wait_for(rest, "all gauges back at zero", 15)


def nothing_left(sluice, targets, fds):
    targets.stdin.close()
    targets.wait(10)
    wait_for(lambda: sluice.metric("sluice_pool_connections") == 0, "the pool to be empty")
    assert sluice.fds() == fds


def test_no_answer_is_falsely_whole_and_hardly_any_is_lost(tmp_path, report):
    with three_targets() as (targets, ports), Sluice(tmp_path, config_for(ports)) as sluice:
        fds = sluice.fds()
        outcomes = load("streams", sluice.host, sluice.port, SECONDS, STREAMS, SEED)
        settled(sluice, ports)
        faults = {name: sum(told(port)["faults"].get(name, 0) for port in ports) for name in told(ports[0])["faults"]}
        rescued = sluice.output().count("rescued=true")
        asked, whole = sum(outcomes.values()), outcomes.get("whole", 0)
        report(f"chaos: {asked} streams, {STREAMS} at a time, {SECONDS:g} s: {whole / asked:.3%} whole, {rescued} of them gone on with; {outcomes}")
        report(f"chaos: faults {faults}")
        assert "falsely whole" not in outcomes and "contradicted" not in outcomes, outcomes
        assert whole >= 0.999 * asked, outcomes
        assert all(faults.get(name, 0) > 0 for name in ("reset", "cut", "stall", "500", "429", "error", "bad-frame", "slow")), faults
        nothing_left(sluice, targets, fds)


def test_callers_who_leave_in_any_state_leave_nothing(tmp_path, report):
    with three_targets() as (targets, ports), Sluice(tmp_path, config_for(ports)) as sluice:
        fds = sluice.fds()
        left = load("leavers", sluice.host, sluice.port, LEAVERS, STREAMS, SEED)
        settled(sluice, ports)
        report(f"chaos: {sum(left.values())} callers left: {left}")
        assert sum(left.values()) == LEAVERS and len(left) == 3, left
        nothing_left(sluice, targets, fds)


def test_callers_who_leave_an_answer_that_is_read_on_leave_nothing_either(tmp_path):
    with three_targets() as (targets, ports), Sluice(tmp_path, config_for(ports, drain_on_disconnect=True)) as sluice:
        fds = sluice.fds()
        load("leavers", sluice.host, sluice.port, LEAVERS // 4, STREAMS, SEED)
        settled(sluice, ports)
        assert "outcome=caller_gone" in sluice.output()
        nothing_left(sluice, targets, fds)
