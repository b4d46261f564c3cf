"""The operators' desk for breaches, authorities and minors: readable by everybody, light and dark, and usable without a mouse."""

from datetime import timedelta

import making
import pytest
from django.db import connections
from looking import barriers

from vallum_web.accounts.services import staff
from vallum_web.operator.breaches import services as breaches
from vallum_web.operator.breaches.reach import Question
from vallum_web.operator.breaches.services import telling
from vallum_web.privacy.authorities import services as authorities
from vallum_web.tenancy import clock

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def desk(site, page, signed_in):
    """Olga's window, with a breach that is half told, and a request of an authority."""
    people = making.people()
    olga = making.person("olga@example.test", name="Olga")
    staff.add_operator(olga)
    now = clock.now()
    row = breaches.record(
        {
            "name": "A stolen key",
            "source": "sub_processor",
            "party": "The host",
            "nature": ["confidentiality"],
            "detected_at": now - timedelta(hours=63),
            "aware_at": now - timedelta(hours=61),
            "software": "exploited",
            "what": "Somebody used a key of ours.",
            "data": "Names and addresses of members.",
            "safe_keys": False,
        },
        olga.pk,
    )
    frozen = breaches.freeze(row.pk, Question(orgs=("acme",)), olga.pk)
    begun = telling.begin(
        row.pk, "people", frozen.pk, text="A key was used.", advice="Change your password.", by=olga.pk
    )
    telling.carry_out(begun.pk)
    breaches.publish(row.pk, "Whoever had an account in 2025: a key was used.", olga.pk)
    asked = authorities.receive(
        {
            "ref": "4711/26",
            "authority": "The public prosecutor of Paris",
            "kind": "disclosure",
            "gag": True,
            "basis": "Code de procédure pénale, Article 60-1",
            "received_at": now,
            "gag_until": None,
            "whose": "org",
            "subject": people.org.pk,
            "tables": ["accounts.Membership"],
            "since": None,
            "until": None,
            "text": "Who belonged to it.",
        },
        olga.pk,
    )
    authorities.review(asked.pk, olga.pk, "Signed by a judge.")
    authorities.agree(asked.pk, olga.pk, "It is narrow.")
    browser = signed_in(olga)
    page.context.add_cookies([{"name": "session", "value": browser.cookies["session"].value, "url": site}])
    connections.close_all()
    return {"breach": row.pk, "asked": asked.pk}


def test_the_desk_is_for_everybodys_eyes(page, desk):
    breach, asked = f"/operator/breaches/{desk['breach']}/", f"/operator/authorities/{desk['asked']}/"
    for path, name in (
        *(("/operator/breaches/", "breaches"), ("/operator/breaches/new/", "breach-new"), (breach, "breach")),
        *((f"{breach}people/?orgs=acme", "breach-people"), ("/operator/minors/", "minors")),
        *(("/operator/authorities/", "authorities"), ("/operator/authorities/new/", "authority-new")),
        *((asked, "authority"), ("/trust/requests/", "authority-counts"), ("/trust/incidents/", "incidents")),
        *((f"/trust/incidents/{desk['breach']}/", "incident"), ("/privacy/minors/", "minor-report")),
    ):
        page.goto(path)
        assert barriers(page, name) == [], name
    page.goto(f"{breach}people/?orgs=acme")
    page.get_by_role("button", name="Freeze this list").press("Enter")
    page.get_by_text("Frozen: 2 people,").first.wait_for()
