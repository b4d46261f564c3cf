"""The event log: `emit` in the transaction that makes a thing true, `steps` for those who follow."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max

from vallum_web.tenancy import clock
from vallum_web.tenancy.audit.gather import gather
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import current_org, current_user


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What `emit` writes: a kind (`finding.opened`), the row it is about, and facts a consumer needs."""

    kind: str
    subject: UUID
    data: Mapping[str, Any] = field(default_factory=dict)


def emit(kind: str, subject: UUID, **data: Any) -> None:
    """Record one event of the present scope's organization, by its present person."""
    emit_many([Happened(kind=kind, subject=subject, data=data)])


def emit_many(events: Iterable[Happened]) -> None:
    org = current_org()
    if org is None:
        raise RuntimeError("emit outside tenancy.scope: an event belongs to an organization and to a transaction")
    rows = [
        Event(
            id=uuid7(),
            org_id=org,
            kind=event.kind,
            subject=event.subject,
            data=dict(event.data),
            at=clock.now(),
            actor=current_user(),
            transaction=0,
        )
        for event in events
    ]
    transaction_id = _transaction_id() if rows else 0
    for row in rows:
        row.transaction = transaction_id
    Event.objects.bulk_create(rows, batch_size=1000)
    gather(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """All events of one kind that one transaction wrote, such as what a scan opened."""

    transaction: int
    kind: str
    at: datetime


def settled() -> int:
    """The last transaction that nothing earlier can still join: where somebody begins who follows from now on."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
        return int(cursor.fetchone()[0])


def steps(org: UUID, since: int, kinds: Collection[str], limit: int = 100) -> tuple[Sequence[Step], int]:
    """What happened after the transaction `since`, by transaction and kind, and up to which transaction that is all.

    A scan that opens a hundred thousand findings is one step. More than `limit` steps are cut between two transactions.
    """
    upto = settled()
    rows = (
        Event.objects.of(org)
        .filter(transaction__gt=since, transaction__lte=upto, kind__in=kinds)
        .order_by("transaction", "kind")
        .values_list("transaction", "kind")
        .annotate(at=Max("at"))
    )
    found = [Step(transaction=transaction, kind=kind, at=at) for transaction, kind, at in rows[:limit]]
    if len(found) < limit:
        return found, upto
    last = found[-1].transaction
    whole = [step for step in found if step.transaction < last]
    return (whole, last - 1) if whole else (found, last)


def _transaction_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])
