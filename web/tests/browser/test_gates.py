"""The pages of gates in a real browser: without JavaScript, in light and dark, wide and narrow, for everybody."""

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_engine import wire
from vallum_engine.model.finding import Severity
from vallum_web.assets import queries as assets
from vallum_web.gates import services, subject
from vallum_web.gates.models import Gate
from vallum_web.gates.reach import Reach
from vallum_web.gates.ready import READY
from vallum_web.gates.services import Asker, Wanted
from vallum_web.ingest import services as ingest
from vallum_web.ingest.models import Upload
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser
GATES = "/acme/gates/"


@pytest.fixture
def people(live_database):
    """Two gates, and what they answered about three scans."""
    made = making.people()
    for key in ("no-new-critical", "no-secret"):
        wanted = Wanted(name=READY[key].name, policy=READY[key].policy, scope=Reach())
        services.make(made.org, made.alice.pk, wanted)
    bad = making.secret("bad", severity=Severity.CRITICAL)
    for findings in ((), (bad,), (bad,)):
        data = wire.dump(making.report(*findings))
        upload = ingest.accept(made.org.pk, made.alice.pk, asset_name="team/a-shop-with-a-long-name", chunks=[data])
        ingest.digest(upload)
        with scope(made.org.pk):
            asset = assets.asset(made.org, Upload.objects.of(made.org).get(pk=upload.pk).scan.asset_id)
            for gate in Gate.objects.of(made.org):
                about = subject.subject(made.org, asset.pk, None)
                services.evaluate(gate, asset, about, Asker(by=made.alice.pk))
    return made


def test_without_javascript_a_gate_is_added_tried_and_saved(chromium, site, people):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.get_by_role("link", name="Gates").click()
    window.get_by_role("button", name="Add No known exploited vulnerability").click()
    window.get_by_role("link", name="No known exploited vulnerability").wait_for()
    window.get_by_role("link", name="New gate").click()
    window.get_by_label("Name", exact=True).fill("Nothing high")
    window.get_by_label("The worst severity allowed").select_option("medium")
    window.get_by_role("button", name="Try").click()
    rows = window.get_by_role("region", name="What it would have said").locator("tbody tr")
    expect(rows.locator(".status")).to_have_text(["Fail", "Fail", "Pass"])
    window.get_by_label("The worst severity allowed").select_option("")
    window.get_by_role("button", name="Save").click()
    expect(window.locator(".errorlist")).to_contain_text("The gate forbids nothing")
    window.get_by_label("No secret").check()
    window.get_by_role("button", name="Save").click()
    window.get_by_role("heading", name="Nothing high").wait_for()
    assert "Fails on a secret." in window.content()
    window.get_by_role("button", name="Try").click()
    rows = window.get_by_role("region", name="What it would have said").locator("tbody tr")
    expect(rows.locator(".status")).to_have_text(["Fail", "Fail", "Pass"])
    window.context.close()


def test_nobody_is_left_out(chromium, site, people):
    window = chromium.new_context(base_url=site, bypass_csp=True).new_page()
    sign_in(window)
    with scope(people.org.pk):
        gate = Gate.objects.of(people.org).earliest("id").pk
        asset = Upload.objects.of(people.org).select_related("scan").first().scan.asset_id
    found = []
    for name, path in (
        ("list", GATES),
        ("one", f"{GATES}{gate}/?asset={asset}"),
        ("new", f"{GATES}new/"),
    ):
        window.goto(path)
        found += barriers(window, f"gates-{name}")
    window.context.close()
    assert found == []
