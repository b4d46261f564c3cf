"""Where wrapped keys lie: an SQLite file of their own, or another server; no dump of the platform's database holds them.

A connection is opened for each use and closed after it (0.4 ms): web processes fork, and threads come and go.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from vallum_web.tenancy.keyring import postgres
from vallum_web.tenancy.keyring.errors import StoreError

Run = Callable[..., list[tuple[Any, ...]]]

# How long one process waits for another's transaction; each lasts milliseconds.
_PATIENCE: Final = 15.0
_TABLES: Final = """
create table if not exists fact (name text primary key, value text not null);
create table if not exists data_key (
  kind text, owner text, version integer, wrapped blob not null, kek text not null, made_at text not null,
  primary key (kind, owner, version)
);
create table if not exists forgotten (kind text, owner text, at text not null, primary key (kind, owner));
create table if not exists rotation (
  owner text, version integer, begun_at text not null, moved integer not null default 0, finished_at text,
  primary key (owner, version)
);
"""


def path() -> Path:
    return Path(settings.HOME) / "keyring" / "keyring.sqlite3"


@contextmanager
def reading() -> Iterator[Run]:
    """Raises StoreError."""
    if settings.KEYRING_URL:
        with postgres.opened(settings.KEYRING_URL, _TABLES) as run:
            yield run
    else:
        with _opened() as connection:
            yield _runner(connection)


@contextmanager
def writing() -> Iterator[Run]:
    """One transaction, alone: of two that begin at once, the second sees what the first did. Raises StoreError."""
    if settings.KEYRING_URL:
        with postgres.opened(settings.KEYRING_URL, _TABLES, alone=True) as run:
            yield run
        return
    with _opened() as connection:
        connection.execute("begin immediate")
        try:
            yield _runner(connection)
        except BaseException:
            connection.execute("rollback")
            raise
        connection.execute("commit")


def scrub() -> None:
    """Bring what is deleted out of the write-ahead log too: the file itself was overwritten (secure_delete)."""
    if settings.KEYRING_URL:
        postgres.scrub(settings.KEYRING_URL)
        return
    with _opened() as connection:
        connection.execute("pragma wal_checkpoint(truncate)")


def _runner(connection: sqlite3.Connection) -> Run:
    def run(statement: str, *values: object) -> list[tuple[Any, ...]]:
        return connection.execute(statement, values).fetchall()

    return run


@contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    file = path()
    try:
        if not file.exists():
            _make(file)
        with closing(sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)) as connection:
            connection.execute("pragma secure_delete = on")
            connection.execute("pragma synchronous = full")
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"The keyring {file} cannot be used ({error}): free or mend its disk, or restore it."
        ) from error


def _make(file: Path) -> None:
    """Beside its place, and put there whole: a switch to a write-ahead log waits for nobody, it fails ("is locked").

    The file is made before SQLite does: its own would be readable by others, were the folder not closed.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    os.close(handle)
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(f"begin immediate; {_TABLES} pragma user_version = 1; commit;")
        with suppress(FileExistsError):  # another process was first
            os.link(name, file)
    finally:
        Path(name).unlink()
