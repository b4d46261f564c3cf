"""For how long findings are kept, in a real browser: a shorter time is seen before it holds."""

from datetime import timedelta

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_web.findings import services
from vallum_web.findings.services import expiring
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.retention import windows

pytestmark = [pytest.mark.browser, pytest.mark.policy("PP-4b")]


@pytest.fixture
def people(live_database):
    made = making.people()
    windows.choose(made.org, made.alice.pk, 45)
    for number, days in enumerate((43, 30, 29, 20)):
        asset = repositories.add_by_url(made.org, made.alice.pk, url=f"https://code.example.test/acme/{number}").asset
        with clock.travelled(timedelta(days=-days)):
            found = making.report(*(making.secret(f"{days} {line}") for line in range(days // 3)))
            row = scans.uploaded(asset, None)
            services.digest(row, found)
            scans.finish(row, found, engine="0.1.0", outcome={})
    expiring.prune(made.org.pk)
    return made


def test_a_shorter_time_is_seen_before_it_holds(people, page, site):
    sign_in(page)
    page.goto("/acme/settings/retention/")
    expect(page.get_by_role("heading", name="What goes in the next 30 days")).to_be_visible()
    assert barriers(page, "retention") == []
    page.get_by_label("Days after a scan last saw it").fill("25")
    page.get_by_role("button", name="See what would go").click()
    expect(page.get_by_text("Up to 33 findings")).to_be_visible()
    assert barriers(page, "retention-tried") == []
    page.get_by_role("button", name="Keep findings for 25 days, and let these go").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Days after a scan last saw it")).to_have_value("25")
