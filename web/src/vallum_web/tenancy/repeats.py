"""Calls that a machine may repeat under a key of its own: done once, answered as often as asked (`Idempotency-Key`).

The key is taken in a transaction before the work, and the answer kept in one after it. Where a process dies in between,
nobody knows whether the work was done: its key is free again after `LEASE`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Repeatable
from vallum_web.tenancy.scope import scope

KEPT_FOR = timedelta(hours=24)
# Longer than any call takes: an upload may be sent for five minutes.
LEASE = timedelta(minutes=10)
MOST_BODY = 64 << 10
# One statement, so that of two calls that come together one takes it. A row that expired, or whose call died, is as none.
_TAKE = """
insert into tenancy_repeatable as old (id, org_id, token, key, asked, begun_at, status, body, withheld)
values (%(id)s, %(org)s, %(token)s, %(key)s, %(asked)s, %(now)s, null, '', '')
on conflict (org_id, token, key) do update
  set asked = excluded.asked, begun_at = excluded.begun_at, status = null, body = '', withheld = ''
  where old.begun_at <= %(expired)s
     or (old.status is null and old.begun_at <= %(dead)s and old.asked = excluded.asked)
returning id
"""


class KeyReusedError(Exception):
    """The key was used for another call."""


class StillRunningError(Exception):
    """The call of this key has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A key that is this call's. `begun_at` tells it from a call that took the key over."""

    org: UUID
    id: UUID
    begun_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was answered before."""

    status: int
    body: str
    withheld: Repeatable.Withheld | None


def take(org: UUID, token: UUID, key: str, asked: bytes) -> Taken | Kept:
    """Raises KeyReusedError and StillRunningError. Commits: what runs after it is a transaction of its own."""
    now = clock.now()
    hashed = sha256(key.encode()).digest()
    values: dict[str, Any] = {"id": uuid7(), "org": org, "token": token, "key": hashed, "asked": asked}
    times: dict[str, Any] = {"now": now, "expired": now - KEPT_FOR, "dead": now - LEASE}
    with scope(org):
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {**values, **times})
            if row := cursor.fetchone():
                return Taken(org=org, id=row[0], begun_at=now)
        found = Repeatable.objects.of(org).filter(token=token, key=hashed).first()
    if found is not None and bytes(found.asked) != asked:
        raise KeyReusedError
    if found is None or found.status is None:
        raise StillRunningError
    withheld = Repeatable.Withheld(found.withheld) if found.withheld else None
    return Kept(status=found.status, body=found.body, withheld=withheld)


def keep(taken: Taken, status: int, body: str, *, secret: bool) -> None:
    """Keep the answer: of a large one, or one that shows a secret, that it was given and no more."""
    large = len(body.encode()) > MOST_BODY
    withheld = Repeatable.Withheld.SECRET if secret else Repeatable.Withheld.LARGE if large else ""
    with scope(taken.org):
        rows = Repeatable.objects.of(taken.org).filter(pk=taken.id, begun_at=taken.begun_at)
        rows.update(status=status, body="" if withheld else body, withheld=withheld)


def release(taken: Taken) -> None:
    """Nothing was done: whoever repeats the call begins anew."""
    with scope(taken.org):
        Repeatable.objects.of(taken.org).filter(pk=taken.id, begun_at=taken.begun_at).delete()


def prune(org: UUID) -> int:
    with scope(org):
        gone: int = Repeatable.objects.of(org).filter(begun_at__lte=clock.now() - KEPT_FOR).delete()[0]
        return gone
