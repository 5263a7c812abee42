"""Fixtures, and a store for figures: report("...") lines are printed at the end of the run, whether it passed or
not."""

import pytest

pytest.register_assert_rewrite("support.sdk_matrix")

from support.certificates import Authority  # noqa: E402

_figures = []


@pytest.fixture
def report():
    return _figures.append


def pytest_terminal_summary(terminalreporter):
    for line in _figures:
        terminalreporter.write_line(f"figures: {line}")


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"), "authority")
