"""What somebody said no to is in the ledger: a backup that is older than the no does not undo it."""

from datetime import timedelta

import pytest

from vallum_web.accounts.objections import queries, services
from vallum_web.accounts.objections.models import Objection, Purpose, Restriction
from vallum_web.mail import queries as mails
from vallum_web.mail.models import Choice
from vallum_web.scans import asking
from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import outbox, scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-6e", "PP-1.3b")]


def restored(people):
    """As from a backup of before anybody had said anything."""
    Objection.objects.all().delete()
    Restriction.objects.all().delete()
    with outbox():
        Choice.objects.all().delete()
    with scope(people.org.pk):
        Org.objects.filter(pk=people.org.pk).update(live_checks=True)


def test_what_people_and_organizations_said_no_to_holds_after_a_restore(people):
    since = clock.now()
    asking.switch(people.org, people.alice.pk, on=True)
    services.settle(people.alice, [Purpose.USAGE, Purpose.NEWS])
    services.restrict(people.bob.pk, "disputed")
    services.settle(people.charlie, [Purpose.AGGREGATES])
    asking.switch(people.org, people.alice.pk, on=False)
    restored(people)
    for _ in range(2):  # twice is the same as once
        assert not tombstones.replay(since).failed
        assert queries.open_objections(people.alice.pk) == {Purpose.USAGE, Purpose.NEWS}
        assert mails.chosen(people.alice.pk).wanted["news"] is False
        assert queries.restricted(people.bob.pk)
        assert queries.open_objections(people.charlie.pk) == {Purpose.AGGREGATES}
        assert not asking.wanted(people.org.pk)
    assert Objection.objects.filter(person=people.alice.pk).count() == 2


def test_what_was_taken_back_stays_taken_back(people):
    services.settle(people.alice, [Purpose.USAGE])
    services.restrict(people.bob.pk, "disputed")
    before = list(Objection.objects.values()), list(Restriction.objects.values())
    with clock.travelled(timedelta(hours=3)):
        since = clock.now()
        services.settle(people.alice, [])
        services.unrestrict(people.bob.pk)
        for model, rows in zip((Objection, Restriction), before, strict=True):
            model.objects.all().delete()
            model.objects.bulk_create(model(**row) for row in rows)
        assert not tombstones.replay(since).failed
    assert queries.open_objections(people.alice.pk) == set()
    assert not queries.restricted(people.bob.pk)


def test_nothing_is_kept_on_somebody_whom_the_backup_does_not_know(people):
    since = clock.now()
    services.settle(people.charlie, [Purpose.USAGE])
    Objection.objects.all().delete()
    people.charlie.memberships.model.objects.none()
    type(people.charlie).objects.filter(pk=people.charlie.pk).update(email="gone@example.test")
    key = people.charlie.pk
    with scope(people.elsewhere.pk):
        people.charlie.delete()
    assert not tombstones.replay(since).failed
    assert not Objection.objects.filter(person=key).exists()
