"""pytest plug-in: tests bear the ids of ASVS requirements; a full run prints the matrix, and fails on a gap."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev import bearing
from dev.asvs import matrix
from dev.asvs.matrix import Outcome, Requirement

ROOT = Path(__file__).resolve().parents[2]


class Collector(bearing.Collector):
    """Holds the matrix against what the tests came to."""

    key = "asvs"

    def __init__(self, *, full: bool) -> None:
        super().__init__(full=full)
        self.gaps: list[str] = []

    @property
    def _said(self) -> dict[str, list[Outcome]]:
        return {name: [Outcome(outcome) for outcome in tests.values()] for name, tests in self.outcomes.items()}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not self.decides(exitstatus):
            return
        requirements = matrix.load(ROOT)
        today = datetime.now(UTC).date()  # noqa: TID251 - the day of the run itself
        self.gaps = matrix.flaws(requirements, ROOT, today=today) + matrix.gaps(requirements, self._said)
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
        for line in matrix.table(matrix.load(ROOT), self._said):
            terminalreporter.line(line)
        for gap in self.gaps:
            terminalreporter.line(f"gap: {gap}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Collector(full=bearing.is_full(config)), "asvs-collector")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    bearing.bear(items, Collector.key)
