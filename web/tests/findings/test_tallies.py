"""What the database counts while findings are written is what counting them gives."""

from collections import Counter

import pytest
from django.db import IntegrityError, connection, transaction
from making import report, secret, vulnerability

from vallum_engine.model.finding import Severity
from vallum_web.assets import services as assets
from vallum_web.findings import counting, queries, services, tallies
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Finding, Occurrence, Tally
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy.scope import scope


@pytest.fixture
def digest(org):
    known = {}

    def run(asset, *findings):
        row = known.get(asset) or known.setdefault(asset, assets.add(org, "repository", asset, None))
        return services.digest(scans.uploaded(row, None), report(*findings))

    run.assets = known
    return run


def counted(rows):
    found, risks = Counter(), Counter()
    for row in rows:
        cell = tallies.Cell(row.status, row.get_severity_display(), row.kind)
        found[cell] += 1
        risks[cell] += row.risk
    return dict(found), {cell: risk for cell, risk in risks.items() if risk}


def agree(org):
    with scope(org.pk):
        rows = list(Finding.objects.of(org))
        whole = tallies.of(org)
        assert (dict(whole.findings), dict(whole.risks)) == counted(rows)
        for asset in {row.asset_id for row in rows}:
            part = tallies.of(org, asset)
            assert (dict(part.findings), dict(part.risks)) == counted(r for r in rows if r.asset_id == asset)
        return rows


def test_every_way_to_write_a_finding_is_counted(org, alice, digest):
    digest("shop", secret("one"), secret("two", line=9, severity=Severity.LOW), vulnerability("pad", "CVE-2024-1"))
    digest("till", secret("three", severity=Severity.CRITICAL))
    rows = agree(org)
    assert len(rows) == 4
    services.suppress(org, rows[0].pk, alice.pk, reason="test_data")
    agree(org)
    services.lift(org, rows[0].pk, alice.pk)
    services.assign(org, rows[1].pk, alice.pk, assignee=alice.pk, team=None)
    agree(org)
    digest("shop", secret("one", severity=Severity.INFO))
    agree(org)
    digest("shop", secret("two", line=9))
    rows = agree(org)
    with scope(org.pk), connection.cursor() as cursor:
        Occurrence.objects.of(org).filter(finding=rows[0]).delete()
        cursor.execute("delete from findings_identity where finding_id = %s", [rows[0].pk])
        cursor.execute("delete from findings_alias where finding_id = %s", [rows[0].pk])
        cursor.execute("delete from findings_decision where finding_id = %s", [rows[0].pk])
        cursor.execute("delete from findings_finding where id = %s", [rows[0].pk])
    assert len(agree(org)) == 3


def test_what_is_put_together_says_the_same_and_what_is_nothing_goes(org, digest):
    digest("shop", secret("one"), secret("two", line=9))
    digest("shop")
    digest("shop", secret("one"))
    with scope(org.pk):
        before = Tally.objects.of(org).count()
    services.settle(org.pk)
    with scope(org.pk):
        assert Tally.objects.of(org).count() < before
        assert not Tally.objects.of(org).filter(findings=0, risk=0).exists()
    agree(org)


def test_lists_beyond_the_cap_are_counted_whole(org, digest, monkeypatch):
    monkeypatch.setattr(queries, "CAP", 1)
    digest("shop", secret("one"), secret("two", line=9), secret("three", line=12, severity=Severity.LOW))
    with scope(org.pk):
        assert counting.counts(org, Filters()).total == 3
        assert counting.counts(org, Filters(severities=("low",))).severities["high"] == 2
        assert counting.counts(org, Filters(kinds=("secret",), asset=digest.assets["shop"].pk)).total == 3
        assert counting.counts(org, Filters(kinds=("weakness",), status="any")).total == 0


def test_another_organization_counts_none_of_it(people, digest):
    digest("shop", secret("one"))
    with scope(people.elsewhere.pk):
        assert not tallies.of(people.elsewhere).findings
        assert not tallies.of(people.org).findings


def test_places_refer_to_findings_and_scans_of_their_own_organization(people, digest):
    digest("shop", secret("one"))
    with scope(people.org.pk):
        mine = Finding.objects.of(people.org).get()
    other = assets.add(people.elsewhere, "repository", "theirs", None)
    theirs = scans.uploaded(other, None)
    place = {"ruleset": "secrets", "rule": "r", "path": "a", "line": 1, "end_line": 1}
    with scope(people.elsewhere.pk):
        for finding in (mine.pk, other.pk):
            with pytest.raises(IntegrityError, match="finding_id"), transaction.atomic():
                Occurrence.objects.create(org=people.elsewhere, finding_id=finding, first_scan=theirs, **place)
    with scope(people.org.pk):
        with pytest.raises(IntegrityError, match="first_scan_id"), transaction.atomic():
            Occurrence.objects.create(org=people.org, finding=mine, first_scan_id=theirs.pk, **place)
        with pytest.raises(IntegrityError, match="gone_scan_id"), transaction.atomic():
            Occurrence.objects.of(people.org).update(gone_scan_id=theirs.pk)
        with pytest.raises(IntegrityError, match="asset_id"), transaction.atomic():
            Finding.objects.of(people.org).update(asset_id=other.pk)


def test_what_is_still_referred_to_cannot_go(org, digest):
    digest("shop", secret("one"))
    with scope(org.pk), connection.cursor() as cursor:
        for table in ("findings_finding", "scans_scan", "assets_asset"):
            with pytest.raises(IntegrityError, match="refer"), transaction.atomic():
                cursor.execute(f"delete from {table}")
        assert Scan.objects.of(org).exists()
