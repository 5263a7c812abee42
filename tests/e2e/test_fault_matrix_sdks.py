"""How the official SDKs react to each fault of a target. If it is the only target: with one of their errors, never a
whole answer; if a second one is healthy, with the whole answer. SLUICE_E2E_FAULTS=all: each cell streamed and plain,
and at targets of all dialects."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.faults import FAULTS, one_target, providers, two_targets
from support.node_callers import NODE_CALLERS, NodeProcess
from support.process import Sluice
from support.sdk_callers import CALLERS, KEY
from support.settings import SANITIZED
from support.shapes.script import Text

ALL = os.environ.get("SLUICE_E2E_FAULTS") == "all"
DIALECTS = ("openai", "responses", "anthropic", "gemini", "ollama")
OWN = {"chat": "openai", **{name: name for name in DIALECTS[1:]}}
SDKS = [*CALLERS, *NODE_CALLERS]
RETRY = {"backoff_ms": 20, "wait_s": 1.5}
SAID = "one two three four five six seven eight"

# For the only target: the status of the error. Faults named by a status have that.
STATUS = {"nobody": 502, "no-tls": 502, "429-retry-after-60s": 429, "reset": 502, "silent": 504, "silent-after-head": 504,
          "slow-first-byte-30s": 504, "web-page": 502}
WHOLE = {"429-then-ok", "500-then-ok", "no-done"}
EITHER = {"429-retry-after-1s", "bad-frame", "hold-open"}  # depends on waiting, on reading frames, on where they end
KINDS = {400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError", 404: "NotFoundError", 429: "RateLimitError"}


def cells():
    made = []
    for number, (fault, _, _) in enumerate(FAULTS):
        for at, sdk in enumerate(SDKS):
            own = OWN[sdk.split("-")[0]]
            for kind in ("alone", "pair"):
                streams = (True, False) if ALL else ((number + at) % 2 == 0,)
                made += [(sdk, fault, kind, to, stream) for to in (DIALECTS if ALL else (own,)) for stream in streams]
    return made[::3] if SANITIZED else made


def ask(caller, cell):
    """"whole", the Failure, or a description of what is wrong."""
    sdk, fault, kind, to, stream = cell
    said = f"{sdk} {SAID}"
    try:
        outcome = caller.ask(f"{kind}.{to}.{fault}", caller.begin([Text(said)]), stream=stream)
    except caller.errors as error:
        return caller.failure(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "whole" if (outcome.text, outcome.finish) == (f"You said: {said}", "stop") else f"falsely whole: {outcome}"


def wrong_error(cell, told):
    """What is wrong with the error that an SDK raised; "" if nothing is."""
    sdk, fault, kind, _, stream = cell
    status = STATUS.get(fault) or (int(fault) if fault.isdigit() else None)
    if fault == "spend-limit":
        return "" if told.status in (402, 403, 429) else f"{told}"
    if status is None:  # within an answer
        told_status = 500 if told.status in ((None, 200, -1) if stream else ()) else told.status
        return "" if told_status in range(500, 600) else f"{told}"
    if told.status != status:
        return f"status {status} became {told}"
    if sdk.split("-")[0] in ("chat", "responses", "anthropic") and told.kind != KINDS.get(status, told.kind):
        return f"{status} was raised as {told.kind}"
    return ""


def judge(cell, told):
    _, fault, kind, _, stream = cell
    if isinstance(told, str) and told.startswith("falsely"):
        return told
    if kind == "pair":
        if fault in ("400", "404"):
            return told if isinstance(told, str) else wrong_error(cell, told)
        if fault == "cut-in-tool" and stream and not isinstance(told, str):
            return ""  # the call may have reached the caller
        return "" if told == "whole" else f"{told}"
    if fault in EITHER:
        return ""
    if fault in WHOLE:
        return "" if told == "whole" else f"{told}"
    return told if isinstance(told, str) else wrong_error(cell, told)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    models = {f"{kind}.{to}.{fault}": make(to, fault) | {"retry": RETRY} for to in DIALECTS for fault, _, _ in FAULTS
              for kind, make in (("alone", one_target), ("pair", two_targets))}
    config = {"keys": [{"name": "team", "key": KEY}], "providers": providers(DIALECTS), "models": models, "workers": 2}
    with Sluice(tmp_path_factory.mktemp("faults"), config, ["--log-level", "error"]) as sluice:
        node = NodeProcess(sluice.base_url)
        callers = {name: kind(sluice.base_url) for name, kind in CALLERS.items()} | {name: kind(node) for name, kind in NODE_CALLERS.items()}
        began = time.monotonic()
        with ThreadPoolExecutor(32) as pool:  # most of them wait
            answers = dict(zip(cells(), pool.map(lambda cell: ask(callers[cell[0]], cell), cells()), strict=True))
        node.close()
        yield answers, time.monotonic() - began


def test_no_sdk_is_told_something_false(told, report):
    answers, seconds = told
    wrong = {cell: why for cell, answer in answers.items() if (why := judge(cell, answer))}
    report(f"faults by SDK: {len(answers) - len(wrong)} of {len(answers)} cells as promised, {seconds:.1f} s; of the only target and with a "
           "second one: E an error of the SDK's, W whole, x another exception, - wrong")
    report(f"{'':20}" + " ".join(f"{name:15}" for name in SDKS))
    for fault, _, _ in FAULTS:
        row = []
        for sdk in SDKS:
            marks = {"alone": "", "pair": ""}
            for cell, answer in answers.items():
                if cell[:2] == (sdk, fault):
                    mark = "-" if cell in wrong else "W" if answer == "whole" else "x" if isinstance(answer, str) else "E"
                    marks[cell[2]] += mark
            row.append(f"{marks['alone']:4} {marks['pair']:10}")
        report(f"{fault:20}" + " ".join(row))
    assert not wrong, "\n".join(f"{cell}: {why}" for cell, why in wrong.items())
