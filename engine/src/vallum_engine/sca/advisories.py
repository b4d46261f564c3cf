"""The advisory database: one read-only SQLite file with bounds as sortable keys, so that a lookup parses nothing."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

from vallum_engine.errors import BrokenData
from vallum_engine.model.finding import Exploitation, Kind, Severity
from vallum_engine.sca.spans import Span
from vallum_engine.values import immutable, made

STARTER = f"{os.path.dirname(__file__)}/starter.toml"
"""The records that travel with the engine (`starter.py`)."""

APPLICATION_ID = 0x56414C4D
"""`VALM`: tells our files from other people's."""

SCHEMA_VERSION = 4
BATCH = 300
_MMAP_BYTES = 1 << 30
_Item = TypeVar("_Item")
_SEVERITIES = {severity.value: severity for severity in Severity}
_KINDS = {kind.value: kind for kind in Kind}
_TODO = "Run `vallum db update`, or `vallum db import` with archives you have."

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE advisory (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, canonical TEXT NOT NULL, aliases TEXT NOT NULL, url TEXT NOT NULL,
    summary TEXT NOT NULL, cvss TEXT NOT NULL, severity TEXT NOT NULL, known INTEGER NOT NULL, kind TEXT NOT NULL,
    flaws TEXT NOT NULL
);
CREATE TABLE span (
    ecosystem INTEGER NOT NULL, name TEXT NOT NULL, advisory INTEGER NOT NULL, seq INTEGER NOT NULL,
    low BLOB NOT NULL, high BLOB, closed INTEGER NOT NULL, fixed TEXT NOT NULL,
    standing TEXT NOT NULL,
    PRIMARY KEY (ecosystem, name, advisory, seq)
) WITHOUT ROWID;
CREATE TABLE package (
    ecosystem INTEGER NOT NULL, name TEXT NOT NULL, beyond BLOB, PRIMARY KEY (ecosystem, name)
) WITHOUT ROWID;
CREATE TABLE rated (name TEXT PRIMARY KEY, severity TEXT NOT NULL, cvss TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE exploited (
    cve TEXT PRIMARY KEY, epss REAL, percentile REAL, since TEXT NOT NULL, ransomware INTEGER NOT NULL
) WITHOUT ROWID;
"""


@immutable
class Meta:
    """What the builder of a database says about it: the engine has no clock and knows no sources."""

    built_at: str
    """RFC 3339, UTC."""
    source: str
    """A hash over what it was built from, or a name."""
    partial: bool = False
    """True for a starter set: its silence proves nothing."""
    feeds: Mapping[str, str] = made(factory=dict)
    """The days that `epss` and `kev` are of; what is missing was not joined."""


@immutable
class Facts:
    """What a database says about itself."""

    meta: Meta
    advisories: int
    counts: Mapping[str, int]
    """Advisories by ecosystem. An ecosystem that is missing here was not part of the build."""
    ecosystems: Mapping[str, int]
    """The numbers that stand for ecosystems in the file."""
    left_out: Mapping[str, int]
    """What the build did not take in, by reason."""

    @property
    def version(self) -> str:
        """Names the data in a report: when it was built and from what."""
        return f"{self.meta.built_at}/{self.meta.source[:12]}"


@immutable
class Record:
    """One advisory document."""

    id: str
    canonical: str
    aliases: tuple[str, ...]
    url: str
    summary: str
    cvss: str
    severity: Severity
    known: bool
    """Whether the severity is the record's own; otherwise it is a guess."""
    kind: Kind
    flaws: tuple[str, ...] = ()
    """The vulnerabilities that a distribution's bulletin mends; empty where the record is about itself."""

    @property
    def about(self) -> tuple[str, ...]:
        """The names of the vulnerabilities that it speaks of."""
        return self.flaws or (self.canonical,)


Spans = dict[int, list[Span]]
"""The spans of one package, by the number of the advisory."""


class Advisories:
    """An open database. Nothing writes to it while it is open: an update swaps the file."""

    def __init__(self, connection: sqlite3.Connection, facts: Facts) -> None:
        self._connection = connection
        self.facts = facts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def known(self, ecosystem: str, names: Iterable[str]) -> dict[str, bytes | None]:
        """Those of the names that any advisory speaks of, each with the least key that is beyond all of its spans.

        None instead of a key where a span has no end. Most packages are beyond, and nothing else has to be asked of them.
        """
        number = self.facts.ecosystems.get(ecosystem)
        found: dict[str, bytes | None] = {}
        if number is None:
            return found
        wanted = set(names)
        if self._is_small(number, 2 * len(wanted)):
            rows = self._rows("SELECT name, beyond FROM package WHERE ecosystem = ?", [number])
            return {name: beyond for name, beyond in rows if name in wanted}
        for batch in _batches(sorted(wanted)):
            query = (
                f"WITH want(name) AS (VALUES {_rows_of(1, len(batch))}) SELECT want.name, beyond FROM want "  # noqa: S608 - holes only
                "CROSS JOIN package ON package.ecosystem = ? AND package.name = want.name"
            )
            found.update(self._rows(query, [*batch, number]))
        return found

    def _is_small(self, ecosystem: int, names: int) -> bool:
        """Whether it has no more names than these: reading all takes less time than looking up half as many."""
        return not self._rows("SELECT 1 FROM package WHERE ecosystem = ? LIMIT 1 OFFSET ?", [ecosystem, names])

    def holding(self, ecosystem: str, wanted: Sequence[tuple[str, bytes]]) -> list[list[int]]:
        """For each name with the key of a version, the numbers of the advisories that hold that version, ascending."""
        number = self.facts.ecosystems.get(ecosystem)
        found: list[list[int]] = [[] for _ in wanted]
        for start in range(0, len(wanted) if number is not None else 0, BATCH):
            batch = wanted[start : start + BATCH]
            query = (
                f"WITH want(seq, name, at) AS (VALUES {_rows_of(3, len(batch))}) "  # noqa: S608 - holes only
                "SELECT DISTINCT want.seq, advisory FROM want CROSS JOIN span ON span.ecosystem = ? AND span.name = want.name "
                "WHERE low <= at AND (high IS NULL OR at < high OR (closed AND at = high)) ORDER BY 1, 2"
            )
            values = [value for seq, (name, at) in enumerate(batch, start) for value in (seq, name, at)]
            for seq, advisory in self._rows(query, [*values, number]):
                found[seq].append(advisory)
        return found

    def lookup(self, ecosystem: str, names: Iterable[str]) -> dict[str, Spans]:
        """What is known about each of the names; names without advisories are not in the answer."""
        number = self.facts.ecosystems.get(ecosystem)
        found: dict[str, Spans] = {}
        if number is None:
            return found
        for batch in _batches(sorted(set(names))):
            query = (
                "SELECT name, advisory, low, high, closed, fixed, standing FROM span "  # noqa: S608 - holes only
                f"WHERE ecosystem = ? AND name IN ({_holes(len(batch))}) ORDER BY name, advisory, seq"
            )
            for name, advisory, low, high, closed, fixed, standing in self._rows(query, [number, *batch]):
                found.setdefault(name, {}).setdefault(advisory, []).append(
                    Span(low, high, closed == 1, fixed, standing)
                )
        return found

    def about(self, numbers: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """Which vulnerabilities each of the advisories speaks of."""
        found: dict[int, tuple[str, ...]] = {}
        for batch in _batches(sorted(set(numbers))):
            query = f"SELECT number, canonical, flaws FROM advisory WHERE number IN ({_holes(len(batch))})"  # noqa: S608 - holes only
            for number, canonical, flaws in self._rows(query, batch):
                found[number] = tuple(flaws.split()) if flaws else (canonical,)
        return found

    def records(self, numbers: Iterable[int]) -> dict[int, Record]:
        found: dict[int, Record] = {}
        for batch in _batches(sorted(set(numbers))):
            query = (
                "SELECT number, id, canonical, aliases, url, summary, cvss, severity, known, kind, flaws "  # noqa: S608 - holes only
                f"FROM advisory WHERE number IN ({_holes(len(batch))})"
            )
            for row in self._rows(query, batch):
                found[row[0]] = _record(row[1:])
        return found

    def known_elsewhere(self, vulnerabilities: Iterable[str]) -> dict[str, tuple[Severity, str]]:
        """Severity and vector of those that another record rates: a distribution's bulletin often does not."""
        found: dict[str, tuple[Severity, str]] = {}
        for batch in _batches(sorted(set(vulnerabilities))):
            query = f"SELECT name, severity, cvss FROM rated WHERE name IN ({_holes(len(batch))})"  # noqa: S608 - holes only
            for name, severity, cvss in self._rows(query, batch):
                found[name] = (_SEVERITIES[severity], cvss)
        return found

    def exploitation(self, cves: Iterable[str]) -> dict[str, Exploitation]:
        """What EPSS and CISA's catalogue say of each; what neither knows is not in the answer."""
        found: dict[str, Exploitation] = {}
        for batch in _batches(sorted(set(cves))):
            query = (
                f"SELECT cve, epss, percentile, since, ransomware FROM exploited WHERE cve IN ({_holes(len(batch))})"  # noqa: S608 - holes only
            )
            for cve, epss, percentile, since, ransomware in self._rows(query, batch):
                found[cve] = Exploitation(epss=epss, percentile=percentile, since=since, ransomware=bool(ransomware))
        return found

    def ids(self, ecosystem: str) -> tuple[str, ...]:
        """The names of the vulnerabilities that are known of an ecosystem, sorted."""
        query = (
            "SELECT DISTINCT canonical, flaws FROM advisory"
            " WHERE number IN (SELECT advisory FROM span WHERE ecosystem = ?)"
        )
        rows = self._rows(query, [self.facts.ecosystems.get(ecosystem, -1)])
        return tuple(sorted({name for canonical, flaws in rows for name in flaws.split() or (canonical,)}))

    def _rows(self, query: str, values: Sequence[object]) -> Sequence[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise BrokenData(f"The advisory database is damaged ({error}). {_TODO}") from error


def open_database(path: str | os.PathLike[str]) -> Advisories:
    """Open for reading only. Raises BrokenData for a file that is missing, damaged, or not ours."""
    if not os.path.isfile(path):
        raise BrokenData(f"No advisory database at {path}. {_TODO}")
    quoted = os.path.join(os.getcwd(), path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(f"file:{quoted}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA mmap_size = {_MMAP_BYTES}")
        facts = _facts(connection, path)
    except (sqlite3.DatabaseError, ValueError, KeyError, TypeError) as error:
        connection.close()
        raise BrokenData(f"{path} is damaged or no advisory database ({error}). {_TODO}") from error
    except BrokenData:
        connection.close()
        raise
    return Advisories(connection, facts)


def _facts(connection: sqlite3.Connection, path: str | os.PathLike[str]) -> Facts:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise BrokenData(f"{path} is no advisory database of Vallum. {_TODO}")
    if schema != SCHEMA_VERSION:
        raise BrokenData(f"{path} has version {schema}, this program reads version {SCHEMA_VERSION}. {_TODO}")
    told = dict(connection.execute("SELECT name, value FROM meta"))
    return Facts(
        meta=Meta(
            built_at=told["built_at"],
            source=told["source"],
            partial=told["partial"] == "1",
            feeds={str(k): str(v) for k, v in json.loads(told["feeds"]).items()},
        ),
        advisories=int(told["advisories"]),
        counts={str(k): int(v) for k, v in json.loads(told["counts"]).items()},
        ecosystems={str(k): int(v) for k, v in json.loads(told["ecosystems"]).items()},
        left_out={str(k): int(v) for k, v in json.loads(told["left_out"]).items()},
    )


def _record(row: Sequence[Any]) -> Record:
    identifier, canonical, aliases, url, summary, cvss, severity, known, kind, flaws = row
    return Record(
        id=str(identifier),
        canonical=str(canonical),
        aliases=tuple(str(aliases).split()),
        url=str(url),
        summary=str(summary),
        cvss=str(cvss),
        severity=_SEVERITIES[severity],
        known=bool(known),
        kind=_KINDS[kind],
        flaws=tuple(str(flaws).split()),
    )


def _batches(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _holes(count: int) -> str:
    return ",".join("?" * count)


def _rows_of(width: int, count: int) -> str:
    return ",".join([f"({_holes(width)})"] * count)
