"""pytest plug-in: tests bear the ids of the privacy policy's clauses (`web/src/vallum_web/trust/clauses.toml`).

A full run judges every clause, fails where one is not what it claims, and leaves what it saw as `trust/evidence.json`.
"""

import subprocess
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev import bearing
from dev.asvs import matrix
from vallum_web.trust import evidence
from vallum_web.trust.clauses import Claim, clauses
from vallum_web.trust.evidence import Evidence, Proof
from vallum_web.trust.verdicts import gaps

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = ROOT / "web/src/vallum_web/trust" / evidence.NAME


class Collector(bearing.Collector):
    """Holds the clauses against what their tests came to."""

    key = "policy"

    def __init__(self, *, full: bool) -> None:
        super().__init__(full=full)
        self.gaps: list[str] = []

    def tests(self) -> dict[str, Proof]:
        found = {}
        for name, outcomes in self.outcomes.items():
            by: dict[str, list[str]] = defaultdict(list)
            for node, outcome in sorted(outcomes.items()):
                by[outcome].append(node)
            found[name] = Proof(**{outcome: tuple(nodes) for outcome, nodes in by.items()})
        return found

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not self.decides(exitstatus):
            return
        tests = self.tests()
        self.gaps = gaps(clauses(), tests)
        if self.gaps:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        seen = Evidence(
            commit=_git("rev-parse", "HEAD"),
            changed=bool(_git("status", "--porcelain")),
            at=datetime.now(UTC),  # noqa: TID251 - the time of the run itself
            clauses=tests,
            asvs=_asvs(),
        )
        WRITTEN.write_text(evidence.written(seen) + "\n", "utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.full:
            return
        terminalreporter.section("The privacy policy, clause by clause")
        tests, lost = self.tests(), {gap.partition(":")[0] for gap in self.gaps}
        for clause in clauses().values():
            of = tests.get(clause.id, Proof())
            state = "failing" if clause.id in lost else clause.claim.value
            by = "by its operator" if clause.claim is Claim.ATTESTED else f"{len(of.passed)} tests"
            terminalreporter.line(f"{clause.id:<8}{state:<10}{by:<16}{clause.says}", red=clause.id in lost)
        counted = Counter(clause.claim for clause in clauses().values() if clause.id not in lost)
        told = ", ".join(f"{counted[claim]} {claim}" for claim in Claim)
        terminalreporter.line(f"{len(clauses())} clauses: {told}, {len(lost)} failing")
        for gap in self.gaps:
            terminalreporter.line(f"gap: {gap}", red=True)


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def _asvs() -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for item in matrix.load(ROOT).values():
        found[f"Level {item.level}"][item.status.value] += 1
    return {level: dict(row) for level, row in sorted(found.items())}


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Collector(full=bearing.is_full(config)), "policy-collector")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    unknown = sorted(bearing.bear(items, Collector.key) - clauses().keys())
    if unknown:
        raise pytest.UsageError(f"No clause of trust/clauses.toml has the id {', '.join(unknown)}.")
