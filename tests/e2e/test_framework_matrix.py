"""Frameworks at every dialect of target, like the SDKs in test_sdk_matrix: pydantic-ai, LangChain and the AI SDK,
each with its form of a conversation."""

import os

import pytest

from support import sdk_matrix
from support.settings import NODE
from support.shapes.target import SHAPES

try:
    from support import framework_callers
except ImportError as missing:  # setup.sh continues without them
    pytest.skip(f"no frameworks: {missing}", allow_module_level=True)

MAKERS = {name: lambda bench, kind=kind: kind(bench.gateway.base_url) for name, kind in framework_callers.PYTHON.items()}
if os.path.isdir(os.path.join(NODE, "node_modules", "ai")):
    MAKERS |= {name: lambda bench, kind=kind: kind(bench.node()) for name, kind in framework_callers.NODE.items()}
CELLS = [(sdk, work, to) for sdk in MAKERS for work in (sdk_matrix.stream, sdk_matrix.twice, sdk_matrix.parallel) for to in SHAPES]
# With chat completions they send no thoughts back.
CELLS += [(sdk, sdk_matrix.thinking, to) for sdk in MAKERS if not sdk.startswith("chat") for to in SHAPES]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with sdk_matrix.Bench(tmp_path_factory.mktemp("gateway"), MAKERS, CELLS) as made:
        yield made


@pytest.mark.parametrize("sdk, work, to", CELLS, ids=sdk_matrix.cell_id)
def test_cell(bench, sdk, work, to):
    bench.try_cell(sdk, work, to)


def test_all_are_green(bench, report):
    if not any(name.endswith("-ai-sdk") for name in MAKERS):
        report("no AI SDK: its packages are not there")
    bench.print_matrix(report)
