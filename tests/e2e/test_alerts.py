"""Alerts: a target that keeps failing is reported once, in the log, to a webhook and to Sentry, and once more when
it has recovered. Neither the destinations nor any key appear in the log, on /metrics or in what is sent."""

import json
import re
import socket
import subprocess

import pytest

from support.certificates import serving_context
from support.dialects import BY_NAME, asked_once
from support.process import Sluice
from support.provider import Provider
from support.reload import reload
from support.settings import BINARY, wait_for

CHAT = BY_NAME["openai"]
CALLER = "ck-planted-7f3a9c51e2d84b60"
PROVIDER = "pk-planted-60b48d2e15c9a3f7"
SENTRY = "5e27c0ffee5e27c0ffee5e27c0ffee00"
HOOK = "wt-planted-15c9a3f760b48d2e"
SECRETS = [CALLER, PROVIDER, SENTRY, HOOK]


async def answer(request):
    wish = request.header("x-wish") or ""
    if wish == "echo the key":  # so that it appears in the error message
        await request.send(b"no HTTP, but " + request.header("authorization").encode() + b"\r\n\r\n")
        return False
    await request.answer(b'{"choices": []}', int(wish or 200))
    return True


def test_log_webhook_and_sentry(tmp_path):
    statuses = [503, 204]  # of the webhook: the first try fails

    async def hear(request):
        await request.answer(b"", statuses.pop(0) if statuses else 200)
        return False

    with Provider(answer) as provider, Provider(hear) as hook, Provider(answer) as sentry:
        config = {
            "workers": 2,
            "keys": [{"name": "team", "key": "${CALLER_KEY}"}],
            "providers": {"lab": {"base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "${PROVIDER_KEY}"}},
            "models": asked_once("lab/well", "lab/ill"),
            "alerts": {"sentry_dsn": "${DSN}", "webhook": "${HOOK}", "after_failures": 3, "within_s": 2},
        }
        environment = {"CALLER_KEY": CALLER, "PROVIDER_KEY": PROVIDER, "DSN": f"http://{SENTRY}@127.0.0.1:{sentry.port}/sub/42",
                       "HOOK": f"http://127.0.0.1:{hook.port}/services/{HOOK}?token={HOOK}"}
        seen = []
        with Sluice(tmp_path, config, ["--log-level", "trace"], environment) as sluice:
            def ask(model, wish):
                return sluice.post(CHAT.path(model), CHAT.body(model), [*CHAT.credential(CALLER), ("x-wish", wish)]).status

            for _ in range(4):
                assert ask("well", "404") == 404
            assert [ask("ill", wish) for wish in ("500", "529", "echo the key", "503", "500")] == [500, 529, 502, 503, 500]
            wait_for(lambda: len(hook.requests) == 3 and len(sentry.requests) == 2, "the alert, its second try, and the recovery", 20)
            wait_for(lambda: sluice.metric('sluice_alerts_total{event="recovered"}') == 1, "the count")
            assert sluice.metric('sluice_alerts_total{event="failing"}') == 1
            assert sluice.metric("sluice_alerts_failed_total") == 0
            seen.append(sluice.get("/metrics").body.decode())
        log = sluice.output()
        seen += [log, sluice.errors()]

    check_webhook(hook.requests)
    check_sentry(sentry.requests)
    assert len(re.findall(r" warn alert: failing subject=lab/ill failures=3 ", log)) == 1, log
    assert len(re.findall(r" info alert: recovered subject=lab/ill failures=4 ", log)) == 1, log
    seen += [request.body.decode() for request in hook.requests + sentry.requests]
    for text in seen:
        for secret in SECRETS:
            assert secret not in text, f"{secret} in {text[:2000]}"


def check_webhook(requests):
    """The alert twice, since its first try was rejected, then the recovery."""
    for request in requests:
        assert (request.method, request.target) == ("POST", f"/services/{HOOK}?token={HOOK}")
        assert request.header("content-type") == "application/json"
    failing, again, recovered = (json.loads(request.body) for request in requests)
    assert failing == again
    for notice, event, failures in ((failing, "failing", 3), (recovered, "recovered", 4)):
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", notice.pop("since"))
        assert re.fullmatch(r"\d+\.\d+\.\d+", notice.pop("version"))
        assert "answered with status" in (error := notice.pop("last_error")) or "lab/ill: " in error
        assert notice == {
            "event": event, "subject": "lab/ill", "code": "target_error", "failures": failures, "within_s": 2, "host": socket.gethostname()
        }


def check_sentry(requests):
    for request, event_name, level in zip(requests, ("failing", "recovered"), ("error", "info"), strict=True):
        assert (request.method, request.target) == ("POST", "/sub/api/42/envelope/")
        assert re.fullmatch(rf"Sentry sentry_version=7, sentry_key={SENTRY}, sentry_client=sluice/[\d.]+", request.header("x-sentry-auth"))
        envelope, item, payload, end = request.body.split(b"\n")
        assert end == b""
        envelope, item, event = map(json.loads, (envelope, item, payload))
        assert item == {"type": "event", "content_type": "application/json", "length": len(payload)}
        assert re.fullmatch("[0-9a-f]{32}", event["event_id"]) and envelope["event_id"] == event["event_id"]
        assert event["level"] == level and event["logger"] == "sluice.alerts" and "lab/ill" in event["message"]
        assert event["tags"]["target"] == "lab/ill" and event["tags"]["code"] == "target_error"
        assert event["fingerprint"] == ["sluice", event_name, "lab/ill", "target_error"]
    assert len({json.loads(request.body.split(b"\n")[0])["event_id"] for request in requests}) == 2


def test_nobody_hears(tmp_path):
    """Unreachable or silent destinations cost requests nothing, and shutdown does not wait for them."""
    gone = socket.socket()
    gone.bind(("127.0.0.1", 0))  # is not listening
    silent = socket.create_server(("127.0.0.1", 0))
    with Provider(answer) as provider, gone, silent:
        config = {
            "providers": {"lab": {"base_url": f"http://127.0.0.1:{provider.port}/v1"}},
            "alerts": {"sentry_dsn": f"http://{SENTRY}@127.0.0.1:{gone.getsockname()[1]}/42",
                       "webhook": f"http://127.0.0.1:{silent.getsockname()[1]}/{HOOK}", "after_failures": 1},
        }
        with Sluice(tmp_path, config, ["--log-level", "trace"]) as sluice:
            assert sluice.post(CHAT.path("lab/m"), CHAT.body("lab/m"), [("x-wish", "500")]).status == 500
            silent.accept()[0].close()  # an attempt was made
            wait_for(lambda: sluice.metric("sluice_alerts_failed_total") >= 1, "Sentry to be given up", 30)
            assert sluice.post(CHAT.path("lab/m"), CHAT.body("lab/m")).status == 200
        log = sluice.output()
        assert " warn an alert was not delivered to=sentry reason=target_refused" in log
        for secret in (SENTRY, HOOK, f":{gone.getsockname()[1]}/42", f":{silent.getsockname()[1]}"):
            assert secret not in log, log


def test_configuration(tmp_path):
    """Problems are reported without the secret; 0 turns alerts off."""
    with Provider(answer) as provider:
        config = {"providers": {"lab": {"base_url": f"http://127.0.0.1:{provider.port}/v1"}}, "alerts": {"after_failures": 0}}
        with Sluice(tmp_path / "off", config) as sluice:
            for _ in range(6):
                sluice.post(CHAT.path("lab/m"), CHAT.body("lab/m"), [("x-wish", "500")])
            assert sluice.metric("sluice_alerts_total") == 0
        assert "alert:" not in sluice.output()
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps({"alerts": {"sentry_dsn": f"https://{SENTRY}.example.com", "webhook": f"ftp://{HOOK}"}}))
    file.chmod(0o600)
    check = subprocess.run([BINARY, "check", str(file)], capture_output=True, text=True, timeout=20)
    said = check.stdout + check.stderr
    assert check.returncode == 1 and "alerts.sentry_dsn" in said and "alerts.webhook" in said, said
    assert SENTRY not in said and HOOK not in said, said


@pytest.mark.parametrize("trusted", [True, False])
def test_over_tls(tmp_path, authority, trusted):
    """Certificates are verified: nothing is sent to a peer whose certificate the system does not trust."""
    context = serving_context(authority.leaf(f"hook-{trusted}"))
    with Provider(answer) as provider, Provider(answer, context) as hook:
        config = {
            "providers": {"lab": {"base_url": f"http://127.0.0.1:{provider.port}/v1"}},
            "alerts": {"webhook": f"https://127.0.0.1:{hook.port}/{HOOK}", "after_failures": 1},
        }
        with Sluice(tmp_path, config, [], {"SSL_CERT_FILE": str(authority.pem)} if trusted else {}) as sluice:
            sluice.post(CHAT.path("lab/m"), CHAT.body("lab/m"), [("x-wish", "500")])
            if trusted:
                wait_for(lambda: hook.requests, "the alert")
                assert json.loads(hook.requests[0].body)["event"] == "failing"
                assert sluice.metric("sluice_alerts_failed_total") == 0
            else:
                wait_for(lambda: sluice.metric("sluice_alerts_failed_total") == 1, "it to be given up", 20)
                assert not hook.requests
        assert ("to=webhook reason=target_tls" in sluice.output()) != trusted


def test_whom_to_tell_changes_while_it_runs(tmp_path):
    """If only the destinations change, counting continues; what was being sent to the old one still arrives."""
    async def hear(request):
        await request.answer(b"", 200)
        return False

    with Provider(answer) as provider, Provider(hear) as first, Provider(hear) as second:
        def config(hook, after):
            return {"providers": {"lab": {"base_url": f"http://127.0.0.1:{provider.port}/v1"}}, "models": asked_once("lab/untold", "lab/a", "lab/b"),
                    "alerts": {"webhook": f"http://127.0.0.1:{hook.port}/{HOOK}", "after_failures": after}}

        def fail(sluice, model):
            assert sluice.post(CHAT.path(model), CHAT.body(model), [("x-wish", "500")]).status == 500

        def subjects(hook):
            return [json.loads(request.body)["subject"] for request in hook.requests]

        with Sluice(tmp_path, {**config(first, 2), "alerts": {"after_failures": 0}}) as sluice:
            fail(sluice, "untold")
            reload(sluice, config(first, 2))
            fail(sluice, "a")
            reload(sluice, config(second, 2))
            fail(sluice, "a")
            wait_for(lambda: subjects(second) == ["lab/a"], "the second place to be told")
            reload(sluice, config(first, 1))
            fail(sluice, "b")
            wait_for(lambda: subjects(first) == ["lab/b"], "the first place to be told")
            assert subjects(second) == ["lab/a"]
            assert "needs a restart" not in sluice.output() and HOOK not in sluice.output()
