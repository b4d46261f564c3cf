"""The seam: seal and unseal for an organization or a person, and forget them."""

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID
from zlib import crc32

from django.db import connection

from vallum_web.tenancy.keyring import envelope, keys
from vallum_web.tenancy.keyring.errors import KeyringError, NotOursError, OutsideScopeError, UndeclaredError
from vallum_web.tenancy.keyring.field import sealed_columns
from vallum_web.tenancy.keyring.keys import Owner
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import current_org

# The first of an advisory lock's two numbers: ours, among whatever else is locked by number.
LOCKS: Final = 0x6B657973


def seal(org: Org | UUID, context: str, value: str) -> str:
    """Seal a value for a row's SealedField (`place(row, "token")`), inside the scope that will store it.

    A rotation waits for the end of that transaction before it drops the former key. Raises UndeclaredError,
    OutsideScopeError, ForgottenError.
    """
    owner = _id(org)
    if context.partition(":")[0] not in sealed_columns():
        raise UndeclaredError(
            f"{context!r} names no SealedField, so no rotation would find what is sealed for it: declare the column as one, "
            "and name it as `app.Model.field:<row id>`."
        )
    if current_org() != owner:
        raise OutsideScopeError(f"Seal {context} inside scope({owner}), in the transaction that stores it.")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s, %s)", [LOCKS, lock_number(owner)])
    return envelope.close(keys.current(Owner.org(owner)), context, value)


def unseal(org: Org | UUID, context: str, sealed: str) -> str:
    """Open what `seal` closed, for the same organization and place. Raises NotOursError, NoSuchKeyError, ForgottenError."""
    owner = _id(org)
    if current_org() not in {None, owner}:
        raise NotOursError(f"{context} was to be opened inside another organization's scope.")
    return _open(Owner.org(owner), context, sealed)


def seal_for(subject: UUID, context: str, value: str) -> str:
    """Seal a value under a person's own key: gone when they are. Their key is never rotated, only wrapped anew.

    What is sealed so may lie in rows that never change, such as the audit chain's. Raises ForgottenError.
    """
    return envelope.close(keys.current(Owner.subject(subject)), context, value)


def unseal_for(subject: UUID, context: str, sealed: str) -> str:
    """Open what `seal_for` closed. Raises NotOursError, NoSuchKeyError, ForgottenError."""
    return _open(Owner.subject(subject), context, sealed)


def unseal_all_for(context: str, texts: Iterable[tuple[UUID | None, str]]) -> Iterator[str | None]:
    """Many at once, each with whose it is: a key is read once and held no longer than this. None where one does not open."""
    held: dict[tuple[UUID, int], envelope.DataKey] = {}
    for subject, text in texts:
        try:
            if subject is None:
                raise NotOursError(f"{context} was sealed for nobody.")
            sealed = envelope.Sealed.parse(text)
            which = (subject, sealed.version)
            if which not in held:
                held[which] = keys.of_version(Owner.subject(subject), sealed.version)
            yield envelope.opened(held[which], context, sealed)
        except KeyringError:
            yield None


def forget_org(org: Org | UUID) -> None:
    """Destroy the organization's keys: what was sealed under them is dead, files too, in every backup of them as well."""
    keys.forget(Owner.org(_id(org)))
    keys.forget(Owner.files(_id(org)))


def forget_subject(subject: UUID) -> None:
    """Destroy the person's keys, likewise."""
    keys.forget(Owner.subject(subject))
    keys.forget(Owner.files(subject))


def lock_number(org: UUID) -> int:
    """The second number: four bytes, signed as PostgreSQL wants it. Two organizations that share one only wait in vain."""
    number = crc32(org.bytes)
    return number - (1 << 32) if number >= 1 << 31 else number


def _open(owner: Owner, context: str, text: str) -> str:
    sealed = envelope.Sealed.parse(text)
    return envelope.opened(keys.of_version(owner, sealed.version), context, sealed)


def _id(org: Org | UUID) -> UUID:
    return org.pk if isinstance(org, Org) else org
