"""Live checks in a real browser: switched and asked for by keyboard alone, without JavaScript, in light and dark, for everybody."""

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_engine.model.finding import AdvisoryRef, PackageRef
from vallum_engine.model.verification import Liveness, Verification
from vallum_engine.values import replace
from vallum_web.findings import services
from vallum_web.findings.models import Finding
from vallum_web.repositories import services as repositories
from vallum_web.scans import asking
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser
SETTINGS = "/acme/settings/live-checks/"
LIST = "/acme/findings/"
RULE = "github-personal-access-token"
ENDED = "The ignore of .vallum/ignores.toml:4 ended on 2026-01-31: only our build runs it"


def told(result, reason):
    return Verification(result=Liveness(result), host="api.github.com", reason=reason, at="2026-03-01T12:00:00Z")


def secret(name, line, **more):
    return making.secret(name, line=line, rule=RULE, title=f"GitHub personal access token {name}", **more)


@pytest.fixture
def people(live_database):
    """Secrets of which the issuer said one thing and the other, and packages whose distribution does not mend them."""
    made = making.people()
    asset = repositories.add_by_url(made.org, made.alice.pk, url="https://code.example.test/team/shop").asset
    package = PackageRef(purl="pkg:deb/debian/expat@2.5.0", ecosystem="Debian:12", name="expat", version="2.5.0")
    said = AdvisoryRef(id="DEBIAN-CVE-2026-0003", url="https://distribution.example/3", standing="will not be fixed")
    report = making.report(
        secret("alive", 1, verification=told("live", "answered 200")),
        secret("dead", 2, verification=told("revoked", "answered 401")),
        secret("unsaid", 3, verification=told("unknown", "asked to wait (429)")),
        secret("unasked", 4),
        replace(making.vulnerability("expat", "CVE-2026-0003"), package=package, advisories=(said,), lapsed=ENDED),
    )
    scan = scans.uploaded(asset, made.alice.pk)
    with scope(made.org.pk):
        services.digest(scan, report)
        counts = {"new": 5, "seen": 5, "lapsed": 1, "asked": 3, "live": 1, "revoked": 1}
        scans.finish(scan, report, engine="0.1.0", outcome=counts)
        keys = {row.message.split()[-1]: row.pk for row in Finding.objects.of(made.org).filter(kind="secret")}
        keys["expat"] = Finding.objects.of(made.org).get(kind="vulnerability").pk
    made.keys, made.scan = keys, scan.pk
    return made


def test_an_owner_switches_it_by_keyboard_alone(page, site, people):
    sign_in(page)
    page.goto(SETTINGS)
    page.get_by_role("button", name="Ask the issuers from now on").focus()
    page.keyboard.press("Enter")
    page.get_by_text("the next scan of each asset asks").wait_for()
    assert asking.wanted(people.org.pk)
    page.get_by_role("button", name="Ask nobody any more").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Live checks are off: nobody is asked.").wait_for()
    assert not asking.wanted(people.org.pk)


def test_the_list_is_narrowed_and_a_secret_checked_again_by_keyboard_alone(page, site, people):
    asking.switch(people.org, people.alice.pk, on=True)
    sign_in(page)
    page.goto(f"{LIST}?liveness=live")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("#panel article").wait_for()
    page.get_by_role("button", name="Check now").focus()
    page.keyboard.press("Enter")
    page.locator("#panel").get_by_role("link", name="a scan that waits").wait_for()
    expect(page.get_by_role("button", name="Check now")).to_have_count(0)


def test_without_javascript_it_is_switched_filtered_and_checked(chromium, site, people):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.goto(SETTINGS)
    window.get_by_role("button", name="Ask the issuers from now on").click()
    assert asking.wanted(people.org.pk)
    window.goto(LIST)
    window.get_by_label("Live or not").select_option("revoked")
    window.get_by_role("button", name="Apply").click()
    expect(window.locator("[data-row]")).to_have_count(1)
    window.goto(f"{LIST}{people.keys['dead']}/")
    window.get_by_role("button", name="Check now").click()
    window.get_by_role("link", name="a scan that waits").click()
    window.wait_for_url("**/acme/scans/**")
    window.context.close()


def test_nobody_is_left_out(chromium, site, people):
    window = chromium.new_context(base_url=site, bypass_csp=True).new_page()
    sign_in(window)
    found = []

    def look(name, path):
        window.goto(path)
        found.extend(barriers(window, f"live-{name}"))

    look("off", SETTINGS)
    asking.switch(people.org, people.alice.pk, on=True)
    look("on", SETTINGS)
    look("list", LIST)
    look("narrowed", f"{LIST}?liveness=revoked")
    look("scan", f"/acme/scans/{people.scan}/")
    look("ledger", "/acme/settings/egress/")
    for name, key in people.keys.items():
        look(f"panel-{name}", f"{LIST}{key}/")
    services.check(people.org, people.keys["alive"], people.alice.pk)
    look("panel-checking", f"{LIST}{people.keys['alive']}/")
    window.context.close()
    assert found == []
