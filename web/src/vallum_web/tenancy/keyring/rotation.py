"""A new key for an organization: make it, move every value under it, then drop what is left empty.

Each step can be broken off anywhere and be begun again: values under either key open meanwhile, and a key is dropped only while
nobody can be sealing under it and no value is left.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import enqueue
from vallum_web.tenancy.keyring import kek, keys, progress, store
from vallum_web.tenancy.keyring.envelope import FORMAT, DataKey, Sealed, moved, prefix
from vallum_web.tenancy.keyring.errors import NotOursError
from vallum_web.tenancy.keyring.field import sealed_columns
from vallum_web.tenancy.keyring.keys import Owner
from vallum_web.tenancy.keyring.seals import LOCKS, lock_number
from vallum_web.tenancy.lookups import all_orgs
from vallum_web.tenancy.models import OrgQuerySet, TenantModel
from vallum_web.tenancy.scope import scope

TASK: Final = "tenancy.rotate_keys"
AGE: Final = timedelta(days=365)
# Rows that one transaction locks and moves.
_BATCH: Final = 100

Column = tuple[type[TenantModel], str]


def ask(org: UUID, by: UUID | None) -> None:
    """Have the worker rotate the organization's key. Raises ForgottenError."""
    with scope(org, user=by):
        version = progress.target(Owner.org(org))
        emit("key.rotated", org, version=version)
        enqueue(TASK, org=org, lock=f"keys:{org}", version=version)


def rotate(org: UUID, version: int | None = None) -> bool:
    """Rotate now to this version, or go on with what was broken off. Whether no older key is left. Raises ForgottenError."""
    owner = Owner.org(org)
    new = progress.begin(owner, version or progress.target(owner))
    for column in sealed_columns().values():
        _move(org, column, new)
    return _finished(org, new)


def ask_due() -> None:
    """Go on with rotations that were broken off, and begin one where the key is a year old."""
    for org in all_orgs():
        found = keys.listed(Owner.org(org))
        if len(found) > 1:
            enqueue(TASK, org=org, lock=f"keys:{org}", version=found[-1].version)
        elif found and found[-1].made_at < clock.now() - AGE:
            ask(org, None)


def rotate_kek() -> int:
    """A new key-encryption key: every data key is wrapped anew, no value is touched. How many were.

    Until the end both keys lie beside each other, so that it can be broken off anywhere; the next call then ends it.
    """
    successor = kek.successor()
    count = progress.wrap_anew(successor)
    store.scrub()
    kek.succeed()
    return count


def _move(org: UUID, column: Column, new: DataKey) -> None:
    after = None
    while seen := _moved_batch(org, column, new, after):
        after = seen[-1].pk


def _moved_batch(org: UUID, column: Column, new: DataKey, after: UUID | None) -> list[TenantModel]:
    """Move the next rows in one transaction; a value that does not open stays, and is counted by whoever looks."""
    model, field = column
    former = {key.version: key for key in keys.older(Owner.org(org), new.version)}
    with scope(org):
        rows = under_another(org, column, new.version).select_for_update().only("pk", field).order_by("pk")
        if after is not None:
            rows = rows.filter(pk__gt=after)
        seen = list(rows[:_BATCH])
        fresh = [row for row in seen if _has_moved(row, field, new, former)]
        model.objects.of(org).bulk_update(fresh, [field])
    progress.moved(Owner.org(org), new.version, len(fresh))
    return seen


def _has_moved(row: TenantModel, field: str, new: DataKey, former: Mapping[int, DataKey]) -> bool:
    try:
        sealed = Sealed.parse(getattr(row, field))
        text = moved((new, former[sealed.version]), sealed)
    except (NotOursError, KeyError):
        return False
    setattr(row, field, text)
    return True


def under_another(org: UUID, column: Column, version: int) -> OrgQuerySet[TenantModel]:
    """The rows whose value is sealed under any other version than this one."""
    model, field = column
    rows = model.objects.of(org).filter(**{f"{field}__startswith": f"{FORMAT}."})
    return rows.exclude(**{f"{field}__startswith": prefix(version)})


def _finished(org: UUID, new: DataKey) -> bool:
    """Drop the older keys, if nobody seals at the moment (each holds a share of this lock to its transaction's end)."""
    with scope(org):
        with connection.cursor() as cursor:
            # Without waiting: whoever wants to seal would stand behind us. The next run tries again.
            cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [LOCKS, lock_number(org)])
            alone = bool(cursor.fetchone()[0])
        left = any(under_another(org, column, new.version).exists() for column in sealed_columns().values())
        if left or not alone:
            return False
        progress.finish(Owner.org(org), new.version)
    return True
