"""The only thing that opens a transaction with tenant context: both or neither."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from vallum_web.tenancy.audit.record import Owed, record


class Purpose(StrEnum):
    """What for: who is being deleted is invisible to work, by the database's own rule."""

    WORK = "work"
    PRIVACY = "privacy"
    """The privacy centre: export, restore, decide."""
    PURGE = "purge"


class _Context(NamedTuple):
    org: UUID | None = None
    user: UUID | None = None
    purpose: Purpose = Purpose.WORK


_NOWHERE = _Context()
_current: ContextVar[_Context] = ContextVar("vallum_scope", default=_NOWHERE)
_outbox: ContextVar[bool] = ContextVar("vallum_outbox", default=False)
_owed: ContextVar[list[Owed] | None] = ContextVar("vallum_scope_owed", default=None)


class ForeignScopeError(RuntimeError):
    """A scope was opened inside another organization's: one transaction serves one tenant."""


@contextmanager
def scope(org: UUID, *, user: UUID | None = None, purpose: Purpose | None = None) -> Iterator[None]:
    """Run a block in one transaction that sees just the rows of `org`.

    Nests within the same organization. `user` is who acts; an inner scope without one keeps the outer's. So it is with the
    purpose, which at first is work.
    """
    outer = _current.get()
    if outer.org is not None and outer.org != org:
        raise ForeignScopeError(f"scope({org}) inside scope({outer.org})")
    with _context(_Context(org, user or outer.user, purpose or outer.purpose)):
        if outer.org is not None:
            yield
            return
        with _accounted(org):
            yield


@contextmanager
def _accounted(org: UUID) -> Iterator[None]:
    """The acts of the block are in the audit log before its transaction commits, or it does not commit."""
    owed: list[Owed] = []
    token = _owed.set(owed)
    try:
        yield
        record(org, owed)
    finally:
        _owed.reset(token)


def owe(*acts: Owed) -> None:
    """Have the outermost scope write these into the audit log at its end."""
    mine = _owed.get()
    if mine is None:
        raise RuntimeError(
            "An act is owed to the audit log outside of tenancy.scope: there is no end that would write it."
        )
    mine.extend(acts)


def owed() -> Sequence[Owed]:
    return tuple(_owed.get() or ())


@contextmanager
def person(user: UUID, *, purpose: Purpose | None = None) -> Iterator[None]:
    """A transaction in which "my organizations" can be asked for; no tenant's rows are visible in it."""
    outer = _current.get()
    with _context(_Context(outer.org, user, purpose or outer.purpose)):
        yield


@contextmanager
def looking_back(purpose: Purpose = Purpose.PRIVACY) -> Iterator[None]:
    """A transaction that sees people who are being deleted; no tenant's rows are visible in it."""
    with _context(_current.get()._replace(purpose=purpose)):
        yield


@contextmanager
def meant_for(purpose: Purpose) -> Iterator[None]:
    """Scopes that are opened inside have this purpose unless they name one. Opens no transaction."""
    token = _current.set(_current.get()._replace(purpose=purpose))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def outbox() -> Iterator[None]:
    """A transaction that sees the outbox whole: for whoever delivers it, and for operators. It shows no tenant's rows."""
    if _outbox.get():
        with transaction.atomic():
            yield
        return
    token = _outbox.set(True)
    try:
        with transaction.atomic():
            _open_outbox("on")
            yield
            _open_outbox("")
    finally:
        _outbox.reset(token)


def _open_outbox(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('app.outbox', %s, true)", [value])


@contextmanager
def _context(mine: _Context) -> Iterator[None]:
    outer = _current.get()
    token = _current.set(mine)
    try:
        with transaction.atomic():
            nested = len(connection.savepoint_ids) > 0
            _set(mine)
            yield
            if nested:
                # The setting lives as long as the outermost transaction, which goes on.
                _set(outer)
    finally:
        _current.reset(token)


def _set(to: _Context) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('app.org_id', %s, true), set_config('app.user_id', %s, true), set_config('app.purpose', %s, true)",
            [str(to.org or ""), str(to.user or ""), to.purpose.value],
        )


def current_org() -> UUID | None:
    return _current.get().org


def current_user() -> UUID | None:
    return _current.get().user
