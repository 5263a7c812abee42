"""Every official SDK reads a stream whose target is silent before its first frame and between two frames, through
the heartbeats that sluice writes meanwhile, in each dialect and from targets of each."""

import asyncio
import collections
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import sdk_matrix
from support.node_callers import NODE_CALLERS
from support.provider import head
from support.sdk_callers import CALLERS
from support.settings import SANITIZED, wait_for
from support.shapes.script import SYSTEM, TASKS, tagged
from support.shapes.target import SHAPES, Target

SILENT_S, BEAT_S = (1.6, 0.4) if SANITIZED else (0.8, 0.2)  # sanitizers on a busy machine delay timers
MAKERS = ({name: lambda bench, kind=kind: kind(bench.gateway.base_url) for name, kind in CALLERS.items()}
          | {name: lambda bench, kind=kind: kind(bench.node()) for name, kind in NODE_CALLERS.items()})
CELLS = [(sdk, sdk_matrix.stream, to) for sdk in MAKERS for to in SHAPES]


class SlowTarget(Target):
    async def _stream(self, request, name, seen, frames):
        await asyncio.sleep(SILENT_S)
        await request.send(head(200, [("content-type", SHAPES[name].STREAM_TYPE), ("transfer-encoding", "chunked")]))
        chunks = [b"%x\r\n%s\r\n" % (len(frame), frame) for frame in frames]
        half = len(chunks) // 2
        await request.send(b"".join(chunks[:half]))
        await asyncio.sleep(SILENT_S)
        await request.send(b"".join(chunks[half:]) + b"0\r\n\r\n")


@pytest.fixture(scope="module")
def benches(tmp_path_factory):
    """One with heartbeats and one without, with the same cells, all read concurrently."""
    with sdk_matrix.Bench(tmp_path_factory.mktemp("beats"), MAKERS, CELLS, SlowTarget, heartbeat_s=BEAT_S) as beating, \
         sdk_matrix.Bench(tmp_path_factory.mktemp("quiet"), MAKERS, CELLS, SlowTarget, heartbeat_s=0) as quiet:
        for sdk in MAKERS:
            beating.caller(sdk), quiet.caller(sdk)
        with ThreadPoolExecutor(2 * len(CELLS)) as pool:
            asked = {cell: pool.submit(beating.try_cell, *cell) for cell in CELLS}
            also = [pool.submit(quiet.try_cell, *cell) for cell in CELLS]
        assert not any(one.exception() for one in also)
        yield beating, quiet, asked


@pytest.mark.parametrize("sdk", list(MAKERS))
def test_reads_on(benches, sdk):
    for (name, _, to), asked in benches[2].items():
        if name == sdk and asked.exception() is not None:
            raise AssertionError(f"{sdk} at {to}") from asked.exception()


TEXT = "".join(item.text for item in TASKS["stream"][0][1:])
# Their heartbeats are one byte each, too few to show in byte counts: (path, body, pattern of heartbeats).
BLANK_BEATS = {
    "ollama": ("/api/chat", {"model": "at-openai", "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": tagged("ollama", "stream", "openai") + TEXT}], "options": {"num_predict": 4096}},
               rb"(?:^|\n)( +)\{"),
    "gemini": ("/v1beta/models/at-openai:streamGenerateContent?alt=sse",
               {"systemInstruction": {"parts": [{"text": SYSTEM}]}, "contents": [{"role": "user", "parts": [{"text": tagged("gemini", "stream", "openai") + TEXT}]}], "generationConfig": {"maxOutputTokens": 4096}},
               rb"(?:^|\n\n)(\n+)data:"),
}


@pytest.mark.parametrize("dialect", list(BLANK_BEATS))
def test_blanks_are_written_meanwhile(benches, dialect):
    path, body, blanks = BLANK_BEATS[dialect]
    told = benches[0].gateway.post(path, body, [("authorization", f"Bearer {sdk_matrix.KEY}"), ("content-type", "application/json")])
    assert told.status == 200, told.body
    runs = [len(run) for run in re.findall(blanks, told.body)]
    assert len(runs) == 2 and all(run >= SILENT_S / BEAT_S / 1.5 - 1 for run in runs), told


def bytes_by_dialects(bench):
    """Total bytes written to callers of each dialect for each target."""
    found = re.findall(r" access .*? dialect=(\w+) model=(\S+) .*? bytes_out=(\d+)", bench.gateway.output())
    if len(found) < len(CELLS):
        return None
    counted = collections.Counter()
    for dialect, model, size in found:
        counted[dialect, model] += int(size)
    return counted


def test_there_were_heartbeats(benches, report):
    beating, quiet, asked = benches
    beats, others = (wait_for(lambda bench=bench: bytes_by_dialects(bench), "a record of each") for bench in (beating, quiet))
    more = {pair: size - others[pair] for pair, size in beats.items()}
    more = {(dialect, to): size for (dialect, to), size in more.items() if dialect not in BLANK_BEATS}
    least = 2 * (SILENT_S / BEAT_S / 1.5 - 1) * len(": keep-alive\n")
    report(f"heartbeats: {sum(one.exception() is None for one in asked.values())} of {len(CELLS)} streams read through {2 * SILENT_S:g} s of "
           f"silence with a beat every {BEAT_S:g} s; beats of {min(more.values())} to {max(more.values())} bytes in all")
    assert len(more) == 15 and all(size >= least for size in more.values()), more
