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
    """An event of an earlier transaction may still be committed: reading past it would lose it for ever."""
    people = making.people()
    since = events.settled()
    with psycopg.connect(live_database.app) as slow:
        slow.execute("select pg_current_xact_id()")
        with scope(people.org.pk):
            events.emit("second.kind", uuid4())
        with scope(people.org.pk):
            found, since = events.steps(people.org.pk, since, ["second.kind"])
        assert found == []
        slow.commit()
    with scope(people.org.pk):
        found, _ = events.steps(people.org.pk, since, ["second.kind"])
    assert [step.kind for step in found] == ["second.kind"]


def test_steps_are_read_in_batches_that_leave_none_out_and_cut_no_transaction(live_database):
    people = making.people()
    for _ in range(5):
        with scope(people.org.pk):
            for kind in ("kind.a", "kind.b", "kind.a"):
                events.emit(kind, uuid4())
    since, batches = 0, []
    with transaction.atomic(), scope(people.org.pk):
        while True:
            found, since = events.steps(people.org.pk, since, ["kind.a", "kind.b"], limit=3)
            if not found:
                break
            batches.append([step.kind for step in found])
    assert batches == [["kind.a", "kind.b"]] * 5
    connection.close()


def _kinds(org):
    with scope(org.pk):
        return list(Event.objects.of(org).order_by("id").values_list("kind", flat=True))
