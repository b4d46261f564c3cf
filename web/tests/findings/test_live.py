"""What the issuers of secrets said, in the record: in the risk, in the list, on the panel, and until they are asked again."""

from datetime import timedelta

import pytest
from making import report, secret

from vallum_engine.model.finding import Kind
from vallum_engine.model.verification import Liveness, Verification
from vallum_engine.values import replace
from vallum_web.assets import services as assets
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings import services, worth_queries
from vallum_web.findings.models import Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

LIST = "/acme/findings/"
AT = "2026-03-01T12:00:00Z"


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "shop", alice.pk)


@pytest.fixture
def seen(org, asset):
    """Return a function that has a scan see a secret of which its issuer said so; returns the row."""

    def digest(result=None, at=AT, name="one"):
        said = result and Verification(result=Liveness(result), host="api.shop.test", reason="answered 200", at=at)
        services.digest(scans.uploaded(asset, None), report(secret(name, verification=said)))
        with scope(org.pk):
            return Finding.objects.of(org).get(message__endswith=name)

    return digest


def told(org):
    with scope(org.pk):
        rows = Event.objects.of(org).filter(kind="finding.verified").order_by("id")
        return [row.data["result"] for row in rows]


def test_a_live_secret_weighs_more_and_a_revoked_one_less(seen):
    risks = {result: seen(result, f"2026-03-01T12:00:0{n}Z").risk for n, result in enumerate(Liveness)}
    assert risks["revoked"] < risks["unknown"] < risks["live"]


@pytest.mark.parametrize(
    "other", [{"kind": Kind.WEAKNESS}, {"ruleset": "gitleaks"}], ids=["no secret", "a rule of another tool"]
)
@pytest.mark.parametrize("result", ["live", "revoked"])
def test_a_report_says_so_of_secrets_of_our_rules_alone(org, asset, signed_in, bob, other, result):
    said = Verification(result=Liveness(result), host="api.shop.test", reason="answered 200", at=AT)
    one, same = secret("one", **other), secret("two", line=9, **other)
    services.digest(scans.uploaded(asset, None), report(replace(one, verification=said), same))
    with scope(org.pk):
        forged, plain = Finding.objects.of(org).order_by("line")
    assert (forged.liveness, forged.risk) == ("", plain.risk)
    assert told(org) == []
    assert "api.shop.test" not in signed_in(bob).get(f"{LIST}{forged.pk}/").content.decode()


def test_what_was_said_stands_until_the_issuer_is_asked_again(org, asset, seen):
    first = seen("live")
    again = seen(None)
    assert (again.liveness, again.data["verification"]["at"], again.risk) == ("live", AT, first.risk)
    assert again.changed_at == first.changed_at, "a scan that asked nobody changes nothing"
    later = seen("revoked", "2026-03-02T12:00:00Z")
    assert (later.liveness, later.data["verification"]["at"]) == ("revoked", "2026-03-02T12:00:00Z")
    assert seen("live").liveness == "revoked", "an older report"
    assert told(org) == ["revoked"]


def test_a_report_from_the_future_does_not_speak_for_ever(seen):
    ahead = clock.now() + timedelta(days=400)
    seen("revoked", f"{ahead:%Y-%m-%dT%H:%M:%SZ}")
    assert seen("live").liveness == "live"


def test_of_what_ends_and_comes_back_it_is_still_known(org, asset, seen):
    seen("revoked")
    services.digest(scans.uploaded(asset, None), report())
    again = seen(None)
    assert (again.status, again.liveness) == ("open", "revoked")


def test_weighing_anew_keeps_it(org, asset, alice, seen):
    before = seen("revoked")
    with scope(org.pk):
        tried = worth_queries.reweighed(org, asset.pk, importance=Importance.CRITICAL, exposure=Exposure.UNKNOWN)
    assets.change(org, asset.pk, alice.pk, importance=Importance.CRITICAL)
    services.weigh_asset(org.pk, asset.pk)
    with scope(org.pk):
        after = Finding.objects.of(org).get()
    assert before.risk < after.risk == tried.risk_then < 50


def test_the_list_is_narrowed_to_live_ones_and_marks_them(asset, signed_in, bob):
    said = {
        result: Verification(result=Liveness(result), host="api.shop.test", reason="answered 200", at=AT)
        for result in ("live", "revoked")
    }
    found = [secret(result or "unasked", verification=said.get(result)) for result in ("live", "revoked", "")]
    services.digest(scans.uploaded(asset, None), report(*found))
    browser = signed_in(bob)
    for query, marked, count in (("", True, 3), ("?liveness=live", True, 1), ("?liveness=revoked", False, 1)):
        page = browser.get(f"{LIST}{query}").content.decode()
        assert (page.count("data-row "), '<b class="badge-exploited">Live</b>' in page) == (count, marked)
    assert "revoked secrets" in page
    assert '<option value="revoked" selected>Revoked secrets</option>' in page


def test_the_panel_says_so_in_its_risk_and_its_history(seen, signed_in, bob):
    seen("live")
    found = seen("revoked", "2026-03-02T12:00:00Z")
    page = signed_in(bob).get(f"{LIST}{found.pk}/").content.decode()
    assert "25: high severity, revoked: its issuer does not take it" in page
    assert "api.shop.test said that it is revoked" in page
