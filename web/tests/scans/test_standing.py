"""How fresh and how whole the record's word is: figures above lists, and the assets that they count."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from making import report, secret

from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_web.accounts import tokens
from vallum_web.assets import queries as assets
from vallum_web.assets import services
from vallum_web.findings import services as findings
from vallum_web.scans import queries
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock, keys
from vallum_web.tenancy.scope import scope

SETS = (RuleSet(name="secrets", version="1", rules=None), RuleSet(name="packages/npm", version="1", rules=None))


def covered(*gaps, complete=True):
    return Coverage(rulesets=SETS, paths=("app.py",), exclusions=gaps, complete=complete)


def gap(path, ruleset=""):
    return Exclusion(path=path, ruleset=ruleset, why="it broke", verdict=Verdict.FAILED)


@pytest.fixture
def scan(org, alice):
    """Scan an asset of this name."""

    def run(name, coverage=None, *, tool=""):
        with scope(org.pk):
            known = assets.named(org, "repository", name)
        asset = known or services.add(org, "repository", name, alice.pk)
        made = scans.uploaded(asset, None)
        said = report(secret(name), coverage=coverage or covered(), target={"report": tool} if tool else {})
        with scope(org.pk):
            findings.digest(made, said)
            scans.finish(made, said, engine="0.1.0", outcome={})
        return asset

    return run


@pytest.fixture
def read(org):
    """The figures, and the names of the assets that each counts."""

    def ask():
        with scope(org.pk):
            every = assets.assets(org)
            named = {
                how: list(queries.scanned(org, every, how).values_list("name", flat=True)) for how in queries.SCANNED
            }
            return queries.standing(org), named

    return ask


def test_figures_count_what_the_lists_name(org, alice, scan, read, monkeypatch):
    services.add(org, "repository", "never", alice.pk)
    scan("old")
    scan("gaps", covered(gap("src/", "secrets")))
    scan("mended", covered(gap("src/", "secrets")))
    mark = keys.uuid7()
    monkeypatch.setattr(queries, "first_of", lambda _: mark)
    for name in ("gaps", "mended", "fresh"):
        scan(name, covered(gap("src/", "secrets")) if name == "gaps" else None)
    scan("part", covered(complete=False), tool="sarif")
    figures, named = read()
    assert named == {"never": ["never"], "stale": ["old", "part"], "incomplete": ["gaps"]}
    assert (figures.assets, figures.never, figures.stale, figures.gaps) == (6, 1, 2, 1)


@pytest.mark.parametrize(("days", "stale"), [(29, 0), (31, 1)])
def test_thirty_days_make_a_scan_old(scan, read, days, stale):
    scan("shop")
    with clock.travelled(timedelta(days=days)):
        assert read()[0].stale == stale


@pytest.mark.parametrize(
    ("gaps", "share"),
    [
        pytest.param([], 100, id="all ran"),
        pytest.param([gap("src/big.js", "secrets"), gap("src/bin", "")], 100, id="left out a place, and ran"),
        pytest.param([gap("", "packages/npm")], 50, id="one ran nowhere"),
        pytest.param([gap("", "packages")], 50, id="nor did those whose name begins so"),
    ],
)
def test_the_share_of_rule_sets_that_ran(scan, read, gaps, share):
    scan("shop", covered(*gaps))
    assert read()[0].share == share


def test_only_all_is_a_hundred_percent():
    figures = {"assets": 1, "never": 0, "stale": 0, "gaps": 0}
    assert queries.Standing(**figures, rulesets=1000, ran=999).share == 99
    assert queries.Standing(**figures, rulesets=0, ran=0).share is None


def test_every_list_says_how_far_was_looked(org, signed_in, alice, scan):
    browser = signed_in(alice)
    services.add(org, "repository", "never", alice.pk)
    asset = scan("gaps", covered(gap("", "secrets")))
    for url in ("/acme/findings/", "/acme/findings/?group=rule", "/acme/"):
        page = browser.get(url).content.decode()
        assert "50 % of rule sets ran" in page
        for how, said in (("never", "1 asset never scanned"), ("incomplete", "1 with gaps")):
            assert f'<a href="/acme/assets/?scanned={how}">{said}</a>' in page
            listed = browser.get(f"/acme/assets/?scanned={how}").content.decode()
            assert len(re.findall(r"<tr data-row", listed)) == 1
    for url in (f"/acme/assets/{asset.pk}/", f"/acme/findings/?asset={asset.pk}"):
        page = browser.get(url).content.decode()
        assert "50 % of rule sets ran" in page
        assert "<b>With gaps</b>" in page
        assert "never scanned" not in page
    assert "None of these" in browser.get("/acme/assets/?scanned=stale").content.decode()


def test_the_api_lists_the_same(org, alice, scan):
    _, key = tokens.make(org, alice, tokens.Wanted(name="n", role="developer"))
    api = Client(headers={"Authorization": f"Bearer {key}"})
    services.add(org, "repository", "never", alice.pk)
    scan("shop")
    assert [asset["name"] for asset in api.get("/api/v1/assets?scanned=never").json()["items"]] == ["never"]
    assert len(api.get("/api/v1/assets").json()["items"]) == 2
    assert api.get("/api/v1/assets?scanned=no").status_code == 422
