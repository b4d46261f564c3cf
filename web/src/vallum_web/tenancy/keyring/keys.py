"""Data keys: one owner's, by version. Each is kept wrapped, and what it was wrapped for is bound into it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from cryptography.fernet import Fernet

from vallum_web.tenancy import clock
from vallum_web.tenancy.keyring import kek, store
from vallum_web.tenancy.keyring.envelope import DataKey
from vallum_web.tenancy.keyring.errors import ForgottenError, NoSuchKeyError

_PRESENT_KEK: Final = "kek"


class Kind(StrEnum):
    """Whose a key can be."""

    ORG = "org"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose key: an organization's or a person's."""

    kind: Kind
    id: UUID

    @classmethod
    def org(cls, org: UUID) -> Self:
        return cls(kind=Kind.ORG, id=org)

    @classmethod
    def subject(cls, subject: UUID) -> Self:
        return cls(kind=Kind.SUBJECT, id=subject)

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


def current(owner: Owner) -> DataKey:
    """The owner's newest key, made at first use. Raises ForgottenError."""
    with store.reading() as run:
        found = _newest(run, owner)
    if found is not None:
        return found
    with store.writing() as run:
        # Of two first uses at once the second finds what the first made.
        return _newest(run, owner) or _make(run, owner, 1)


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


def following(owner: Owner) -> DataKey:
    """One version more, which is then the current one."""
    with store.writing() as run:
        newest = _newest(run, owner) or _make(run, owner, 1)
        return _make(run, owner, newest.version + 1)


def listed(owner: Owner) -> list[Listed]:
    with store.reading() as run:
        rows = run("select version, made_at from data_key where kind = ? and owner = ? order by version", *owner.row)
    return [Listed(version=version, made_at=datetime.fromisoformat(made_at)) for version, made_at in rows]


def drop(owner: Owner, version: int) -> None:
    """Destroy a version that no value is sealed under any more; never the newest."""
    with store.writing() as run:
        newest = run("select max(version) from data_key where kind = ? and owner = ?", *owner.row)[0][0]
        if version == newest:
            raise NoSuchKeyError(f"Key {version} of {owner} is in use: only an older one can be dropped.")
        _destroy(run, "kind = ? and owner = ? and version = ?", *owner.row, version)
    store.scrub()


def forget(owner: Owner) -> None:
    """Destroy all of the owner's keys, and remember that: no new one comes by itself. Twice is the same as once."""
    with store.writing() as run:
        _destroy(run, "kind = ? and owner = ?", *owner.row)
        run("insert or ignore into forgotten values (?, ?, ?)", *owner.row, clock.now().isoformat())
        run("delete from rotation where owner = ?", str(owner.id))
    store.scrub()


def _destroy(run: store.Run, which: str, *values: object) -> None:
    run(f"update data_key set wrapped = zeroblob(length(wrapped)) where {which}", *values)  # noqa: S608 - a constant of ours
    run(f"delete from data_key where {which}", *values)  # noqa: S608 - as above


def _newest(run: store.Run, owner: Owner) -> DataKey | None:
    _refuse_forgotten(run, owner)
    rows = run(
        "select version, wrapped, kek from data_key where kind = ? and owner = ? order by version desc limit 1",
        *owner.row,
    )
    return _unwrapped(owner, *rows[0]) if rows else None


def _make(run: store.Run, owner: Owner, version: int) -> DataKey:
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
