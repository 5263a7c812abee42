"""What a caller sees when its first target fails: each fault, streamed and plain, for callers of all five dialects,
at targets of the same dialect and of another. The targets are the demo's, whose model names select the fault
(docs/demo.md), and unused ports."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.answers import text_of
from support.dialects import BY_NAME
from support.faults import ERROR, FAULTS, WHOLE, providers, two_targets
from support.process import Sluice
from support.settings import PATIENCE
from support.wire import Cut

DIALECTS = ("openai", "responses", "anthropic", "gemini", "ollama")
OTHER = dict(zip(DIALECTS, DIALECTS[1:] + DIALECTS[:1], strict=True))
SAID = "one two three four five six seven eight nine ten"


def name_of(fault, foreign, dialect):
    return f"{dialect}.{'foreign' if foreign else 'same'}.{fault}"


def config():
    models = {}
    for dialect in DIALECTS:
        for foreign in (False, True):
            to = OTHER[dialect] if foreign else dialect
            for fault, _, _ in FAULTS:
                models[name_of(fault, foreign, dialect)] = two_targets(to, fault)
    return {"providers": providers(DIALECTS), "models": models, "workers": 1}


def body_of(dialect, model, stream, tool=False):
    body = BY_NAME[dialect].body(model, stream)
    text = json.dumps(body).replace("Say hello", "call_me" if tool else SAID)
    return json.loads(text)


def cases():
    return [(fault, foreign, dialect, stream) for fault, _, _ in FAULTS for foreign in (False, True) for dialect in DIALECTS for stream in (False, True)]


def ask(sluice, case):
    """The answer, and whether it ended as a whole one does."""
    fault, foreign, dialect, stream = case
    model = name_of(fault, foreign, dialect)
    with sluice.connect() as connection:
        connection.socket.settimeout(60 * PATIENCE)
        try:
            return connection.exchange("POST", BY_NAME[dialect].path(model, stream), body=body_of(dialect, model, stream, "tool" in fault)), True
        except Cut as cut:
            return cut.partial, False


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What each caller saw. Many run concurrently, since most of them wait."""
    with Sluice(tmp_path_factory.mktemp("failover"), config(), ["--log-level", "error"]) as sluice:
        with ThreadPoolExecutor(24) as pool:
            yield dict(zip(cases(), pool.map(lambda case: ask(sluice, case), cases()), strict=True))
        assert sluice.metric("sluice_active_exchanges") == 0
        assert sluice.metric("sluice_active_streams") == 0


def judge(case, answer, ended, wanted):
    """Why the result is not as documented; "" if it is."""
    fault, _, dialect, stream = case
    said = "call_me" if "tool" in fault else SAID
    if answer is None:
        return "no answer at all"
    if wanted == WHOLE:
        if answer.status != 200 or not ended:
            return f"status {answer.status}, {'ended' if ended else 'cut'}: {answer.body[-300:]}"
        text, done = text_of(dialect, answer.body, stream)
        if text.count(said) != 1 or text.count(said[:7]) != 1 or not done:
            return f"{'done' if done else 'not done'}: {text!r}"
        if b'"error"' in answer.body and dialect != "responses":
            return f"an error in it: {answer.body[-300:]}"
        return ""
    if answer.status >= 400:
        return "" if ended and b"error" in answer.body else "no error's body"
    text, done = text_of(dialect, answer.body, stream)
    if "tool" in fault and text.count("call_me") == 1 and b"look_up" not in answer.body:
        return ""
    if done and ended:
        return f"falsely whole: {text!r}"
    return "" if b"error" in answer.body else f"no error is told: {answer.body[-200:]}"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("foreign", [False, True], ids=["same", "foreign"])
def test_what_the_caller_sees(seen, report, dialect, foreign):
    wrong = []
    for fault, streamed, plain in FAULTS:
        for stream in (True, False):
            case = (fault, foreign, dialect, stream)
            why = judge(case, *seen[case], streamed if stream else plain)
            if why:
                wrong.append(f"{fault} {'streamed' if stream else 'plain'}: {why}")
    kind = "foreign" if foreign else "same dialect"
    report(f"{dialect} callers, {kind}: {2 * len(FAULTS) - len(wrong)} of {2 * len(FAULTS)} as promised")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("foreign", [False, True], ids=["same", "foreign"])
def test_a_long_answer_that_is_cut_is_gone_on_with(tmp_path, dialect, foreign):
    """A megabyte of text: more than the raw stream that is kept."""
    to = OTHER[dialect] if foreign else dialect
    words = [str(number) * 100_000 for number in range(1, 10)] + ["end"]
    said = " ".join(words)
    demo = {"base_url": "demo:", "dialect": to}
    models = {"long": {"targets": [{"model": "first/cut-after-11"}, {"model": "second/fine"}], "order": "listed"}}
    with Sluice(tmp_path, {"providers": {"first": demo, "second": demo}, "models": models, "workers": 1}) as sluice:
        body = json.loads(json.dumps(BY_NAME[dialect].body("long", True)).replace("Say hello", said))
        with sluice.connect() as connection:
            connection.socket.settimeout(60 * PATIENCE)
            answer = connection.exchange("POST", BY_NAME[dialect].path("long", True), body=body)
        assert answer.status == 200
        text, done = text_of(dialect, answer.body, True)
        assert done
        assert text == "You said: " + said
        assert sluice.metric("sluice_active_streams") == 0
