"""A scan's page: live, then its account of what it looked at."""

import pytest
from making import report, secret

from vallum_engine.model.report import Coverage, Exclusion, Problem, RuleSet, Verdict
from vallum_web.assets import services as assets
from vallum_web.scans import services, words
from vallum_web.scans.models import Scan
from vallum_web.tenancy.scope import scope


@pytest.fixture
def scan(org, alice):
    asset = assets.add(org, "repository", "shop", alice.pk)
    return services.request(org, asset.pk, alice.pk)


def shown(browser, scan, **headers):
    response = browser.get(f"/acme/scans/{scan.pk}/", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_a_running_scan_tells_how_far_it_is(signed_in, bob, org, scan):
    browser = signed_in(bob)
    assert "Waiting for a free worker" in shown(browser, scan)
    scan = services.begin(org.pk, scan.pk)
    services.follow(scan, "fetching")
    assert "Fetching the code" in shown(browser, scan)
    services.follow(scan, "scanning", progress={"files": 10, "bytes": 1_000_000, "findings": 1})
    part = shown(browser, scan, **{"HX-Request": "true"})
    assert "10 files, 1.0 MB, 1 finding so far" in part
    assert 'hx-trigger="every 2s"' in part
    assert "<html" not in part


def test_an_ended_scan_accounts_for_what_it_looked_at(signed_in, bob, org, scan):
    coverage = Coverage(
        rulesets=(RuleSet(name="secrets", version="2026.11 (64 rules)", rules=None),),
        paths=("app.py",),
        exclusions=(
            Exclusion(path="big.sql", ruleset="secrets", verdict=Verdict.SKIPPED, why="larger than 10 MiB"),
            Exclusion(path="logo.png", ruleset="", verdict=Verdict.SKIPPED, why="binary content", covered=True),
            Exclusion(path="icon.png", ruleset="", verdict=Verdict.SKIPPED, why="binary content", covered=True),
        ),
    )
    problem = Problem(path="Cargo.lock", what="not TOML", todo="Generate it again.")
    scan = services.begin(org.pk, scan.pk)
    services.follow(scan, "scanning", facts={"isolation": "reduced", "branch": "main", "commit": "9f1c2ab7730d"})
    services.finish(
        scan,
        report(secret("one"), coverage=coverage, errors=(problem,)),
        engine="0.1.0",
        outcome={"new": 1, "resolved": 3},
    )
    page = shown(signed_in(bob), scan)
    for said in (
        "Done, with gaps",
        "2026.11 (64 rules)",
        "big.sql",
        "larger than 10 MiB",
        "binary content",
        "Cargo.lock",
        "Generate it again.",
        "Reduced.",
        words.BUBBLEWRAP,
        "main",
        "Alice",
        f"/acme/findings/?asset={scan.asset_id}",
    ):
        assert said in page
    assert "every 2s" not in page


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 finding that an ignore in the code hid is shown"), (3, "3 findings that")]
)
def test_a_scan_says_whose_ignores_have_ended(signed_in, bob, org, scan, count, said):
    scan = services.begin(org.pk, scan.pk)
    services.finish(scan, report(), engine="0.1.0", outcome={"lapsed": count})
    assert said in shown(signed_in(bob), scan)


def test_a_failed_scan_says_why_and_what_to_do(signed_in, bob, org, scan):
    scan = services.begin(org.pk, scan.pk)
    services.fail(scan, "code.example does not answer.")
    page = shown(signed_in(bob), scan)
    assert "code.example does not answer." in page
    assert "scan again" in page


def test_a_broken_off_scan_counts_its_attempts(signed_in, bob, org, scan):
    for _ in range(2):
        services.begin(org.pk, scan.pk)
    assert "attempt 2" in shown(signed_in(bob), scan)


@pytest.mark.parametrize("level", Scan.Isolation.values)
def test_each_level_of_isolation_has_words(level):
    found = words.isolation(Scan(isolation=level))
    assert found.meaning
    assert bool(found.install) == (level in ("reduced", "none"))


def test_a_scan_of_nobody_is_missing(signed_in, bob, charlie, org, scan):
    with scope(org.pk):
        assert signed_in(bob).get("/acme/scans/01890a5d-ac96-774b-bcce-b302099a8057/").status_code == 404
    assert signed_in(charlie).get(f"/elsewhere/scans/{scan.pk}/").status_code == 404
