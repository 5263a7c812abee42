"""Every official SDK at every dialect of target, through a whole day's work: what is asked reaches a provider that reads as strictly as the
real one, and what it answers reaches the SDK. A cell of the matrix is a test."""

import functools

import pytest

from support.node_callers import NODE_CALLERS, NodeProcess
from support.process import Sluice
from support.sdk_callers import CALLERS, KEY, MAX_TOKENS
from support.settings import wait_for
from support.shapes import responses
from support.shapes.script import (BREAK_WORDS, CACHED, INPUT, LIMIT_WORDS, OUTPUT, RETRY_AFTER, STRUCTURED, TASKS, Call, Text, Thinking, tagged)
from support.shapes.target import SHAPES, Target, models, providers

ALL = [*CALLERS, *NODE_CALLERS]
GREEN = {}  # cells that have been tried, (SDK, task, target): whether all went well


class Bench:
    def __init__(self, gateway, target):
        self.gateway = gateway
        self.target = target
        self.callers = {}

    def caller(self, name):
        if name not in self.callers:
            self.callers[name] = CALLERS[name](self.gateway.base_url) if name in CALLERS else NODE_CALLERS[name](self.node())
        return self.callers[name]

    @functools.cache
    def node(self):
        return NodeProcess(self.gateway.base_url)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with Target() as target:
        config = {"keys": [{"name": "team", "key": KEY}], "providers": providers(target.port), "models": models()}
        with Sluice(tmp_path_factory.mktemp("gateway"), config) as gateway:
            bench = Bench(gateway, target)
            yield bench
            if bench.node.cache_info().currsize:
                bench.node().close()


class Cell:
    def __init__(self, bench, sdk, task, to):
        self.target, self.sdk, self.task, self.to = bench.target, sdk, task, to
        self.caller = bench.caller(sdk)
        self.model = f"at-{to}"

    def begin(self, task=None):
        task = task or self.task
        return self.caller.begin([Text(tagged(self.sdk, task, self.to)), *TASKS[task][0][1:]])

    def expect(self, outcome, said):
        """`outcome` is all that the model said."""
        assert outcome.text == "".join(item.text for item in said if isinstance(item, Text))
        calls = [item for item in said if isinstance(item, Call)]
        assert [(name, arguments) for _, name, arguments in outcome.calls] == [(call.name, call.value()) for call in calls]
        assert outcome.finish == ("calls" if calls else "stop")
        unasked = self.to == "responses" and self.sdk.split("-")[0] in responses.UNASKED
        assert outcome.thinking == "".join(item.text for item in said if isinstance(item, Thinking) and not unasked)
        cached = 0 if self.to == "ollama" else CACHED
        assert outcome.usage[:2] == (INPUT, OUTPUT) and outcome.usage[2] in (None, cached), outcome.usage

    def converse(self, first_streams, reversed_results=False, **how):
        """The task's whole conversation, turn by turn, streamed and plain in turn."""
        conversation, stream = self.begin(), first_streams
        for said, following in zip(TASKS[self.task][1::2], [*TASKS[self.task][2::2], None]):
            outcome = self.caller.ask(self.model, conversation, stream=stream, **how)
            self.expect(outcome, said)
            stream = not stream
            if following is None:
                return outcome
            if isinstance(following[0], Text):
                conversation += self.caller.user(following)
            else:
                pairs = list(zip(outcome.calls, [result.text for result in following]))
                self.caller.results(conversation, pairs[::-1] if reversed_results else pairs)

    def fails(self, task, stream):
        with pytest.raises(self.caller.errors) as caught:
            self.caller.ask(self.model, self.begin(task), stream=stream)
        return self.caller.failure(caught.value)


def stream(cell):
    cell.converse(True)


def twice(cell):
    cell.converse(True, tools=True)
    cell.converse(False, tools=True)


def parallel(cell):
    by_id = cell.sdk.split("-")[0] in ("chat", "responses", "anthropic")  # others' results are told apart by their order
    cell.converse(True, tools=True, reversed_results=by_id)
    cell.converse(False, tools=True)


def image(cell):
    cell.converse(True)


def document(cell):
    if cell.to != "ollama":
        return cell.converse(True)
    failure = cell.fails("document", True)  # it has no place for one
    assert failure.status == 400 and ("takes no document" in failure.message or cell.sdk == "ollama"), failure


def structured(cell):
    for streams in (False, True):
        outcome = cell.converse(streams, structured=True)
        assert outcome.parsed in (STRUCTURED, None if streams else STRUCTURED)


def thinking(cell):
    cell.converse(True, tools=True, thinks=True)
    cell.converse(False, tools=True, thinks=True)
    if (cell.sdk, cell.to) == ("ollama", "anthropic"):  # thoughts without their signatures; and so it cannot think between calls
        assert "messages[1].content[0]=unsupported" in cell.caller.dropped and "think=unsupported" in cell.caller.dropped


def long(cell):
    cell.converse(True)


def limited(cell):
    for streams in (True, False):
        failure = cell.fails("limited", streams)
        assert failure.status in (429, None) and LIMIT_WORDS in failure.message, failure
        assert failure.kind in ("RateLimitError", "ClientError", "ResponseError"), failure
        assert failure.retry_after == str(RETRY_AFTER), failure


def broken(cell):
    assert BREAK_WORDS in cell.fails("broken", True).message
    cell.fails("cut", True)


def cancel(cell):
    text = cell.caller.break_off(cell.model, cell.begin())
    assert text and TASKS["cancel"][1][0].text.startswith(text)
    wait_for(lambda: (cell.sdk, cell.to) in cell.target.hung_up, "the target's caller to hang up")


WORK = [stream, twice, parallel, image, document, structured, thinking, long, limited, broken, cancel]


@pytest.mark.parametrize("to", SHAPES)
@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
@pytest.mark.parametrize("sdk", ALL)
def test_cell(bench, sdk, work, to):
    place = (sdk, work.__name__, to)
    GREEN[place] = False
    before = len(bench.target.complaints)
    try:
        work(Cell(bench, *place))
        assert work is document or not bench.target.complaints[before:]
    except BaseException:
        print("what the target complained of:", bench.target.complaints[before:])
        raise
    GREEN[place] = True


def test_all_are_green(report):
    if len(GREEN) < len(ALL) * len(WORK) * len(SHAPES):
        pytest.skip("some cells were not tried")
    letters = dict(zip(SHAPES, "ORAGL"))
    report("SDKs at targets: " + ", ".join(f"{letter} {name}" for name, letter in letters.items()) + "; - is one that failed")
    names = [work.__name__ for work in WORK]
    report(f"{'':18}" + " ".join(f"{name:10}" for name in names))
    for sdk in ALL:
        cells = ["".join(letter if GREEN[sdk, name, to] else "-" for to, letter in letters.items()) for name in names]
        report(f"{sdk:18}" + " ".join(f"{cell:10}" for cell in cells))
    assert all(GREEN.values())
