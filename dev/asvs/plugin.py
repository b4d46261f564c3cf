"""pytest plug-in: tests bear the ids of ASVS requirements; a full run prints the matrix, and fails on a gap."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev.asvs import matrix
from dev.asvs.matrix import Outcome, Requirement

ROOT = Path(__file__).resolve().parents[2]
_KEY = "asvs"


class Collector:
    """Outcomes by requirement, of the controlling process: what ran elsewhere arrives in its reports."""

    def __init__(self, *, full: bool) -> None:
        self.full = full
        self.outcomes: dict[str, list[Outcome]] = defaultdict(list)
        self.gaps: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ids = [name for key, names in report.user_properties if key == _KEY for name in str(names).split()]
        if report.when == "call" or report.outcome != "passed":
            for name in ids:
                self.outcomes[name].append(Outcome(report.outcome))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not self.full or exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            return
        requirements = matrix.load(ROOT)
        today = datetime.now(UTC).date()  # noqa: TID251 - the day of the run itself
        self.gaps = matrix.flaws(requirements, ROOT, today=today) + matrix.gaps(requirements, self.outcomes)
        self.gaps += [
            f"{name} is borne by a test and is in no Level 1 or 2 entry" for name in self._strange(requirements)
        ]
        if self.gaps:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _strange(self, requirements: Mapping[str, Requirement]) -> list[str]:
        known, beyond = set(requirements), matrix.level_3(ROOT)
        return sorted(name for name in self.outcomes if name not in known and name not in beyond)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.full:
            return
        terminalreporter.section("OWASP ASVS 5.0.0, Levels 1 and 2")
        for line in matrix.table(matrix.load(ROOT), self.outcomes):
            terminalreporter.line(line)
        for gap in self.gaps:
            terminalreporter.line(f"gap: {gap}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly or config.option.lf
    full = not chosen and config.args_source is not pytest.Config.ArgsSource.ARGS
    config.pluginmanager.register(Collector(full=full), "asvs-collector")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        ids = sorted({str(name) for marker in item.iter_markers(_KEY) for name in marker.args})
        if ids:
            item.user_properties.append((_KEY, " ".join(ids)))
