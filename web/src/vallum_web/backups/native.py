"""The native driver: pg_dump's stream into sealed chunks, and back into an empty database. Nothing of it lies in a file.

A dump, not a copy of the server's files: it holds no dead rows of people who were erased, can be counted exactly, and fills
another version of PostgreSQL (docs/adr/0018).
"""

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, cast

from psycopg.conninfo import conninfo_to_dict

from vallum_web.backups import manifest, snapshot, streams
from vallum_web.backups.errors import DamagedError, RestoreError, SourceError
from vallum_web.backups.manifest import Manifest
from vallum_web.backups.snapshot import EMPTIED
from vallum_web.backups.streams import Shelf, Stream, Writer
from vallum_web.embedded.binaries import CLEAN_ENVIRONMENT, Binaries
from vallum_web.embedded.connection import Connection

DATABASE, FILES, BLOBS = "database", "files", "blobs"
# Folders of the state folder that belong to the moment of the database.
FOLDERS: Final[Mapping[str, str]] = {FILES: "audit", BLOBS: "blobs"}
_LIBPQ: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}
_PIPE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is backed up."""

    url: str
    """Of the role of backups."""
    home: Path
    binaries: Binaries


def take(source: Source, shelf: Shelf, at: datetime, facts: Mapping[str, str]) -> Manifest:
    """Write a backup; it exists when its manifest does, which is written last. Raises BackupError."""
    with snapshot.held(source.url) as (connection, moment):
        snapshot.refuse_hidden(connection)
        seen = snapshot.look(connection)
        written = [
            _dumped(source, shelf, moment),
            *(packed(source.home / folder, shelf, name) for name, folder in FOLDERS.items()),
        ]
        found = Manifest(
            backup=shelf.backup,
            kind=shelf.kind,
            taken_at=at,
            streams={stream.name: stream for stream in written},
            tables=seen.tables,
            heads=seen.heads,
            facts={**facts, **_versions(connection)},
        )
    manifest.write(shelf, found)
    return found


def major(url: str) -> int:
    """Of the server: tools of the same major version are needed. Raises SourceError."""
    with snapshot.held(url) as (connection, _):
        return connection.info.server_version // 10_000


def fill(shelf: Shelf, found: Manifest, url: str, binaries: Binaries) -> None:
    """Fill an empty database, all or nothing. `url` is its administrator's. Raises BackupError."""
    command = [binaries.tool("pg_restore"), "--single-transaction", "--exit-on-error", f"--dbname={_name(url)}"]
    with _running(command, url, stdin=subprocess.PIPE) as tool:
        try:
            streams.feed(shelf, found.streams[DATABASE], tool.stdin.write)
            tool.stdin.close()
        except BrokenPipeError:
            pass  # its own words say why
        except BaseException:
            tool.kill()  # before the end of its input it has committed nothing
            raise
        said = tool.stderr.read()
    if tool.returncode != 0:
        raise RestoreError(f"pg_restore could not take in backup {shelf.backup}: {_words(said)}")


def packed(root: Path, shelf: Shelf, name: str) -> Stream:
    """A folder as a stream of tar. What goes away while it is read is left out, as if it had gone before."""
    writer = Writer(shelf, name)
    with tarfile.open(fileobj=cast("Any", writer), mode="w|", format=tarfile.PAX_FORMAT) as tape:
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if path.is_symlink() or not path.is_file() or path.suffix == ".part":
                continue
            try:
                with path.open("rb") as file:
                    size = os.fstat(file.fileno()).st_size
                    member = tarfile.TarInfo(path.relative_to(root).as_posix())
                    member.size, member.mtime = size, int(os.fstat(file.fileno()).st_mtime)
                    tape.addfile(member, _Exactly(file, size))
            except FileNotFoundError:
                continue
    return writer.end()


def unpack(shelf: Shelf, stream: Stream, folder: Path) -> None:
    """Write the files of a stream below an existing folder, each whole; what is there stays. Raises DamagedError."""
    pipe = _Reader(streams.read(shelf, stream))
    with tarfile.open(fileobj=cast("Any", pipe), mode="r|") as tape:
        for member in tape:
            name = PurePosixPath(member.name)
            if not member.isreg() or name.is_absolute() or ".." in name.parts:
                raise DamagedError(
                    f"{stream.name} of backup {shelf.backup} holds {member.name!r}, which is no file of ours."
                )
            if not (folder / name).exists():
                _placed(folder / name, tape.extractfile(member), member.mtime)
    pipe.drain()


def _placed(target: Path, data: Any, at: float) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = target.with_name(f"{target.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as out:
        while piece := data.read(_PIPE):
            out.write(piece)
    os.utime(part, (at, at))  # what is old enough to be swept stays so
    part.rename(target)


def _dumped(source: Source, shelf: Shelf, moment: str) -> Stream:
    command = [
        source.binaries.tool("pg_dump"),
        "--format=custom",
        "--compress=0",  # chunks are packed, faster and smaller
        "--enable-row-security",  # else it refuses tables whose policies it is subject to: ours lets it read all
        f"--snapshot={moment}",
        *(f"--exclude-table-data={table}" for table in sorted(EMPTIED)),
    ]
    writer = Writer(shelf, DATABASE)
    with _running(command, source.url, stdout=subprocess.PIPE) as tool:
        try:
            writer.take(tool.stdout)
        except BaseException:
            tool.kill()
            raise
        said = tool.stderr.read()
    if tool.returncode != 0:
        raise SourceError(f"pg_dump failed, and nothing was kept: {_words(said)}")
    return writer.end()


def _versions(connection: Connection) -> dict[str, str]:
    row = connection.execute(
        "select current_setting('server_version'), (select string_agg(app || '.' || name, ' ' order by app, name) from django_migrations)"
    ).fetchone()
    return {"server": str(row[0]), "migrations": str(row[1] or "")} if row else {}


class _Exactly(io.RawIOBase):
    """So many bytes of a file that may be growing, or have been cut: tar has already said how many."""

    def __init__(self, file: Any, size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        piece = bytes(self._file.read(wanted)).ljust(wanted, b"\0")
        self._left -= wanted
        return piece


class _Reader:
    """Proved chunks as a file to read from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._waiting = b""

    def read(self, size: int) -> bytes:
        while len(self._waiting) < size and (more := next(self._chunks, None)) is not None:
            self._waiting += more
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        return piece

    def drain(self) -> None:
        """To the end, where the whole is proved."""
        for _ in self._chunks:
            pass


@contextmanager
def _running(command: list[str], url: str, **pipes: Any) -> Iterator[Any]:
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=_environment(url), **pipes) as tool:
        yield tool


def _environment(url: str) -> dict[str, str]:
    """The address in libpq's variables: what stands on a command line, everybody on this machine can read."""
    given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    return {**CLEAN_ENVIRONMENT, **{variable: given[name] for name, variable in _LIBPQ.items() if name in given}}


def _name(url: str) -> str:
    return str(conninfo_to_dict(url).get("dbname", ""))


def _words(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())[-600:] or "it said nothing"
