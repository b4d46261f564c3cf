"""What an asset is worth, tried before it holds: the trial says what saving then does."""

import re
from datetime import timedelta

import pytest
from making import report, secret, vulnerability

from vallum_engine.model.finding import Severity
from vallum_web.advisories.models import Threat
from vallum_web.assets import services as assets
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings import services, trying, worth_queries
from vallum_web.findings.models import Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "shop", alice.pk)


@pytest.fixture
def record(org, asset, alice, monkeypatch):
    """Findings of every severity, opened 20 days ago; one is hidden."""
    Threat.objects.create(cve="CVE-2026-0002", epss=0.7, changed_at=clock.now())
    now = clock.now()
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: now - timedelta(days=20))
        found = [secret(severity.value, line=number, severity=severity) for number, severity in enumerate(Severity)]
        services.digest(
            scans.uploaded(asset, None), report(*found, secret("hidden"), vulnerability("lodash", "CVE-2026-0002"))
        )
    with scope(org.pk):
        hidden = Finding.objects.of(org).get(message="Example token hidden").pk
    services.suppress(org, hidden, alice.pk, reason="test_data")


def rows(org):
    with scope(org.pk):
        return {row.pk: row for row in Finding.objects.of(org).filter(status="open")}


@pytest.mark.parametrize(
    ("importance", "exposure"),
    [
        pytest.param(Importance.CRITICAL, Exposure.INTERNET, id="it matters most"),
        pytest.param(Importance.LOW, Exposure.INTERNAL, id="it matters least"),
        pytest.param(Importance.NORMAL, Exposure.UNKNOWN, id="as it is"),
    ],
)
def test_a_trial_says_what_saving_then_does(org, alice, asset, record, importance, exposure):
    before = rows(org)
    with scope(org.pk):
        tried = worth_queries.reweighed(org, asset.pk, importance=importance, exposure=exposure)
    assert rows(org).keys() == before.keys()
    assets.change(org, asset.pk, alice.pk, importance=importance, exposure=exposure)
    services.weigh_asset(org.pk, asset.pk)
    after, now = rows(org), clock.now()
    assert tried.open == len(after) == 6
    assert (tried.risk, tried.risk_then) == tuple(sum(row.risk for row in each.values()) for each in (before, after))
    assert tried.changed == sum(row.risk != before[key].risk for key, row in after.items())
    assert tried.due_changed == sum(row.due_at != before[key].due_at for key, row in after.items())
    late = [sum(1 for row in each.values() if row.due_at and row.due_at < now) for each in (before, after)]
    assert [tried.overdue, tried.overdue_then] == late
    moves = sorted(
        (abs(row.risk - before[key].risk) for key, row in after.items() if row.risk != before[key].risk), reverse=True
    )
    assert [abs(each.risk - each.finding.risk) for each in tried.moved] == moves[:5]
    assert all(after[each.finding.pk].risk == each.risk for each in tried.moved)


def test_the_assets_page_leads_to_the_trial(alice, bob, asset, record, signed_in):
    page = signed_in(alice).get(f"/acme/assets/{asset.pk}/").content.decode()
    address = re.search(r'formaction="([^"]+)"', page)[1]
    answer = signed_in(alice).get(address, {"importance": "critical", "exposure": "internet"})
    assert "If this held now" in answer.content.decode()
    assert "Nothing has been saved" in answer.content.decode()
    assert "As it is" in signed_in(alice).get(address).content.decode()
    assert signed_in(alice).get(address, {"importance": "vast"}).status_code == 422


def test_a_trial_gives_up_in_time(org, asset, record, monkeypatch):
    monkeypatch.setattr(trying, "LONGEST", "1ms")
    monkeypatch.setattr(worth_queries, "_REWEIGH", f"{worth_queries._REWEIGH}, pg_sleep(1)")
    with scope(org.pk), pytest.raises(trying.TooManyToTryError):
        worth_queries.reweighed(org, asset.pk, importance=Importance.LOW, exposure=Exposure.UNKNOWN)
