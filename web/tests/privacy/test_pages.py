"""The privacy page is there for whoever can sign in, and the public pages say what the registers and settings say."""

import csv
import io
import json

import pytest
from django.conf import settings
from django.test import Client

from vallum_web.accounts.models import Acceptance
from vallum_web.privacy.exports import tables
from vallum_web.tenancy.egress_registry import parties
from vallum_web.tenancy.registry import declared

pytestmark = pytest.mark.django_db


@pytest.mark.policy("PP-Q4")
def test_it_leads_to_every_right_whatever_became_of_the_rest(people, signed_in):
    """Somebody who has accepted nothing and belongs nowhere reads it all the same."""
    people.bob.memberships.model.objects.filter(user=people.bob).delete()
    page = signed_in(people.bob).get("/accounts/privacy/")
    assert page.status_code == 200
    text = page.content.decode()
    for right in (
        "Ask for a copy",
        "/accounts/email/",
        "/accounts/profile/",
        "/accounts/delete/",
        "I object to",
        "What you agreed to",
        "Ask something else",
    ):
        assert right in text
    for table in tables.of_person().values():
        assert table.title in text
    assert Acceptance.objects.filter(user=people.bob.pk).count() == text.count("version ")
    assert "reauthenticate" not in text


def test_who_is_signed_out_is_led_to_sign_in():
    assert Client().get("/accounts/privacy/")["Location"].startswith("/accounts/login/")


@pytest.mark.policy("PP-2a", "PP-Q1")
def test_the_record_of_processing_holds_every_field_and_every_recipient():
    fields = {f"{entry.model}.{name}" for entry in declared() for name in entry.fields}
    told = json.loads(Client().get("/legal/processing/record.json").content)
    assert {name for each in told["activities"] for name in each["data"]} == fields
    assert {each["who"] for each in told["recipients"]} == {party.who for party in parties()}
    assert all(each["purpose"] and each["basis"] and each["kept"] for each in told["activities"])
    lines = list(csv.DictReader(io.StringIO(Client().get("/legal/processing/record.csv").content.decode(), newline="")))
    assert [line["purpose"] for line in lines] == [each["purpose"] for each in told["activities"]]
    page = Client().get("/legal/processing/").content.decode()
    assert "tenancy.RequestLog.address" in page
    assert Client().get("/legal/processing/record.exe").status_code == 404


@pytest.mark.policy("PP-7a")
def test_the_cookie_page_lists_what_is_set(people):
    browser = Client()
    page = browser.get("/legal/cookies/").content.decode()
    browser.get("/accounts/login/")
    browser.post("/accounts/login/", {"login": "alice@example.test", "password": "correct horse battery"})
    assert browser.get("/accounts/privacy/").status_code == 200
    assert set(browser.cookies) == {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert all(f"<code>{name}</code>" in page for name in browser.cookies)
    assert page.count("<code>") == len(browser.cookies)


@pytest.mark.policy("PP-8c", "PP-0.2")
def test_the_agreement_is_read_and_taken_along():
    assert "standard contractual clauses" in Client().get("/legal/data-processing-agreement/").content.decode()
    file = Client().get("/legal/data-processing-agreement/text.md")
    assert file.content.startswith(b"# Agreement on data processing")
    assert "attachment" in file["Content-Disposition"]


@pytest.mark.policy("PP-8b")
def test_before_anything_is_sent_a_newcomer_reads_where_it_goes():
    page = Client().get("/accounts/signup/").content.decode()
    said = page.index("transferred to the European Union and processed there")
    assert said < page.index("Create account</button>")
    assert '<a href="/legal/processing/">' in page
