"""Whom a breach touches: every table that is on people is asked by, and what an intruder used leads to who was reached."""

import importlib.util
from datetime import timedelta
from pathlib import Path

import making
import pytest
from allauth.usersessions.models import UserSession

from vallum_web.accounts import tokens
from vallum_web.accounts.models import SignIn
from vallum_web.operator.breaches import reach
from vallum_web.operator.breaches.reach import NoSuchPlaceError, Question
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import RequestLog
from vallum_web.tenancy.scope import person, scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-5g")]
HOUR = timedelta(hours=1)


def examples():
    """A row of every table that is on people, as the test of a person's copy makes them."""
    where = Path(__file__).parents[1] / "privacy" / "test_person_export.py"
    found = importlib.util.spec_from_file_location("of_people", where)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.EXAMPLES


def reached(**asked):
    return reach.resolve(Question(**asked)).people


def test_every_table_finds_whom_it_is_on(people):
    """A table that hides its rows from the desk would leave people out in silence."""
    dana, missed = making.person("dana@example.test"), []
    labels = {label for tables in reach.offered().values() for label, _ in tables}
    made = examples()
    assert len(labels) > 20
    for label in sorted(labels & made.keys() - {"accounts.Membership", "accounts.TeamMember"}):  # Dana belongs nowhere
        is_tenants = hasattr(reach.apps.get_model(label), "org")
        with scope(people.org.pk, user=dana.pk) if is_tenants else person(dana.pk):
            made[label](people.org, dana)
        if dana.pk not in reached(tables=(label,)):
            missed.append(label)
    assert missed == []
    assert labels - made.keys() == set()


def test_organizations_and_a_time(people):
    assert reached() == {people.alice.pk, people.bob.pk, people.charlie.pk}
    assert reached(orgs=("acme",)) == {people.alice.pk, people.bob.pk}
    assert reached(orgs=("acme",), until=clock.now() - HOUR) == set()
    with pytest.raises(NoSuchPlaceError, match="/nowhere/"):
        reached(orgs=("acme", "nowhere"))


def test_a_class_of_data_is_all_of_its_tables(people):
    SignIn.objects.create(user=people.bob, kind="password")
    assert reached(orgs=("acme",), tables=("accounts.SignIn",)) == {people.bob.pk}
    assert reached(orgs=("acme",), tables=("account",)) == {people.alice.pk, people.bob.pk}


def test_a_token_leads_to_its_organization(people):
    row, _ = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="developer"))
    assert reached(token=row.start) == {people.alice.pk, people.bob.pk}
    with pytest.raises(NoSuchPlaceError):
        reached(token="vlm_api_zzzzzz")


def asked_for(who, org, address, at):
    RequestLog.objects.bulk_create(
        [
            RequestLog(
                id=uuid7(), at=at, method="GET", route="r", status=200, milliseconds=1, person=who, org=org,
                address=address, agent="x",
            )
        ]
    )  # fmt: skip


def test_an_address_leads_to_who_signed_in_and_to_what_was_asked_for(people):
    now = clock.now()
    SignIn.objects.create(user=people.charlie, kind="password", address="192.0.2.9", at=now)
    assert reached(address="192.0.2.9") == {people.charlie.pk}
    asked_for(people.bob.pk, people.org.pk, "192.0.2.9", now)
    found = reach.resolve(Question(address="192.0.2.9"))
    assert found.people == {people.alice.pk, people.bob.pk, people.charlie.pk}
    assert list(found.orgs) == [people.org.pk]
    assert reached(address="192.0.2.9", until=now - HOUR) == set()
    assert reached(address="192.0.2.9", since=now + HOUR) == set()


def test_a_session_leads_to_its_person_and_where_they_were(people):
    session = UserSession.objects.create(user=people.charlie, ip="192.0.2.1", user_agent="x", session_key="k")
    assert reached(session=session.pk) == {people.charlie.pk}
    asked_for(people.charlie.pk, people.elsewhere.pk, "192.0.2.1", clock.now())
    assert list(reach.resolve(Question(session=session.pk)).orgs) == [people.elsewhere.pk]


def test_ids_that_lead_to_nobody_are_counted_and_people_being_deleted_are_found(people, signed_in):
    with scope(people.org.pk, user=people.bob.pk):
        from vallum_web.findings.models import View  # noqa: PLC0415 - this table alone keeps who made a row

        View.objects.create(org=people.org, name="left", query="", by=uuid7())
    found = reach.resolve(Question(orgs=("acme",), tables=("findings.View",)))
    assert (found.people, len(found.gone)) == (set(), 1)
    assert signed_in(people.bob).post("/accounts/delete/", {"sure": "on"}).status_code == 200
    assert people.bob.pk in reached(orgs=("acme",))


def test_the_digest_is_of_the_people_and_of_nothing_else(people):
    first = reach.resolve(Question(orgs=("acme",))).digest
    assert reach.resolve(Question(orgs=("acme",))).digest == first
    making.person("dana@example.test")
    assert reach.resolve(Question(orgs=("acme",))).digest == first
    assert reach.resolve(Question()).digest != first
