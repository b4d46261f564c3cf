"""How far a rotation is, in the keyring itself: beside the keys it is about, and true whatever the database was restored to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from vallum_web.tenancy import clock
from vallum_web.tenancy.keyring import keys, store
from vallum_web.tenancy.keyring.envelope import DataKey
from vallum_web.tenancy.keyring.kek import Kek
from vallum_web.tenancy.keyring.keys import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """One rotation: to which version, since when, how many values it moved, and when it ended."""

    version: int
    begun_at: datetime
    moved: int
    finished_at: datetime | None

    @classmethod
    def parse(cls, version: int, begun_at: str, moved: int, finished_at: str | None) -> Self:
        return cls(
            version=version,
            begun_at=datetime.fromisoformat(begun_at),
            moved=moved,
            finished_at=datetime.fromisoformat(finished_at) if finished_at else None,
        )


def target(owner: Owner) -> int:
    """The version to rotate to: the next one, or that of a rotation which has not ended. Raises ForgottenError."""
    with store.reading() as run:
        newest = keys.newest(run, owner)
        ongoing = _last(run, owner)
    if ongoing is not None and ongoing.finished_at is None:
        return ongoing.version
    return newest.version + 1 if newest else 1


def begin(owner: Owner, version: int) -> DataKey:
    """The key to move to, made unless it or a later one is there: asked twice, it is made once. Raises ForgottenError."""
    with store.writing() as run:
        newest = keys.newest(run, owner)
        if newest is not None and newest.version >= version:
            return newest
        made = keys.make(run, owner, version)
        run(
            "insert into rotation (owner, version, begun_at) values (?, ?, ?)",
            str(owner.id),
            version,
            clock.now().isoformat(),
        )
        return made


def moved(owner: Owner, version: int, count: int) -> None:
    with store.writing() as run:
        run("update rotation set moved = moved + ? where owner = ? and version = ?", count, str(owner.id), version)


def finish(owner: Owner, version: int) -> None:
    """Destroy every older key, in one step with saying so. The caller knows that no value is left under any."""
    with store.writing() as run:
        keys.destroy(run, owner, below=version)
        run(
            "update rotation set finished_at = ? where owner = ? and version = ? and finished_at is null",
            clock.now().isoformat(),
            str(owner.id),
            version,
        )
    store.scrub()


def last(owner: Owner) -> Rotation | None:
    """The owner's newest rotation, ended or not."""
    with store.reading() as run:
        return _last(run, owner)


def wrap_anew(successor: Kek) -> int:
    """Wrap every data key under this one, all or none, and have new ones wrapped under it from then on."""
    with store.writing() as run:
        keys.present_kek(run)
        return keys.wrap_anew(run, successor)


def _last(run: store.Run, owner: Owner) -> Rotation | None:
    rows = run(
        "select version, begun_at, moved, finished_at from rotation where owner = ? order by version desc limit 1",
        str(owner.id),
    )
    return Rotation.parse(*rows[0]) if rows else None
