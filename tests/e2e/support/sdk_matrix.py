"""A matrix of callers and targets: what each caller does, one cell at a time, and whether it succeeded."""

import functools

import pytest

from .node_callers import NodeProcess
from .process import Sluice
from .sdk_callers import KEY
from .settings import wait_for
from .shapes import responses
from .shapes.script import (BREAK_WORDS, CACHED, INPUT, LIMIT_WORDS, OUTPUT, RETRY_AFTER, STRUCTURED, TASKS, Call, Text, Thinking, tagged)
from .shapes.target import SHAPES, Target, models, providers


def cell_id(cell):
    return cell if isinstance(cell, str) else cell.__name__


class Bench:
    """A target of every dialect, sluice before it, and the callers used so far. `makers`: {name: function that makes
    a caller from the bench}. `cells`: (caller, function of a Cell, target) each. `target`: its class; `config`:
    additions to sluice's configuration."""

    def __init__(self, folder, makers, cells, target=Target, **config):
        self._folder, self._makers, self._cells, self._target, self._config = folder, makers, cells, target, config
        self.green = {}  # tried cells: (caller, task, target) -> whether they succeeded

    def __enter__(self):
        self.target = self._target().__enter__()
        config = {"keys": [{"name": "team", "key": KEY}], "providers": providers(self.target.port), "models": models(), **self._config}
        self.gateway = Sluice(self._folder, config).__enter__()
        return self

    def __exit__(self, *raised):
        if self.node.cache_info().currsize:
            self.node().close()
        self.gateway.__exit__(*raised)
        self.target.__exit__(*raised)

    @functools.cache
    def caller(self, name):
        return self._makers[name](self)

    @functools.cache
    def node(self):
        return NodeProcess(self.gateway.base_url)

    def try_cell(self, sdk, work, to):
        place = (sdk, work.__name__, to)
        self.green[place] = False
        before = len(self.target.complaints)
        try:
            work(Cell(self, *place))
            assert work is document or not self.target.complaints[before:]
        except BaseException:
            print("what the target complained of:", self.target.complaints[before:])
            raise
        self.green[place] = True

    def print_matrix(self, report):
        """Fails if a cell failed; skips if one was not tried."""
        if len(self.green) < len(self._cells):
            pytest.skip("some cells were not tried")
        letters = dict(zip(SHAPES, "ORAGL"))
        report("callers at targets: " + ", ".join(f"{letter} {name}" for name, letter in letters.items()) + "; - is one that failed")
        names = list(dict.fromkeys(work.__name__ for _, work, _ in self._cells))
        report(f"{'':22}" + " ".join(f"{name:10}" for name in names))
        for sdk in self._makers:
            cells = ["".join(letter if self.green.get((sdk, name, to)) else "-" if (sdk, name, to) in self.green else " "
                             for to, letter in letters.items()) for name in names]
            report(f"{sdk:22}" + " ".join(f"{cell:10}" for cell in cells))
        assert all(self.green.values())


class Cell:
    def __init__(self, bench, sdk, task, to):
        self.target, self.sdk, self.task, self.to = bench.target, sdk, task, to
        self.caller = bench.caller(sdk)
        self.model = f"at-{to}"

    def begin(self, task=None):
        task = task or self.task
        return self.caller.begin([Text(tagged(self.sdk, task, self.to)), *TASKS[task][0][1:]])

    def expect(self, outcome, said):
        """Checks that `outcome` is everything the model said."""
        assert outcome.text == "".join(item.text for item in said if isinstance(item, Text))
        calls = [item for item in said if isinstance(item, Call)]
        assert [(name, arguments) for _, name, arguments in outcome.calls] == [(call.name, call.value()) for call in calls]
        assert outcome.finish == ("calls" if calls else "stop")
        is_told = self.to != "responses" or responses.is_summed_up(self.sdk)
        assert outcome.thinking == "".join(item.text for item in said if isinstance(item, Thinking) and is_told)
        cached = 0 if self.to == "ollama" else CACHED
        assert outcome.usage[:2] == (INPUT, OUTPUT) and outcome.usage[2] in (None, cached), outcome.usage

    def converse(self, first_streams, reversed_results=False, **how):
        """The task's whole conversation, turn by turn, alternately streamed and plain."""
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
    by_id = cell.sdk.split("-")[0] in ("chat", "responses", "anthropic")  # others match results by order
    cell.converse(True, tools=True, reversed_results=by_id)
    cell.converse(False, tools=True)


def image(cell):
    cell.converse(True)


def document(cell):
    if cell.to != "ollama":
        return cell.converse(True)
    failure = cell.fails("document", True)  # the dialect has no place for one
    assert failure.status == 400 and ("takes no document" in failure.message or cell.sdk == "ollama"), failure


def structured(cell):
    for streams in (False, True):
        outcome = cell.converse(streams, structured=True)
        assert outcome.parsed in (STRUCTURED, None if streams else STRUCTURED)


def thinking(cell):
    cell.converse(True, tools=True, thinks=True)
    cell.converse(False, tools=True, thinks=True)
    if (cell.sdk, cell.to) == ("ollama", "anthropic"):  # thoughts lose signatures: no thinking between calls
        assert "messages[2].thinking=unsupported" in cell.caller.dropped and "think=unsupported" in cell.caller.dropped


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
