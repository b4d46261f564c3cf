"""Write the acts of a transaction into the chain, as the last thing before it commits.

`tenancy.scope` does it at the end of its outermost block. Which events are still there is asked of the database: what a
savepoint undid leaves no entry. The chain's head is locked after everything else, and nothing that could wait comes
behind it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, connection

from vallum_web.tenancy.audit import chain
from vallum_web.tenancy.audit.errors import NotRecordedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An act that has to become an entry: its event, and what only the moment knew of it."""

    event: UUID
    at: datetime
    kind: str
    subject: UUID
    facts: str
    actor: UUID | None
    actor_kind: str
    via: UUID | None
    sealed: str

    @property
    def sealed_for(self) -> UUID | None:
        """Whose key seals it: a person's, or that of a token which acts for none."""
        return self.actor or self.via


# One statement each, whatever the number: an act in a transaction of its own waits for these.
_SETTLE = "set constraints all immediate; set constraints all deferred"
_LOCK = """
select seq, hash, (select array_agg(id) from tenancy_event where org_id = %s and id = any(%s)) from audit_head_locked()
"""
_APPEND = """
insert into audit_entry (org_id, seq, id, at, kind, subject, actor, actor_kind, via, sealed_sha256, facts, previous, sealed, hash)
select * from unnest(%s::uuid[], %s::bigint[], %s::uuid[], %s::timestamptz[], %s::text[], %s::uuid[], %s::uuid[], %s::text[],
  %s::uuid[], %s::bytea[], %s::text[], %s::bytea[], %s::text[], %s::bytea[])
"""


def record(org: UUID, owed: Sequence[Owed]) -> None:
    """Raises NotRecordedError: then the transaction must not commit."""
    if not owed:
        return
    with connection.cursor() as cursor:
        # What a commit would check is checked now: it may wait for another's row, and must not do so while it holds the head.
        cursor.execute(_SETTLE)
        try:
            cursor.execute(_LOCK, [org, [act.event for act in owed]])
            seq, last, there = cursor.fetchone()
            rows = list(_linked(org, _still(owed, there or ()), seq, bytes(last)))
            if rows:
                cursor.execute(_APPEND, [list(column) for column in zip(*rows, strict=True)])
        except DatabaseError as error:
            raise NotRecordedError(
                "The audit log took no entry, so nothing was changed. Try again; if it stays so, the operator finds the reason "
                "in the logs."
            ) from error


def _still(owed: Sequence[Owed], there: Sequence[UUID]) -> list[Owed]:
    survivors = set(there)
    return [act for act in owed if act.event in survivors]


def _linked(org: UUID, acts: Sequence[Owed], seq: int, last: bytes) -> Iterator[tuple[object, ...]]:
    """The columns of `_APPEND`, a row for each act."""
    for number, act in enumerate(acts, seq + 1):
        sealed_sha256 = chain.seal_digest(act.sealed)
        parts = chain.Parts(
            org=str(org),
            seq=str(number),
            id=str(act.event),
            at=chain.moment(act.at),
            kind=act.kind,
            subject=str(act.subject),
            actor=str(act.actor or ""),
            actor_kind=act.actor_kind,
            via=str(act.via or ""),
            sealed_sha256=sealed_sha256.hex(),
            facts=act.facts,
            previous=last.hex(),
        )
        told = (act.at, act.kind, act.subject, act.actor, act.actor_kind, act.via, sealed_sha256, act.facts, last)
        last = chain.digest(parts)
        yield (org, number, act.event, *told, act.sealed, last)
