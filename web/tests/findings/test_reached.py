"""What scans say of imports, in the record: in the risk, on the page, and when it turns."""

import pytest
from making import report, vulnerability

from vallum_engine.model.finding import Location, Reach, Reachability
from vallum_engine.values import replace
from vallum_web.assets import services as assets
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings import services, worth_queries
from vallum_web.findings.models import Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "shop", alice.pk)


@pytest.fixture
def seen(org, asset):
    """Return a function that has a scan see a vulnerability, and returns the row."""

    def digest(verdict, sentence="Said <b>so</b>."):
        told = verdict and Reachability(verdict=verdict, sentence=sentence, places=(Location(path="a.js"),))
        found = replace(vulnerability("lodash", "CVE-2026-0002"), reachability=told)
        services.digest(scans.uploaded(asset, None), report(found))
        with scope(org.pk):
            return Finding.objects.of(org).get()

    return digest


@pytest.mark.parametrize(
    ("verdict", "rank"),
    [
        pytest.param(None, 1, id="nobody looked"),
        pytest.param(Reach.UNKNOWN, 1, id="not known"),
        pytest.param(Reach.IMPORTED, 1, id="an import is no call"),
        pytest.param(Reach.TESTS, 0, id="tests alone"),
        pytest.param(Reach.NOT_IMPORTED, 0, id="nothing"),
    ],
)
def test_what_production_does_not_import_weighs_less(seen, verdict, rank):
    unknown = seen(None)
    told = seen(verdict)
    assert told.reachability == rank
    assert (told.risk < unknown.risk) is (rank == 0)
    assert told.severity == unknown.severity


def test_it_turns_with_the_code(seen):
    risks = [seen(verdict).risk for verdict in (Reach.NOT_IMPORTED, Reach.IMPORTED, Reach.TESTS)]
    assert risks[0] == risks[2] < risks[1]


def test_weighing_anew_keeps_it(org, asset, alice, seen):
    before = seen(Reach.TESTS)
    with scope(org.pk):
        tried = worth_queries.reweighed(org, asset.pk, importance=Importance.CRITICAL, exposure=Exposure.UNKNOWN)
    assets.change(org, asset.pk, alice.pk, importance=Importance.CRITICAL)
    services.weigh_asset(org.pk, asset.pk)
    with scope(org.pk):
        after = Finding.objects.of(org).get()
    assert before.risk < after.risk == tried.risk_then
    assert after.reachability == 0


def test_the_panel_says_it(alice, signed_in, seen):
    page = signed_in(alice).get(f"/acme/findings/{seen(Reach.TESTS).pk}/").content.decode()
    assert "Said &lt;b&gt;so&lt;/b&gt;." in page
    assert "the code does not call it" in page
