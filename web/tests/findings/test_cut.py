"""What a page leaves out, it says: how many more there are, and which orders it cannot give."""

import pytest
from making import report, secret

from vallum_engine.model.report import Problem
from vallum_web.assets import services as assets
from vallum_web.findings import queries, services
from vallum_web.findings.models import Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

LIST = "/acme/findings/"


@pytest.fixture
def scan(org, alice):
    made = scans.uploaded(assets.add(org, "repository", "shop", alice.pk), None)
    broken = tuple(Problem(what=f"broke {number}", path="", todo="") for number in range(3))
    digested = report(secret(), errors=broken)
    with scope(org.pk):
        services.digest(made, digested)
        scans.finish(made, digested, engine="0.1.0", outcome={})
    return made


@pytest.fixture
def page(signed_in, alice):
    browser = signed_in(alice)
    return lambda url: browser.get(url).content.decode()


def test_assets_beyond_the_choice_are_counted(org, page, scan, monkeypatch):
    for name in ("api", "tools"):
        assets.add(org, "repository", name, None)
    assert "more not shown" not in page(LIST)
    monkeypatch.setattr(queries, "MOST_CHOICES", 2)
    assert "<option disabled>1 more not shown" in page(LIST)


def test_older_history_is_counted(org, page, alice, scan, monkeypatch):
    with scope(org.pk):
        finding = Finding.objects.of(org).get()
    services.suppress(org, finding.pk, alice.pk, reason="risk_accepted", note="", until=None)
    services.lift(org, finding.pk, alice.pk)
    assert "older not shown" not in page(f"{LIST}{finding.pk}/")
    monkeypatch.setattr(queries, "MOST_EVENTS", 1)
    assert "2 older not shown" in page(f"{LIST}{finding.pk}/")


def test_errors_over_the_limit_are_not_passed_over(page, scan, monkeypatch):
    assert "errors at most" not in page(f"/acme/scans/{scan.pk}/")
    monkeypatch.setattr(scans, "MAX_GAPS", 3)
    assert "A scan lists 3 errors at most" in page(f"/acme/scans/{scan.pk}/")


def test_an_order_by_path_is_offered_within_one_asset(page, scan):
    assert "By path" not in page(LIST)
    assert "selected>Highest risk first" in page(f"{LIST}?sort=path")
    one = page(f"{LIST}?asset={scan.asset_id}&sort=path")
    assert '<option value="path" selected>By path</option>' in one
    assert 'aria-sort="ascending"' in one
