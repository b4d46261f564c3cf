"""For thirty days whoever is being deleted is invisible to everyday work, by the database's own rule; then they can be had back."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client

from vallum_web.accounts import queries as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.services import members
from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.mail.models import Message
from vallum_web.privacy.erasure import links, queries, services
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import clock, jobs, lookups
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.models import Leaving, Org
from vallum_web.tenancy.scope import Purpose, looking_back, outbox, person, scope


@pytest.fixture
def token(people):
    return tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="admin"))[1]


@pytest.mark.policy("PP-4c")
def test_an_organization_that_is_being_deleted_is_invisible_to_work_and_to_nothing_else(people, token):
    assets.add(people.org, "repository", "shop", people.alice.pk)
    services.ask_for_org(people.org, people.alice)
    with scope(people.org.pk):
        assert not Org.objects.exists()
        assert not Asset.objects.exists()
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Asset.objects.create(org_id=people.org.pk, kind="repository", name="more")
    for purpose in (Purpose.PRIVACY, Purpose.PURGE):
        with scope(people.org.pk, purpose=purpose):
            assert Asset.objects.get().name == "shop"
            with scope(people.org.pk):  # what is called from there sees the same
                assert Org.objects.get().slug == "acme"
    assert accounts.my_orgs(people.alice) == []
    assert people.org.pk not in lookups.all_orgs()
    assert lookups.slug_taken("acme")
    assert tokens.authenticate(token) is None
    answer = Client().get("/api/v1/findings", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, "being deleted" in answer.content.decode()) == (410, True)


def test_inside_a_longer_transaction_the_purpose_ends_with_its_block(people):
    services.ask_for_org(people.org, people.alice)
    with transaction.atomic():
        with scope(people.org.pk, purpose=Purpose.PURGE):
            assert Org.objects.exists()
        with scope(people.org.pk):
            assert not Org.objects.exists()


def test_everyday_work_can_hide_nobody_and_bring_nobody_back(people):
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Leaving.objects.create(pk=people.bob.pk)
    services.ask_for_person(people.bob)
    assert Leaving.objects.filter(pk=people.bob.pk).delete()[0] == 0
    assert not Deletion.objects.exists()


def test_jobs_of_an_organization_that_is_being_deleted_do_nothing(people):
    done = []
    jobs.tenant_job("tests.work")(done.append)
    run = jobs.app.tasks["tests.work"]
    services.ask_for_org(people.org, people.alice)
    connections = jobs.connections
    try:
        jobs.connections = type("Kept", (), {"close_all": staticmethod(lambda: None)})
        run(org=str(people.org.pk))
        run(org=str(people.elsewhere.pk))
    finally:
        jobs.connections = connections
    assert done == [people.elsewhere.pk]


@pytest.mark.policy("PP-4c")
def test_a_person_who_is_being_deleted_is_found_by_nobody(people, signed_in):
    browser = signed_in(people.bob)
    _, text = tokens.make(people.org, people.bob, tokens.Wanted(name="mine", role="developer"))
    made = services.ask_for_person(people.bob)
    assert not User.objects.filter(email=people.bob.email).exists()
    assert browser.get("/accounts/profile/").status_code == 302
    entering = {"login": people.bob.email, "password": "correct horse battery"}
    assert b"not correct" in Client().post("/accounts/login/", entering).content
    assert tokens.authenticate(text) is None
    with scope(people.org.pk):
        assert [str(member.user) for member in accounts.members(people.org)] == ["Alice"]
        assert "member.deletion_asked" in Entry.objects.of(people.org).values_list("kind", flat=True)
    assert made.purge_at - clock.now() > timedelta(days=29)
    with person(people.bob.pk):
        assert lookups.my_orgs()  # his organization is not hidden, he is


def test_the_last_owner_is_asked_to_hand_over_first(people):
    with pytest.raises(services.SoleOwnerError, match="/acme/"):
        services.ask_for_person(people.alice)
    with scope(people.org.pk):
        members.transfer(
            people.org, accounts.member(people.org, people.alice.pk), accounts.member(people.org, people.bob.pk).pk
        )
    services.ask_for_person(people.alice)
    with pytest.raises(services.SoleOwnerError, match="/acme/"):
        services.ask_for_person(people.bob)


def test_an_owner_who_is_being_deleted_is_no_owner_to_leave_it_to(people):
    with scope(people.org.pk):
        Membership.objects.of(people.org).filter(user=people.bob).update(role="owner")
    services.ask_for_person(people.bob)
    with pytest.raises(services.SoleOwnerError):
        services.ask_for_person(people.alice)


def test_a_person_is_had_back_but_not_what_opens_doors(people):
    _, text = tokens.make(people.org, people.bob, tokens.Wanted(name="mine", role="developer"))
    made = services.ask_for_person(people.bob)
    services.have_person_back(made)
    with pytest.raises(services.TooLateError):
        services.have_person_back(made)
    assert User.objects.get(pk=people.bob.pk).check_password("correct horse battery")
    assert EmailAddress.objects.get(user=people.bob).verified
    assert tokens.authenticate(text) is None
    with scope(people.org.pk):
        assert accounts.member(people.org, people.bob.pk).role == "developer"


def test_an_organization_is_had_back_but_not_what_opens_doors(people, token):
    made = services.ask_for_org(people.org, people.alice)
    assert queries.was_owner(made, people.alice.pk)
    assert not queries.was_owner(made, people.bob.pk)
    services.have_org_back(made, people.alice.pk)
    assert [org.slug for org in accounts.my_orgs(people.bob)] == ["acme"]
    assert tokens.authenticate(token) is None
    with scope(people.org.pk):
        kinds = list(Entry.objects.of(people.org).order_by("seq").values_list("kind", flat=True))
    assert kinds[-3:] == ["token.revoked", "org.deletion_asked", "org.deletion_undone"]


def test_the_link_is_signed_and_ends_with_the_thirty_days(people):
    made = services.ask_for_person(people.bob)
    key = links.back(made.pk).rstrip("/").rpartition("/")[2]
    assert queries.pending(key).pk == made.pk
    assert queries.pending(key[:-1] + ("a" if key[-1] != "a" else "b")) is None
    with clock.travelled(timedelta(days=30, seconds=1)):
        assert queries.pending(key) is None


def test_sooner_is_in_a_day_and_never_later(people):
    made = services.ask_for_person(people.bob)
    assert timedelta(hours=23) < services.sooner(made) - clock.now() <= timedelta(hours=24)
    with clock.travelled(timedelta(hours=10)):
        assert services.sooner(made) - clock.now() <= timedelta(hours=14)


def test_mails_tell_whoever_may_have_it_back_and_a_week_before_the_end(people):
    services.ask_for_org(people.org, people.alice)
    services.ask_for_person(people.bob)
    with clock.travelled(timedelta(days=22)):
        services.tell_who_is_near()
    with clock.travelled(timedelta(days=24)):
        services.tell_who_is_near()
        services.tell_who_is_near()
    with outbox():
        mails = Message.objects.filter(kind="deletion").values_list("person", flat=True)
        assert sorted(mails) == sorted([people.alice.pk, people.bob.pk] * 2)


def test_one_deletion_at_a_time(people):
    services.ask_for_person(people.bob)
    with pytest.raises(IntegrityError), transaction.atomic(), looking_back():
        Deletion.objects.create(whose="person", subject=people.bob.pk, purge_at=clock.now())
