"""Every official SDK at every dialect of target, with all kinds of use: requests reach a provider that is as strict
as the real one, and its answers reach the SDK. A cell of the matrix is a test."""

import pytest

from support import sdk_matrix
from support.node_callers import NODE_CALLERS
from support.sdk_callers import CALLERS
from support.shapes.target import SHAPES

WORK = [sdk_matrix.stream, sdk_matrix.twice, sdk_matrix.parallel, sdk_matrix.image, sdk_matrix.document, sdk_matrix.structured,
        sdk_matrix.thinking, sdk_matrix.long, sdk_matrix.limited, sdk_matrix.broken, sdk_matrix.cancel]
MAKERS = ({name: lambda bench, kind=kind: kind(bench.gateway.base_url) for name, kind in CALLERS.items()}
          | {name: lambda bench, kind=kind: kind(bench.node()) for name, kind in NODE_CALLERS.items()})
CELLS = [(sdk, work, to) for sdk in MAKERS for work in WORK for to in SHAPES]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with sdk_matrix.Bench(tmp_path_factory.mktemp("gateway"), MAKERS, CELLS) as made:
        yield made


@pytest.mark.parametrize("sdk, work, to", CELLS, ids=sdk_matrix.cell_id)
def test_cell(bench, sdk, work, to):
    bench.try_cell(sdk, work, to)


def test_all_are_green(bench, report):
    bench.print_matrix(report)
