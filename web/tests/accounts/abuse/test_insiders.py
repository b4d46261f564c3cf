"""What an organization's own people do one after the other: its owners are told, and those whom it was done to."""

from datetime import timedelta

import pytest
from mailing import mails

from vallum_web.accounts import tokens
from vallum_web.accounts.abuse import insiders, services
from vallum_web.accounts.abuse.models import AbuseCase
from vallum_web.accounts.models import Membership
from vallum_web.accounts.services import members
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.retention import windows
from vallum_web.tenancy.scope import scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-2d")]
SUBJECT = "Something unusual in your organization"


def member(people, who):
    with scope(people.org.pk):
        return Membership.objects.of(people.org).get(user=who)


def role(people, by, who, wanted):
    members.change_role(people.org, member(people, by), member(people, who).pk, wanted)


def made(people, by):
    return tokens.make(people.org, by, tokens.Wanted(name="ci", role="developer"))


def cases(org):
    with scope(org.pk):
        return list(AbuseCase.objects.of(org).order_by("at", "id"))


def told():
    return sorted(mail.to for mail in mails(subject=SUBJECT))


def test_a_new_owner_removes_the_only_other_one_who_is_told_although_gone(people, signed_in):
    role(people, people.alice, people.bob, "owner")
    insiders.look()
    assert cases(people.org) == []
    members.remove(people.org, member(people, people.bob), member(people, people.alice).pk)
    insiders.look()
    insiders.look()
    (case,) = cases(people.org)
    assert (case.rule, case.about, case.called) == ("owners_replaced", people.alice.pk, "")
    assert told() == ["alice@example.test", "bob@example.test"]
    browser = signed_in(people.bob)
    page = browser.get("/acme/settings/unusual/").content.decode()
    assert ("All owners were replaced" in page, "Alice" in page) == (True, True)
    # What was explained is not told again.
    assert browser.post(f"/acme/settings/unusual/{case.pk}/close/", {"verdict": "ours"}).status_code == 302
    insiders.look()
    assert len(cases(people.org)) == 1
    assert cases(people.elsewhere) == []


def test_a_higher_role_and_a_token_within_an_hour_are_told_and_the_token_works(people):
    role(people, people.alice, people.bob, "admin")
    _, text = made(people, people.bob)
    insiders.look()
    (case,) = cases(people.org)
    assert (case.rule, case.who, case.suspended) == ("escalated", people.bob.pk, False)
    assert "a token" in case.words
    assert told() == ["alice@example.test", "bob@example.test"]
    assert tokens.authenticate(text) is not None
    # Another one after it was explained is news.
    services.close(people.org, case.pk, people.alice, verdict="ours", note="")
    made(people, people.bob)
    insiders.look()
    assert [case.rule for case in cases(people.org)] == ["escalated"] * 2


def test_what_each_does_alone_is_not_told(people):
    made(people, people.bob)
    role(people, people.alice, people.bob, "admin")
    with clock.travelled(timedelta(minutes=61)):
        made(people, people.bob)
        role(people, people.alice, people.bob, "owner")
        members.leave(people.org, people.alice)
        insiders.look()
    assert (cases(people.org), told()) == ([], [])


def test_an_export_and_then_a_shorter_time_for_findings(people):
    windows.choose(people.org, people.alice.pk, 400)
    with scope(people.org.pk, user=people.alice.pk):
        emit("export.made", people.org.pk, format="csv", filters="")
    insiders.look()
    assert cases(people.org) == []
    windows.choose(people.org, people.alice.pk, 90)
    insiders.look()
    (case,) = cases(people.org)
    assert (case.rule, case.figures["days"], case.figures["before"]) == ("export_delete", 90, 400)
