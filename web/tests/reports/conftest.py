"""An organization whose record holds something of every kind, and exports of it."""

from typing import Any

import making
import pytest

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.model.report import Coverage, RuleSet
from vallum_web.assets import services as assets
from vallum_web.findings import services as findings
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Decision, Finding
from vallum_web.reports import queries, services, work
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

PATHS = ("app.py", "conf/a b.tf", "package-lock.json")


def everything() -> list[Any]:
    secret = making.secret
    places = tuple(Location(path="app.py", line=n, end_line=n + 1) for n in (3, 9, 27))
    return [
        secret("one", severity=Severity.CRITICAL, locations=places),
        secret("two", title="=cmd|'/c calc'!A0", message='Said "so", twice\nand <script>alert(1)</script>', line=40),
        secret(
            "three",
            kind=Kind.MISCONFIGURATION,
            rule="open-bucket",
            title="Bucket is öffentlich",
            severity=Severity.LOW,
            confidence=Confidence.LOW,
            path="conf/a b.tf",
        ),
        making.vulnerability("left-pad", "CVE-2024-0001"),
        making.vulnerability("lodash", "CVE-2024-0002", severity=Severity.MEDIUM),
        making.vulnerability("minimist", "CVE-2024-0003", severity=Severity.INFO),
        making.vulnerability("qs", "CVE-2024-0004", severity=Severity.CRITICAL),
        making.vulnerability("axios", "CVE-2024-0005"),
    ]


@pytest.fixture
def digest(people):
    """Bring the record of an asset up to date with these findings."""
    known: dict[str, Any] = {}

    def run(*found: Any, name: str = "shop") -> Any:
        if name not in known:
            known[name] = assets.add(people.org, "repository", name, people.alice.pk)
        coverage = Coverage(
            rulesets=tuple(RuleSet(name=ruleset, version="1", rules=None) for ruleset in ("secrets", "sca")),
            paths=PATHS,
        )
        report = making.report(*found, coverage=coverage)
        scan = scans.uploaded(known[name], None)
        with scope(people.org.pk):
            findings.digest(scan, report)
            scans.finish(scan, report, engine="0.1.0", outcome={})
        return known[name]

    return run


@pytest.fixture
def record(people, digest):
    """Of every kind one, one resolved, and one hidden for each reason."""
    gone = making.vulnerability("gone", "CVE-2020-0009")
    digest(*everything(), gone)
    digest(*everything())
    hidden = {
        "CVE-2024-0002": Decision.Reason.FALSE_POSITIVE,
        "CVE-2024-0003": Decision.Reason.NOT_REACHABLE,
        "CVE-2024-0004": Decision.Reason.RISK_ACCEPTED,
        "CVE-2024-0005": Decision.Reason.TEST_DATA,
    }
    with scope(people.org.pk):
        for finding in Finding.objects.of(people.org).filter(rule__in=hidden):
            reason = hidden[finding.rule]
            findings.suppress(people.org, finding.pk, people.alice.pk, reason=reason, note=f"because of {reason}")
        return {finding.rule: finding for finding in Finding.objects.of(people.org)}


@pytest.fixture
def export(people):
    """Ask for an export and have it written; the row as it is then."""

    def run(form: str, **filters: Any) -> Any:
        row = services.ask(people.org, people.alice.pk, form=form, filters=Filters(**filters))
        work.run(people.org.pk, row.pk)
        with scope(people.org.pk):
            return queries.export(people.org, row.pk)

    return run


@pytest.fixture
def content(people):
    """The bytes of an export, as its parts hold them."""

    def read(row: Any) -> bytes:
        with scope(people.org.pk):
            parts = queries.parts(people.org, row.pk)
        return b"".join(making.stored(people.org.pk, part.blob, services.SHELF) for part in parts)

    return read
