"""The command `sluice bench`, against sluice itself and against targets that misbehave in every way."""

import asyncio
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys

import pytest

from support.certificates import serving_context
from support.process import Sluice
from support.provider import Provider
from support.settings import BINARY, PATIENCE, SANITIZED, wait_for

KEY = "sk-planted-for-the-bench-42"
ANSWER = b'{"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": 1, "completion_tokens": 3}}'
MODELS = b'{"data": [{"id": "text-embedding-x"}, {"id": "m"}]}'
FRAME = b'data: {"choices": [{"delta": {"content": "word"}}]}\n\n'
LAST = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def environment(**variables):
    """Without the developer's environment, so without their keys."""
    clean = {"PATH": os.environ["PATH"]}
    return clean | {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")} | variables


def bench(*arguments, **variables):
    return subprocess.run([BINARY, "bench", *map(str, arguments)], env=environment(**variables), capture_output=True, text=True,
                          timeout=60 * PATIENCE)


def measured(*arguments, code=0, **variables):
    """The JSON object of a run that must end with `code`."""
    ran = bench(*arguments, "--json", **variables)
    assert ran.returncode == code, ran
    assert ran.stderr == "" and ran.stdout.count("\n") == 1, ran
    return json.loads(ran.stdout)


def url(target):
    return f"http://127.0.0.1:{target.port}"


def target(answer):
    """A Provider with a list of models that answers all other requests with `answer`."""

    async def handle(request):
        if request.method == "GET":
            return await request.answer(MODELS)
        return await answer(request)

    return Provider(handle, asked_for_models=True)


def posts(provider):
    return [request for request in provider.requests if request.method == "POST"]


async def fine(request):
    await request.answer(ANSWER)


# ---- sluice itself


@pytest.mark.parametrize("flags", [(), ("--stream",), ("--dialect", "anthropic"), ("--dialect", "anthropic", "--stream")])
def test_every_request_is_one_record(tmp_path, flags):
    with Sluice(tmp_path, arguments=["--demo"]) as sluice:
        figures = measured(sluice.base_url, "-n", 12, "-c", 4, "--prompt", "one two", *flags)
    assert figures["requests"] == figures["answered"] == 12 and figures["failed"] == figures["unfinished"] == 0, figures
    assert figures["connections_made"] == 4 and figures["model"].startswith("demo/"), figures
    records = [line for line in sluice.output().splitlines() if " access " in line]
    assert len(records) == 12 and all("outcome=ok" in line for line in records), records
    reported = sum(int(re.search(r"output_tokens=(\d+)", line).group(1)) for line in records)
    assert figures["output_tokens"] == reported and figures["answers_with_tokens"] == 12, figures
    if "--stream" in flags:
        assert 0 < figures["first_text_ms"]["p50"] <= figures["latency_ms"]["max"], figures
        assert figures["between_frames_ms"]["p50"] > 1, figures  # the demo takes 20 ms per word
    else:
        assert "first_text_ms" not in figures and "between_frames_ms" not in figures, figures


def test_what_people_read(tmp_path):
    with Sluice(tmp_path, arguments=["--demo"], listen="[::1]:0") as sluice:
        ran = bench(f"{sluice.base_url}/v1", "-d", "0.3", "-c", "2", "--stream", "--prompt", "hi")
        assert ran.returncode == 0 and ran.stderr == "", ran
        assert ran.stdout.startswith(f"POST {sluice.base_url}/v1/chat/completions\nmodel demo/"), ran.stdout
        for row in ("answered", "failed", "received", "output tokens", "latency", "to the first text", "between frames"):
            assert re.search(rf"^{row} +\d", ran.stdout, re.MULTILINE), ran.stdout
        assert "failures" not in ran.stdout and "no key" in ran.stdout


def test_keys_of_sluice(tmp_path):
    config = {"keys": [{"name": "team", "key": KEY}], "log": {"access": False}}
    with Sluice(tmp_path, config, ["--demo"]) as sluice:
        ran = bench(sluice.base_url, "-n", 1)
        assert ran.returncode == 2 and "401" in ran.stderr and "OPENAI_API_KEY" in ran.stderr and "--key-env" in ran.stderr, ran
        ran = bench(sluice.base_url, "-n", 1, OPENAI_API_KEY="wrong-" + KEY)
        assert ran.returncode == 2 and "$OPENAI_API_KEY" in ran.stderr and KEY not in ran.stderr, ran
        for dialect in ("openai", "anthropic"):
            measured(sluice.base_url, "-n", 3, "--dialect", dialect, "--key-env", "MINE", MINE=KEY)


def test_a_terminal_sees_how_it_goes(tmp_path):
    ours, theirs = pty.openpty()
    with Sluice(tmp_path, arguments=["--demo"]) as sluice:
        ran = subprocess.run([BINARY, "bench", sluice.base_url, "-d", "1", "-c", "1", "--stream"], env=environment(), stdout=subprocess.PIPE,
                             stderr=theirs, timeout=60 * PATIENCE)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert ran.returncode == 0 and b"\r" not in ran.stdout, ran
    lines = [line for line in shown.split("\r") if line.strip()]
    assert 1 <= len(lines) <= 5 * 3 * PATIENCE and "\n" not in shown, lines
    assert all(re.fullmatch(r"\d+ s  [\d,]+ requests  [\d,.]+/s  0 failed *", line) for line in lines), lines
    assert re.search(r"\r +\r$", shown), shown  # wiped at the end


# ---- what counts as a failure


def test_cut_streams_are_failures():
    async def cut(request):
        number = len(posts(provider)) % 4
        if number == 0:
            return await request.send(STREAM_HEAD + chunk(FRAME) + chunk(LAST) + b"0\r\n\r\n")  # a complete one
        if number == 1:
            await request.send(STREAM_HEAD + chunk(FRAME))                                      # no end of the message
        if number == 2:
            await request.send(STREAM_HEAD + chunk(FRAME) + b"0\r\n\r\n")                       # no finish reason
        if number == 3:
            await request.send(STREAM_HEAD.replace(b"transfer-encoding: chunked", b"connection: close") + FRAME[:-9])
        return False

    with target(cut) as provider:
        figures = measured(url(provider), "-n", 8, "-c", 1, "--stream", code=3)
        assert (figures["answered"], figures["failed"]) == (2, 6), figures
        assert [(group["reason"], group["count"]) for group in figures["failures"]] == [("cut short", 6)], figures
        assert len(posts(provider)) == 8
        assert figures["model"] == "m"  # not the embedding model listed before it
        ran = bench(url(provider), "-n", 4, "-c", 2, "--stream")
        assert ran.returncode == 3 and re.search(r"^failures\n +3  cut short", ran.stdout, re.MULTILINE), ran


def test_refusals_are_grouped_and_their_key_is_not_shown():
    async def refuse(request):
        quoted = request.header("authorization").encode()
        if len(posts(provider)) % 2:
            return await request.answer(b'{"error": {"message": "wrong key: %s \\u001b[2J"}}' % quoted, 401)
        await request.answer(b"<p>slow down, " + quoted + b"x" * 5000, 429, "text/html", [("retry-after", "9")])

    with target(refuse) as provider:
        figures = measured(url(provider), "-n", 6, "-c", 1, code=3, OPENAI_API_KEY=KEY)
        groups = {group["reason"]: group for group in figures["failures"]}
        assert {reason: group["count"] for reason, group in groups.items()} == {"HTTP 401": 3, "HTTP 429": 3}, figures
        assert groups["HTTP 401"]["message"] == "wrong key: Bearer *** [2J", groups
        assert groups["HTTP 429"]["message"].startswith("<p>slow down, Bearer ***x") and len(groups["HTTP 429"]["message"]) <= 200
        assert KEY not in json.dumps(figures)
        assert all(request.header("authorization") == f"Bearer {KEY}" for request in provider.requests)
        ran = bench(url(provider), "-n", 2, "--dialect", "openai", OPENAI_API_KEY=KEY)
        assert KEY not in ran.stdout + ran.stderr and "key from $OPENAI_API_KEY" in ran.stdout, ran


def test_keys_go_where_their_dialect_has_them():
    with target(fine) as provider:
        bench(url(provider), "-n", 1, "--dialect", "anthropic", "-m", "m", ANTHROPIC_API_KEY=KEY, OPENAI_API_KEY="not-this-one")
        (request,) = provider.requests
        assert request.target == "/v1/messages" and request.header("x-api-key") == KEY and request.header("authorization") is None
        ran = bench(url(provider), "-n", 1, "--key-env", KEY)
        assert ran.returncode == 1 and "--key-env" in ran.stderr and KEY not in ran.stderr, ran
        ran = bench(url(provider), "--key", "x")
        assert ran.returncode == 1, ran
        assert len(provider.requests) == 1


@pytest.mark.parametrize("answer, reason", [
    ((b"<html>hello", 200, "text/html"), "no JSON"),
    ((b"", 200), "no JSON"),
    ((b'{"data": []}', 200), "no content"),
    ((b'{"error": {"message": "no"}}', 200), "error in the answer"),
    ((b"", 302), "HTTP 302"),
])
def test_what_is_no_answer(answer, reason):
    async def other(request):
        await request.answer(*answer)

    with target(other) as provider:
        figures = measured(url(provider), "-n", 3, code=3)
        assert [(group["reason"], group["count"]) for group in figures["failures"]] == [(reason, 3)], figures


def test_no_http_at_all():
    async def garbage(request):
        await request.send(b"SSH-2.0-OpenSSH\r\n\r\n")
        return False

    with target(garbage) as provider:
        figures = measured(url(provider), "-n", 2, "-m", "m", code=3)
        assert [(group["reason"], group["count"]) for group in figures["failures"]] == [("broke", 2)], figures


def test_slow_answers_time_out():
    async def never(request):
        if len(posts(provider)) == 2:
            await request.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{")
        await request.gone()

    with target(never) as provider:
        figures = measured(url(provider), "-n", 2, "-c", 1, "--timeout", "0.3", code=3)
        (group,) = figures["failures"]
        assert (group["reason"], group["count"]) == ("timeout", 2) and "300 ms" in group["message"], figures
        assert figures["elapsed_s"] < 5 * PATIENCE


def test_a_target_that_goes_away_in_between():
    async def leave(request):
        await request.answer(ANSWER)
        if len(posts(provider)) >= 6:
            provider._listener.close()
            return False

    with target(leave) as provider:
        figures = measured(url(provider), "-n", 10, "-c", 1, code=3)
        assert (figures["answered"], figures["failed"]) == (6, 4), figures
        assert [(group["reason"], group["count"]) for group in figures["failures"]] == [("no connection", 4)], figures


# ---- what does not count as one


def test_connections_that_close_between_requests_are_replaced():
    async def once(request):
        await request.answer(ANSWER)
        return False

    with target(once) as provider:
        figures = measured(url(provider), "-n", 30, "-c", 3)
        assert figures["answered"] == 30 and len(posts(provider)) == 30, figures
        assert 30 <= figures["connections_made"] <= 61, figures

    async def politely(request):
        await request.answer(ANSWER, headers=[("connection", "close")])
        return False

    with target(politely) as provider:
        figures = measured(url(provider), "-n", 30, "-c", 3)
        assert figures["answered"] == 30 and figures["connections_made"] == 30, figures  # the first has asked for models


def test_fewer_requests_than_callers():
    with target(fine) as provider:
        figures = measured(url(provider), "-n", 2, "-c", 64)
        assert figures["answered"] == 2 and len(posts(provider)) == 2 and figures["connections_made"] <= 2, figures


def test_a_huge_answer_is_not_kept():
    async def huge(request):
        body = b'{"choices": [{"message": {"content": "' + b"x" * (64 << 20) + b'"}}]}'
        await request.answer(body)

    code = "import resource, subprocess, sys; r = subprocess.run(sys.argv[1:]); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);" \
           "sys.exit(r.returncode)"
    with target(huge) as provider:
        ran = subprocess.run([sys.executable, "-c", code, BINARY, "bench", url(provider), "-n", "2", "-c", "1", "--json"], env=environment(),
                             capture_output=True, text=True, timeout=60 * PATIENCE)
        assert ran.returncode == 0, ran
        figures, rss_kb = ran.stdout.splitlines()
        assert json.loads(figures)["bytes_received"] > 2 * (64 << 20)
        assert SANITIZED or int(rss_kb) < 40_000, rss_kb


def test_over_tls(authority):
    async def handle(request):
        await request.answer(MODELS if request.method == "GET" else ANSWER)

    with Provider(handle, serving_context(authority.leaf("bench")), asked_for_models=True) as provider:
        there = f"https://localhost:{provider.port}/v1/"
        figures = measured(there, "-n", 4, "--ca-file", authority.pem)
        assert figures["answered"] == 4 and figures["url"] == there + "chat/completions", figures
        ran = bench(there, "-n", 4)
        assert ran.returncode == 2 and "TLS" in ran.stderr and "--ca-file" in ran.stderr and ran.stdout == "", ran
        ran = bench(there, "--ca-file", "/none.pem")
        assert ran.returncode == 2 and "/none.pem" in ran.stderr, ran


# ---- the ends


def test_interrupted_in_a_stream():
    async def endless(request):
        await request.send(STREAM_HEAD + chunk(FRAME))
        if len(posts(provider)) == 3:  # all three callers are within a stream
            provider.set(begun)
        await request.gone()

    with target(endless) as provider:
        begun = provider.event()
        running = subprocess.Popen([BINARY, "bench", url(provider), "-c", "3", "-d", "3600", "--stream"], env=environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        provider.call(asyncio.wait_for(begun.wait(), 15))
        running.send_signal(signal.SIGINT)
        out, errors = running.communicate(timeout=10 * PATIENCE)
        assert running.returncode == 3 and errors == "", (running.returncode, errors)  # nothing was answered
        assert "interrupted" in out and re.search(r"^cut by the end +3$", out, re.MULTILINE), out


def test_interrupted_before_it_began():
    async def never(request):
        await request.gone()

    with Provider(never, asked_for_models=True) as provider:
        running = subprocess.Popen([BINARY, "bench", url(provider)], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: provider.requests, "the question for models")
        running.send_signal(signal.SIGTERM)
        out, errors = running.communicate(timeout=10 * PATIENCE)
        assert running.returncode == 2 and out == "" and "interrupted" in errors, (running.returncode, out, errors)


def test_time_is_up_but_answers_are_waited_for():
    async def slow(request):
        await asyncio.sleep(0.5)  # longer than the run should last
        await request.answer(ANSWER)

    with target(slow) as provider:
        figures = measured(url(provider), "-c", 2, "-d", "0.1")
        assert figures["answered"] == 2 and figures["unfinished"] == 0 and figures["elapsed_s"] >= 0.5, figures


def test_what_cannot_start_says_what_to_do():
    nobody = socket.socket()
    nobody.bind(("127.0.0.1", 0))  # and is not listening
    port = nobody.getsockname()[1]
    for arguments, code, words in [
        ((), 1, ["url is required"]),
        (("127.0.0.1:8000",), 1, ["http://"]),
        (("http://me:planted@127.0.0.1",), 1, ["password"]),
        (("http://127.0.0.1", "-c", "5000"), 1, ["--connections", "4096"]),
        (("http://127.0.0.1", "-n", "0"), 1, ["--requests"]),
        (("http://127.0.0.1", "--dialect", "gemini"), 1, ["openai or anthropic"]),
        (("http://127.0.0.1", "--nonesuch"), 1, ["--nonesuch"]),
        ((f"http://127.0.0.1:{port}",), 2, ["refused", "is it running"]),
        ((f"http://127.0.0.1:{port}", "-m", "m", "-c", "4"), 2, ["refused", "is it running"]),
        (("http://nonesuch.invalid", "-m", "m"), 2, ["nonesuch.invalid", "name"]),
    ]:
        ran = bench(*arguments)
        assert ran.returncode == code and ran.stdout == "", (arguments, ran)
        assert all(word in ran.stderr for word in words) and "planted" not in ran.stderr, (arguments, ran)
        assert len(ran.stderr.splitlines()) <= 2, ran
    nobody.close()


@pytest.mark.parametrize("body, status", [(b'{"data": []}', 200), (b"<html>", 200), (b'{"error": "no such path"}', 404)])
def test_no_models(body, status):
    async def handle(request):
        await request.answer(body, status)

    with Provider(handle, asked_for_models=True) as provider:
        ran = bench(url(provider), "-n", 1)
        assert ran.returncode == 2 and "--model" in ran.stderr and "/v1/models" in ran.stderr, ran
        assert len(provider.requests) == 1
