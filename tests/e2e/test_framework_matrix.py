"""Frameworks at every dialect of target, as test_sdk_matrix has the SDKs: pydantic-ai, LangChain and the AI SDK, each with what it makes of
its conversations."""

import os

import pytest

from support import sdk_matrix
from support.settings import NODE
from support.shapes.target import SHAPES

try:
    from support import framework_callers
except ImportError as missing:  # setup.sh goes on without them
    pytest.skip(f"no frameworks: {missing}", allow_module_level=True)

MAKERS = {name: lambda bench, kind=kind: kind(bench.gateway.base_url) for name, kind in framework_callers.PYTHON.items()}
if os.path.isdir(os.path.join(NODE, "node_modules", "ai")):
    MAKERS |= {name: lambda bench, kind=kind: kind(bench.node()) for name, kind in framework_callers.NODE.items()}
CELLS = [(sdk, work, to) for sdk in MAKERS for work in (sdk_matrix.stream, sdk_matrix.twice, sdk_matrix.parallel) for to in SHAPES]
# Of chat completions they hand no thoughts back.
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
