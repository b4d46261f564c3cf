"""Break-glass: an hour, to read, for a reason, in sight of the members."""

from datetime import timedelta

import making
import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from mailing import last

from vallum_web.accounts.models import StaffAccess
from vallum_web.accounts.services import staff
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

REASON = "Support case 17: scans do not start"


@pytest.fixture
def olga(people):
    """An operator with a second step."""
    olga = making.person("olga@example.test", name="Olga")
    Authenticator.objects.create(user=olga, type=Authenticator.Type.TOTP, data={})
    call_command("operator", "add", "olga@example.test")
    return olga


@pytest.fixture
def opened(people, olga, signed_in):
    """Olga's browser, after she broke Acme open."""
    browser = signed_in(olga)
    assert browser.post("/operator/", {"slug": "acme", "reason": REASON})["Location"] == "/acme/"
    return browser


def of_acme(people, model):
    with scope(people.org.pk):
        return list(model.objects.of(people.org).order_by("id"))


@pytest.mark.policy("PP-2d")
@pytest.mark.asvs("8.4.2", "16.3.2")
def test_an_operator_reads_and_it_is_seen(people, opened, signed_in):
    page = opened.get("/acme/findings/").content.decode()
    assert "Staff access to Acme until" in page
    viewed = [event for event in of_acme(people, Event) if event.kind == "staff.viewed"]
    assert [event.data["page"] for event in viewed] == ["findings:worklist"]
    told = last(subject="Staff access")
    assert told.to == "alice@example.test"
    assert REASON in told.text
    settings = signed_in(people.alice).get("/acme/settings/staff/").content.decode()
    assert REASON in settings
    assert "Olga" in settings


def test_an_operator_changes_nothing_and_sees_no_tokens(people, opened):
    for path in ("/acme/settings/tokens/", "/acme/settings/staff/", "/acme/assets/add/"):
        assert opened.get(path).status_code == 403
    for path in ("/acme/settings/invite/", "/acme/settings/general/leave/", "/acme/settings/teams/make/"):
        assert opened.post(path, {"name": "x"}).status_code == 403


@pytest.mark.policy("PP-2d")
@pytest.mark.parametrize("how", ["its hour is over", "an owner ends it", "she is no operator any more"])
def test_it_ends(how, people, olga, opened, signed_in):
    assert opened.get("/acme/").status_code == 200
    access = of_acme(people, StaffAccess)[0]
    if how == "its hour is over":
        with clock.travelled(timedelta(minutes=61)):
            assert opened.get("/acme/").status_code == 404
        return
    if how == "an owner ends it":
        assert signed_in(people.alice).post(f"/acme/settings/staff/{access.pk}/end/").status_code == 302
    else:
        call_command("operator", "remove", "olga@example.test")
    assert opened.get("/acme/").status_code == 404


def test_without_a_second_step_nothing_opens(people, olga, signed_in):
    Authenticator.objects.all().delete()
    answer = signed_in(olga).post("/operator/", {"slug": "acme", "reason": REASON})
    assert answer.status_code == 422
    assert "second step" in answer.content.decode()
    assert of_acme(people, StaffAccess) == []


@pytest.mark.policy("PP-2d")
def test_a_reason_is_needed_and_a_fresh_proof(people, olga, signed_in):
    assert signed_in(olga).post("/operator/", {"slug": "acme", "reason": "x"}).status_code == 422
    assert signed_in(olga).post("/operator/", {"slug": "nowhere", "reason": REASON}).status_code == 422
    Authenticator.objects.all().delete()  # the proof is then her password
    stale = signed_in(olga, fresh=False).post("/operator/", {"slug": "acme", "reason": REASON})
    assert "reauthenticate" in stale["Location"]
    assert of_acme(people, StaffAccess) == []


def test_nobody_else_finds_the_page(people, signed_in):
    missing = signed_in(people.alice).get("/nothing-here/")
    for browser in (signed_in(people.alice), signed_in(people.charlie)):
        answer = browser.post("/operator/", {"slug": "acme", "reason": REASON})
        assert (answer.status_code, answer.content) == (404, missing.content)
    with pytest.raises(staff.NoAccessError):
        staff.begin("acme", people.charlie, REASON)


def test_the_command_names_them(people, olga, capsys):
    call_command("operator", "list")
    assert "olga@example.test" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("operator", "add", "nobody@example.test")
    call_command("operator", "remove", "olga@example.test")
    with pytest.raises(CommandError):
        call_command("operator", "remove", "olga@example.test")
