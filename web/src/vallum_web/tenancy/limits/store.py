"""`rate.judge` as one statement, so that any number of processes agree: the row's own lock puts them in line."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.db import connection

from vallum_web.tenancy.limits.rate import Rate

_START = "least(greatest(kept.moment, %(now)s), %(now)s + %(room)s)"
_FITS = f"{_START} + %(cost)s <= %(now)s + %(room)s"
# A refusal writes too: it brings back what a clock now set right had put too far ahead.
_TAKE = f"""
insert into tenancy_limituse as kept (key, moment, passed)
values (%(key)s, %(now)s + case when %(cost)s <= %(room)s then %(cost)s else interval '0' end, %(cost)s <= %(room)s)
on conflict (key) do update set
  moment = {_START} + case when {_FITS} then %(cost)s else interval '0' end,
  passed = {_FITS}
returning passed, moment
"""  # noqa: S608 - constants of this module
DIGEST = 16


def take(key: bytes, rate: Rate, now: datetime, *, cost: int) -> tuple[bool, datetime]:
    values: dict[str, Any] = {"key": key, "now": now, "room": rate.room, "cost": rate.step * cost}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        passed, moment = cursor.fetchone()
        return passed, moment


def give_back(key: bytes, time: timedelta) -> None:
    values: list[Any] = [time, key]
    with connection.cursor() as cursor:
        cursor.execute("update tenancy_limituse set moment = moment - %s where key = %s", values)


def moments(keys: Sequence[bytes]) -> dict[bytes, datetime]:
    """The moments kept for these keys; keys of which nothing is used are not in it."""
    with connection.cursor() as cursor:
        cursor.execute("select key, moment from tenancy_limituse where key = any(%s)", [list(keys)])
        return {bytes(key): moment for key, moment in cursor.fetchall()}


def forget(before: datetime) -> int:
    """Delete what says nothing any more."""
    with connection.cursor() as cursor:
        cursor.execute("delete from tenancy_limituse where moment < %s", [before])
        return int(cursor.rowcount)


def digest(name: str, key: str) -> bytes:
    """What stands for the key in the table: addresses and networks are few enough to be tried, so the digest is keyed."""
    secret = blake2b(settings.SECRET_KEY.encode(), person=b"vallum limits").digest()
    return blake2b(f"{name}\0{key}".encode("utf-8", "surrogatepass"), key=secret, digest_size=DIGEST).digest()
