"""From archives to the database that scans read."""

import contextlib
import fcntl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from vallum import home
from vallum.advisories import archives, feeds, location, moments
from vallum.errors import ClientError, Misuse
from vallum_engine.sca.advisories import Facts, Meta
from vallum_engine.sca.build import build


@contextlib.contextmanager
def alone() -> Iterator[Path]:
    """The folder of archives, for one process at a time. Raises Misuse when another one is at work."""
    folder = location.archives()
    try:
        home.make_private(home.data())
        home.make_private(str(folder))
        held = (folder / "lock").open("w")
    except OSError as error:
        raise ClientError(
            f"{folder} cannot be written to ({error.strerror}): set VALLUM_HOME to a folder of yours."
        ) from error
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Misuse(f"Another `vallum db` is at work in {folder}: wait for it.") from error
        yield folder


def rebuild(folder: Path) -> Facts:
    """Build the database from every archive in the folder; the old one stays until the new one is whole."""
    present = [name for name in archives.KNOWN if (folder / f"{name}.zip").is_file()]
    if not present:
        raise ClientError(
            f"There are no archives in {folder}: run `vallum db update`, or `vallum db import` with some."
        )
    noted = {name: archives.read_origin(folder, name) for name in present}
    digests = sha256(" ".join(f"{name}:{_digest(folder, name, noted[name])}" for name in present).encode()).hexdigest()
    oldest = min(origin.as_of if origin else "1970-01-01T00:00:00Z" for origin in noted.values())
    target = location.database()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        exploited, days = feeds.present(folder)
        meta = Meta(built_at=oldest or moments.now(), source=digests, feeds=days)
        return build(_records(folder, present), target, meta=meta, exploited=exploited)
    except OSError as error:
        raise ClientError(f"The database {target} cannot be written ({error.strerror}): the old one stays.") from error


def _digest(folder: Path, name: str, origin: archives.Origin | None) -> str:
    return origin.sha256 if origin else archives.digest(folder / f"{name}.zip")


def _records(folder: Path, names: list[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        yield from ((name, record) for record in archives.records(folder / f"{name}.zip"))
