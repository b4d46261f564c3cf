"""The event log: written with the change, read in an order that passes nothing over."""

from contextlib import suppress
from uuid import uuid4

import making
import psycopg
import pytest
from django.db import connection, transaction

from vallum_web.tenancy import events
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope


def test_an_event_outside_a_scope_is_refused(db):
    with pytest.raises(RuntimeError, match=r"outside tenancy\.scope"):
        events.emit("finding.opened", uuid4())


def test_an_event_is_undone_with_its_change(people):
    before = _kinds(people.org)
    with suppress(ZeroDivisionError), scope(people.org.pk):
        events.emit("finding.opened", uuid4())
        raise ZeroDivisionError
    assert _kinds(people.org) == before


def test_an_event_names_who_did_it(people):
    with scope(people.org.pk, user=people.alice.pk):
        events.emit("finding.opened", uuid4(), reason="because")
        event = Event.objects.of(people.org).latest("id")
    assert (event.actor, event.data) == (people.alice.pk, {"reason": "because"})


def test_a_reader_waits_for_the_transaction_that_started_before(live_database):
    """An event with a lower number may still be committed: reading past it would lose it for ever."""
    people = making.people()
    with scope(people.org.pk):
        seen = list(events.after(people.org.pk, None))
    last = (seen[-1].transaction, seen[-1].id)
    with psycopg.connect(live_database.app) as slow:
        slow.execute("select pg_current_xact_id()")
        with scope(people.org.pk):
            events.emit("second.kind", uuid4())
        with scope(people.org.pk):
            assert events.after(people.org.pk, last) == []
        slow.commit()
    with scope(people.org.pk):
        assert [event.kind for event in events.after(people.org.pk, last)] == ["second.kind"]


def test_events_are_read_in_batches_that_leave_none_out(live_database):
    people = making.people()
    for number in range(7):
        with scope(people.org.pk):
            events.emit(f"kind.{number}", uuid4())
    position, kinds = None, []
    with transaction.atomic(), scope(people.org.pk):
        while batch := events.after(people.org.pk, position, limit=3):
            kinds += [event.kind for event in batch if event.kind.startswith("kind.")]
            position = (batch[-1].transaction, batch[-1].id)
    assert kinds == [f"kind.{number}" for number in range(7)]
    connection.close()


def _kinds(org):
    with scope(org.pk):
        return list(Event.objects.of(org).order_by("id").values_list("kind", flat=True))
