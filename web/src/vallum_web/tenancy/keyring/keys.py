"""Data keys: one owner's, by version. Each is kept wrapped, and what it was wrapped for is bound into it."""

import stat
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from cryptography.fernet import Fernet

from vallum_web.tenancy import clock
from vallum_web.tenancy.keyring import kek, store
from vallum_web.tenancy.keyring.envelope import DataKey
from vallum_web.tenancy.keyring.errors import ForgottenError, KeyFileError, NoSuchKeyError

_PRESENT_KEK: Final = "kek"
# Above every version.
_ALL: Final = 1 << 40
_OTHERS: Final = 0o077
# Nonce, key and tag.
_WRAPPED_BYTES: Final = 12 + 44 + 16


class Kind(StrEnum):
    """Whose a key can be."""

    ORG = "org"
    SUBJECT = "subject"
    FILES = "files"
    """An organization's or a person's stored files: one key, wrapped anew but never rotated, for files lie beside no row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose key, and for what of theirs."""

    kind: Kind
    id: UUID

    @classmethod
    def org(cls, org: UUID) -> Self:
        return cls(kind=Kind.ORG, id=org)

    @classmethod
    def subject(cls, subject: UUID) -> Self:
        return cls(kind=Kind.SUBJECT, id=subject)

    @classmethod
    def files(cls, owner: UUID) -> Self:
        return cls(kind=Kind.FILES, id=owner)

    @property
    def row(self) -> tuple[str, str]:
        return self.kind.value, str(self.id)

    def __str__(self) -> str:
        return f"{self.kind.value} {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What may be shown of a key."""

    version: int
    made_at: datetime


def check() -> None:
    """Whether keys can be used: makes the key-encryption key the first time. Raises KeyFileError."""
    with store.writing() as run:
        present_kek(run)
    folder = store.path().parent
    if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & _OTHERS:
        raise KeyFileError(f"{folder} is open to others: make it yours alone (chmod 700), then start again.")


def current(owner: Owner) -> DataKey:
    """The owner's newest key, made at first use. Raises ForgottenError."""
    with store.reading() as run:
        found = newest(run, owner)
    if found is not None:
        return found
    with store.writing() as run:
        # Of two first uses at once the second finds what the first made.
        return newest(run, owner) or make(run, owner, 1)


def of_version(owner: Owner, version: int) -> DataKey:
    """Raises ForgottenError, NoSuchKeyError."""
    with store.reading() as run:
        _refuse_forgotten(run, owner)
        rows = run(
            "select version, wrapped, kek from data_key where kind = ? and owner = ? and version = ?",
            *owner.row,
            version,
        )
        if not rows:
            raise NoSuchKeyError(
                f"The keyring holds no key {version} of {owner}: it was dropped after a rotation, or this is another keyring "
                "than the value was sealed with. Enter the value again."
            )
        return _unwrapped(owner, *rows[0])


def older(owner: Owner, version: int) -> list[DataKey]:
    """The keys before this version. Raises ForgottenError."""
    with store.reading() as run:
        _refuse_forgotten(run, owner)
        rows = run(
            "select version, wrapped, kek from data_key where kind = ? and owner = ? and version < ?",
            *owner.row,
            version,
        )
        return [_unwrapped(owner, *row) for row in rows]


def listed(owner: Owner) -> list[Listed]:
    with store.reading() as run:
        rows = run("select version, made_at from data_key where kind = ? and owner = ? order by version", *owner.row)
    return [Listed(version=version, made_at=datetime.fromisoformat(made_at)) for version, made_at in rows]


def forget(owner: Owner) -> None:
    """Destroy all of the owner's keys, and remember that: no new one comes by itself. Twice is the same as once."""
    with store.writing() as run:
        destroy(run, owner)
        run("insert into forgotten values (?, ?, ?) on conflict do nothing", *owner.row, clock.now().isoformat())
        run("delete from rotation where owner = ?", str(owner.id))
    store.scrub()


def destroy(run: store.Run, owner: Owner, *, below: int | None = None) -> None:
    """Overwrite, then delete: all of the owner's keys, or those of versions below this one."""
    which = "where kind = ? and owner = ? and version < ?"
    values = (*owner.row, below or _ALL)
    run(f"update data_key set wrapped = ? {which}", bytes(_WRAPPED_BYTES), *values)  # noqa: S608 - a constant
    run(f"delete from data_key {which}", *values)  # noqa: S608 - as above


def newest(run: store.Run, owner: Owner) -> DataKey | None:
    """The owner's newest key, if there is one. Raises ForgottenError."""
    _refuse_forgotten(run, owner)
    rows = run(
        "select version, wrapped, kek from data_key where kind = ? and owner = ? order by version desc limit 1",
        *owner.row,
    )
    return _unwrapped(owner, *rows[0]) if rows else None


def make(run: store.Run, owner: Owner, version: int) -> DataKey:
    key = DataKey(version=version, key=Fernet.generate_key())
    present = present_kek(run)
    run(
        "insert into data_key values (?, ?, ?, ?, ?, ?)",
        *owner.row,
        version,
        present.wrap(key.key, _about(owner, version)),
        present.id,
        clock.now().isoformat(),
    )
    return key


def present_kek(run: store.Run) -> kek.Kek:
    """The one that wraps what is made now. Which it is stands in the keyring, so that a process cannot use a replaced one."""
    rows = run("select value from fact where name = ?", _PRESENT_KEK)
    if rows:
        return kek.named(rows[0][0])
    made = kek.made_once(kek.path())
    run("insert into fact values (?, ?)", _PRESENT_KEK, made.id)
    return made


def wrap_anew(run: store.Run, successor: kek.Kek) -> int:
    """Wrap every key under the successor, and make it the present one. How many were under another."""
    rows = run("select kind, owner, version, wrapped, kek from data_key where kek <> ?", successor.id)
    former = {name: kek.named(name) for name in {row[-1] for row in rows}}
    for kind, owner, version, wrapped, kek_id in rows:
        about = _about(Owner(kind=Kind(kind), id=UUID(owner)), version)
        key = former[kek_id].unwrap(wrapped, about)
        run(
            "update data_key set wrapped = ?, kek = ? where kind = ? and owner = ? and version = ?",
            successor.wrap(key, about),
            successor.id,
            kind,
            owner,
            version,
        )
    run("update fact set value = ? where name = ?", successor.id, _PRESENT_KEK)
    return len(rows)


def _unwrapped(owner: Owner, version: int, wrapped: bytes, kek_id: str) -> DataKey:
    return DataKey(version=version, key=kek.named(kek_id).unwrap(wrapped, _about(owner, version)))


def _about(owner: Owner, version: int) -> str:
    return f"dek|{owner.kind.value}|{owner.id}|{version}"


def _refuse_forgotten(run: store.Run, owner: Owner) -> None:
    rows = run("select at from forgotten where kind = ? and owner = ?", *owner.row)
    if rows:
        raise ForgottenError(
            f"The keys of {owner} were destroyed on {rows[0][0][:10]}: what was sealed under them is gone."
        )
