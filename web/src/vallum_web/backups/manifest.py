"""What a backup holds: written last, so a backup without one does not exist. Sealed like the rest."""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from vallum_web.backups.errors import DamagedError, MissingError
from vallum_web.backups.sealing import FORMAT, BackupKey, Place, close, opened
from vallum_web.backups.stores import Store
from vallum_web.backups.streams import Shelf, Stream

NAME: Final = "manifest"
MAIN, KEYRING = "main", "keyring"
_STAMP: Final = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Of one table, in the moment of the backup."""

    rows: int
    sample: str
    """A digest over its first and last rows by their key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One whole backup."""

    backup: str
    kind: str
    taken_at: datetime
    """Nothing later is in it."""
    streams: Mapping[str, Stream]
    tables: Mapping[str, Table]
    heads: str
    """A digest over where every organization's audit log ends."""
    facts: Mapping[str, str]
    """Versions of the server and of the schema, and the code of the kit that opens it."""

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def stored(self) -> int:
        return sum(stream.stored for stream in self.streams.values())

    def told(self) -> bytes:
        tables = {name: [table.rows, table.sample] for name, table in sorted(self.tables.items())}
        value = {
            "format": FORMAT,
            "backup": self.backup,
            "kind": self.kind,
            "taken_at": self.taken_at.isoformat(),
            "streams": [stream.told() for stream in self.streams.values()],
            "tables": tables,
            "heads": self.heads,
            "facts": dict(self.facts),
        }
        return json.dumps(value, sort_keys=True).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        value = json.loads(data)
        if value["format"] != FORMAT:
            raise DamagedError(f"The backup {value['backup']} is of another format: {value['format']}. Update Vallum.")
        streams = [Stream.parse(read) for read in value["streams"]]
        return cls(
            backup=str(value["backup"]),
            kind=str(value["kind"]),
            taken_at=datetime.fromisoformat(value["taken_at"]),
            streams={stream.name: stream for stream in streams},
            tables={name: Table(rows=int(rows), sample=sample) for name, (rows, sample) in value["tables"].items()},
            heads=str(value["heads"]),
            facts={name: str(text) for name, text in value["facts"].items()},
        )


def new_name(at: datetime) -> str:
    """Sorts by time, tells its age, and is never used twice: what is begun again gets another one."""
    return f"{at.astimezone(UTC).strftime(_STAMP)}-{secrets.token_hex(8)}"


def began(name: str) -> datetime | None:
    """When a backup of this name was begun; None for a name that is none of ours."""
    try:
        return datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def write(shelf: Shelf, found: Manifest) -> None:
    place = _place(shelf.backup)
    shelf.store.put(shelf.object(NAME, 0), close(shelf.key, place, found.told()))


def read(shelf: Shelf) -> Manifest:
    """Raises MissingError, DamagedError."""
    try:
        data = shelf.store.get(shelf.object(NAME, 0))
    except MissingError as error:
        raise MissingError(f"{shelf.store} holds no whole backup {shelf.backup} of {shelf.kind}.") from error
    return Manifest.parse(opened(shelf.key, _place(shelf.backup), data))


def whole(store: Store, kind: str) -> Iterator[str]:
    """The names of the backups that have a manifest, oldest first."""
    end = f"/{NAME}/{0:07}"
    for name in store.names(f"{kind}/"):
        if name.endswith(end) and name.count("/") == end.count("/") + 1:
            yield name.split("/")[1]


def latest(store: Store, key: BackupKey, kind: str) -> Manifest:
    """Raises MissingError, DamagedError."""
    names = list(whole(store, kind))
    if not names:
        raise MissingError(f"{store} holds no backup of {kind}. Take one: `vallum-web backup`.")
    return read(Shelf(store=store, key=key, kind=kind, backup=names[-1]))


def _place(backup: str) -> Place:
    return Place(backup=backup, stream=NAME, index=0, last=True)
