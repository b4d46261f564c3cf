"""Marks that tests bear: which ids, and what came of them in a run. For the plug-ins that hold a matrix against its tests."""

from collections import defaultdict
from collections.abc import Iterable

import pytest


def is_full(config: pytest.Config) -> bool:
    """Whether the whole suite runs: nothing is decided by a part of it."""
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly or config.option.lf
    return not chosen and config.args_source is not pytest.Config.ArgsSource.ARGS


def bear(items: Iterable[pytest.Item], key: str) -> frozenset[str]:
    """Have each test's report carry the ids of its mark `key`. Gives all of them."""
    seen: set[str] = set()
    for item in items:
        ids = sorted({str(name) for marker in item.iter_markers(key) for name in marker.args})
        if ids:
            item.user_properties.append((key, " ".join(ids)))
            seen.update(ids)
    return frozenset(seen)


class Collector:
    """Outcomes by id, of the controlling process: what ran elsewhere arrives in its reports."""

    key: str

    def __init__(self, *, full: bool) -> None:
        self.full = full
        self.outcomes: dict[str, dict[str, str]] = defaultdict(dict)
        """Of each id, its tests' outcomes by node id; a test that failed in any phase has failed."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ids = [name for key, names in report.user_properties if key == self.key for name in str(names).split()]
        if report.when == "call" or report.outcome != "passed":
            for name in ids:
                self.outcomes[name][report.nodeid] = str(report.outcome)

    def decides(self, exitstatus: int) -> bool:
        return self.full and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
