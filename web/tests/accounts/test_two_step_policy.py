"""An organization that asks its members for a second step, and what happens to those without one."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from mailing import mails, pairs

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event, Org
from vallum_web.tenancy.scope import scope

ASK = "/acme/settings/security/two-step/"
PAGE = "/acme/settings/security/"
PAGES = ("/acme/", "/acme/findings/", "/acme/assets/", "/acme/settings/", "/acme/settings/security/")


def give_a_passkey(person):
    Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}})


@pytest.fixture
def owner(people, signed_in):
    """Alice's browser; she has a passkey."""
    give_a_passkey(people.alice)
    return signed_in(people.alice)


def ask(owner, days):
    answer = owner.post(ASK, {"days": days}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.asvs("6.3.3")
def test_without_it_a_member_sees_nothing_until_they_have_it(owner, people, signed_in):
    bob = signed_in(people.bob)
    assert bob.get("/acme/").status_code == 200
    assert "Needed" in ask(owner, "0")
    for page in PAGES:
        for answer in (bob.get(page), bob.get(page, headers={"HX-Request": "true"})):
            assert answer.status_code == 403
            assert b"second step" in answer.content or b"Your role in Acme" in answer.content
    assert b"/accounts/2fa/" in bob.get("/acme/").content
    assert bob.post("/acme/assets/add/", {"url": "https://code.example.test/a/b"}).status_code == 403
    assert owner.get("/acme/").status_code == 200
    give_a_passkey(people.bob)
    assert bob.get("/acme/").status_code == 200


def test_there_may_be_days_to_set_it_up_in(owner, people, signed_in):
    bob = signed_in(people.bob)
    ask(owner, "7")
    page = bob.get("/acme/").content.decode()
    assert "Acme asks for two-step sign-in from" in page
    assert "asks for two-step sign-in" not in owner.get("/acme/").content.decode()
    with clock.travelled(timedelta(hours=11)):
        assert bob.get("/acme/").status_code == 200
    with clock.travelled(timedelta(days=7, seconds=1)):
        assert signed_in(people.bob).get("/acme/").status_code == 403


def test_recovery_codes_alone_are_none(owner, people, signed_in):
    ask(owner, "0")
    Authenticator.objects.create(user=people.bob, type=Authenticator.Type.RECOVERY_CODES, data={"seed": ""})
    assert signed_in(people.bob).get("/acme/").status_code == 403


def test_tokens_of_such_a_member_wait_with_them(owner, people):
    _, text = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    ask(owner, "7")
    assert machine.get("/api/v1/findings").status_code == 200
    with clock.travelled(timedelta(days=7, seconds=1)):
        assert machine.get("/api/v1/findings").status_code == 401
        give_a_passkey(people.bob)
        assert machine.get("/api/v1/findings").status_code == 200


def test_other_organizations_ask_for_nothing(owner, people, signed_in):
    ask(owner, "0")
    assert signed_in(people.charlie).get("/elsewhere/").status_code == 200


def test_nobody_shuts_themselves_out(people, signed_in):
    answer = signed_in(people.alice).post(ASK, {"days": "0"})
    assert answer.status_code == 422
    assert "Set it up for yourself first" in answer.content.decode()
    with scope(people.org.pk):
        assert Org.objects.get(pk=people.org.pk).two_step_from is None


def test_it_can_be_taken_back(owner, people, signed_in):
    ask(owner, "0")
    page = owner.post(f"{ASK}no-longer/", follow=True).content.decode()
    assert "not asked for it" in page
    assert signed_in(people.bob).get("/acme/").status_code == 200
    with scope(people.org.pk):
        told = Event.objects.of(people.org).filter(kind="org.two_step").order_by("id").values_list("data", flat=True)
        assert [bool(data["begins"]) for data in told] == [True, False]


@pytest.mark.parametrize("days", ["", "-1", "1000", "x", "7.5"])
def test_other_days_are_no_choice(owner, people, days):
    assert owner.post(ASK, {"days": days}).status_code == 422


def test_owners_see_who_has_it_and_others_are_told_by_mail(owner, people, settings):
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    page = owner.get(PAGE).content.decode()
    assert page.index("Bob") < page.index("Alice", page.index("Who has it"))
    assert "1 of 2 members does not have it" in page
    ask(owner, "14")
    assert pairs() == [("bob@example.test", "Your organization asks for two-step sign-in")]
    assert "http" not in mails()[0].text


def test_who_may_not_is_refused(people, signed_in, owner):
    bob = signed_in(people.bob)
    assert (bob.get(PAGE).status_code, bob.post(ASK, {"days": "0"}).status_code) == (403, 403)


def test_it_asks_for_a_proof_first(people, signed_in):
    give_a_passkey(people.alice)
    stale = signed_in(people.alice, fresh=False)
    assert stale.get(PAGE).status_code == 200
    assert stale.post(ASK, {"days": "0"})["Location"].startswith("/accounts/2fa/webauthn/reauthenticate/")
