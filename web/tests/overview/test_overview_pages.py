"""The first page, the assets, and one of them: also what they say while there is nothing."""

from making import person, report, secret

from vallum_engine.model.finding import Severity
from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import services as findings
from vallum_web.overview import queries
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

RAN = (RuleSet(name="secrets", version="1", rules=None),)
GAP = Exclusion(path="big.sql", ruleset="", verdict=Verdict.SKIPPED, why="larger than 10 MiB")


def scanned(org, asset, digested):
    scan = scans.uploaded(asset, None)
    with scope(org.pk):
        findings.digest(scan, digested)
        scans.finish(scan, digested, engine="0.1.0", outcome={"new": len(digested.findings)})
    return scan


def add(org, by, name="shop"):
    url = f"https://code.example/{name}.git"
    return repositories.add_by_url(org, by.pk, url=url, branch="main", name=name).asset


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def test_the_start_leads_where_the_person_belongs(client, signed_in, alice, db):
    assert client.get("/")["Location"].startswith("/accounts/login/")
    assert signed_in(alice).get("/")["Location"] == "/acme/"
    newcomer = person("dora@example.test")
    assert signed_in(newcomer).get("/")["Location"] == "/new/"


def test_an_empty_organization_is_led_to_its_first_repository(signed_in, alice, org):
    page = text(signed_in(alice).get("/acme/"))
    assert "Nothing to look at yet" in page
    assert 'href="/acme/assets/add/"' in page
    assert "Nothing to look at yet" in text(signed_in(alice).get("/acme/assets/"))


def test_an_auditor_is_not_led_where_they_may_not_go(signed_in, charlie, org):
    accounts.join(org, charlie, Membership.Role.AUDITOR)
    assert "/acme/assets/add/" not in text(signed_in(charlie).get("/acme/"))


def test_home_counts_what_is_open_and_says_what_it_does_not_know(signed_in, alice, org):
    shop, tools = add(org, alice), add(org, alice, "tools")
    add(org, alice, "never")
    scanned(org, shop, report(secret("one"), secret("two", severity=Severity.LOW)))
    scanned(org, tools, report(coverage=Coverage(rulesets=RAN, paths=("app.py",), exclusions=(GAP,))))
    page = text(signed_in(alice).get("/acme/"))
    for said in ("3 assets", "1 asset never scanned", "1 with gaps", "<b>1</b> high", "<b>1</b> low"):
        assert said in page
    assert 'href="/acme/findings/?severity=high"' in page
    assert page.index("never") < page.index("shop") < page.index("tools")


def test_home_praises_nothing_that_was_not_looked_at(signed_in, alice, org):
    shop = add(org, alice)
    assert "Nothing open, as far as was looked" in text(signed_in(alice).get("/acme/"))
    scanned(org, shop, report())
    page = text(signed_in(alice).get("/acme/"))
    assert "Looked, and nothing is open" in page
    assert "all scanned, no gaps" in page


def test_an_asset_shows_its_source_its_scans_and_its_worst(signed_in, alice, org):
    shop, tools = add(org, alice), add(org, alice, "tools")
    scan = scanned(org, shop, report(secret("one", path="deploy/key.pem")))
    scanned(org, tools, report(secret("elsewhere", path="tools.py")))
    page = text(signed_in(alice).get(f"/acme/assets/{shop.pk}/"))
    for said in ("https://code.example/shop.git", "deploy/key.pem:3", f"/acme/scans/{scan.pk}/", "Scan now"):
        assert said in page
    assert "tools.py" not in page
    assert "every 2s" not in page


def test_an_asset_asks_for_itself_while_a_scan_runs(signed_in, alice, org):
    shop = add(org, alice)
    browser = signed_in(alice)
    assert "Never scanned" in text(browser.get(f"/acme/assets/{shop.pk}/"))
    answer = browser.post(f"/acme/assets/{shop.pk}/scan/")
    assert answer["Location"] == f"/acme/assets/{shop.pk}/"
    assert "Waiting for a free worker" in text(browser.get(answer["Location"]))
    with scope(org.pk):
        scan = queries.asset(org, shop.pk).last
    scan = scans.begin(org.pk, scan.pk)
    scans.follow(scan, "scanning", progress={"files": 1200, "bytes": 3_400_000, "findings": 2})
    part = text(browser.get(f"/acme/assets/{shop.pk}/", headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert "1,200 files, 3.4 MB, 2 findings so far" in part
    assert 'hx-trigger="every 2s"' in part
    scans.fail(scan, "code.example has no such repository.")
    part = text(browser.get(f"/acme/assets/{shop.pk}/", headers={"HX-Request": "true"}))
    assert "code.example has no such repository." in part
    assert "every 2s" not in part


def test_scanning_twice_is_scanning_once(signed_in, alice, org):
    shop = add(org, alice)
    browser = signed_in(alice)
    for _ in range(2):
        browser.post(f"/acme/assets/{shop.pk}/scan/")
    with scope(org.pk):
        assert len(queries.asset(org, shop.pk).history.rows) == 1


def test_many_assets_come_in_pages_by_name(signed_in, alice, org):
    for number in range(53):
        assets.add(org, "repository", f"asset {number:02}", alice.pk)
    browser = signed_in(alice)
    first = text(browser.get("/acme/assets/"))
    assert "asset 49" in first
    assert "asset 50" not in first
    with scope(org.pk):
        page, _ = queries.asset_page(org, after="", before="")
        rest, lines = queries.asset_page(org, after=page.next, before="")
    assert [line.asset.name for line in lines] == ["asset 50", "asset 51", "asset 52"]
    assert rest.next is None


def test_what_is_not_there_is_missing(signed_in, alice, org):
    assert signed_in(alice).get("/acme/assets/01890a5d-ac96-774b-bcce-b302099a8057/").status_code == 404
    assert signed_in(alice).post("/acme/assets/01890a5d-ac96-774b-bcce-b302099a8057/scan/").status_code == 404
