"""What is measured: the same findings, by the record's digest and by Django's bulk upsert."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bench.ingest.run import PEER_FIELDS
from vallum_engine.model.finding import Confidence, Finding, Kind, Location, Remediation, Severity
from vallum_engine.model.report import Coverage, Report, RuleSet
from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import User
from vallum_web.assets import services as assets
from vallum_web.findings import models, services, staging
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

SEVERITIES = tuple(Severity)


def report(size: int) -> Report:
    findings = tuple(
        Finding(
            kind=Kind.WEAKNESS,
            ruleset="weaknesses",
            rule=f"rule-{n % 200}",
            title=f"A weakness of kind {n % 200}",
            severity=SEVERITIES[n % 5],
            confidence=Confidence.MEDIUM,
            message=f"Something that flows into something else, number {n}, as a scanner would put it in a sentence or two.",
            locations=(
                Location(path=f"src/package_{n % 300}/module_{n % 4000}.py", line=n % 900 + 1, end_line=n % 900 + 3),
            ),
            identity=(),
            fingerprint=f"weakness/1:{n:032x}",
            remediation=Remediation(steps=("Do the one thing.", "Then the other.")),
        )
        for n in range(size)
    )
    return Report(findings=findings, coverage=Coverage(rulesets=(RuleSet(name="weaknesses", version="1", rules=None),)))


def actions(size: int, number: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each measured step with its name, in order; every run works in an organization of its own."""
    owner = User.objects.create(email=f"bench-{size}-{number}@example.test")
    org = accounts.found("Bench", f"bench-{size}-{number}", owner)
    ours, theirs = (assets.add(org, "repository", name, None) for name in ("ours", "theirs"))
    said = report(size)
    tenth = replace(
        said, findings=tuple(replace(f, title="Changed") if n % 10 == 0 else f for n, f in enumerate(said.findings))
    )
    rows = [staging.row(f.fingerprint, f) for f in said.findings]  # the peer is given the finished columns

    def digest(what: Report) -> Callable[[], object]:
        scan = scans.uploaded(ours, None)
        return lambda: services.digest(scan, what)

    def upsert() -> None:
        with scope(org.pk):
            models.Finding.objects.bulk_create(
                [finding(row) for row in rows],
                batch_size=1000,
                update_conflicts=True,
                unique_fields=["org", "asset", "fingerprint"],
                update_fields=PEER_FIELDS,
            )

    def finding(row: tuple[object, ...]) -> models.Finding:
        names = ("fingerprint", "kind", "ruleset", "rule", "severity", "confidence", "base", "cve", "title")
        more = ("message", "path", "line", "package")
        values = dict(zip((*names, *more), row, strict=False))
        return models.Finding(
            org=org,
            asset=theirs,
            risk=50,
            data={"remediation": {"steps": ["Do the one thing."]}},
            changed_at=clock.now(),
            **values,
        )

    yield "digest, new", digest(said)
    yield "bulk_create, new", upsert
    yield "digest, same", digest(said)
    yield "bulk_create, same", upsert
    yield "digest, a tenth changed", digest(tenth)
    yield "digest, all resolved", digest(replace(said, findings=()))
