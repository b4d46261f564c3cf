"""Build the advisory database from OSV records: streamed in, sorted by SQLite, swapped into place when whole."""

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from vallum_engine.model.distributions import FAMILIES, family, keyed
from vallum_engine.model.finding import Exploitation, Kind, Severity
from vallum_engine.model.naming import normalised, preference
from vallum_engine.sca import bulletins, lookup
from vallum_engine.sca.advisories import APPLICATION_ID, SCHEMA, SCHEMA_VERSION, Facts, Meta
from vallum_engine.sca.groups import Groups
from vallum_engine.sca.osv import kind, rate, read_affected, summary, url
from vallum_engine.sca.spans import Span
from vallum_engine.sca.versions import ORDERS, Key, order

_STAGING = """
CREATE TEMP TABLE staged_span (ecosystem, name, advisory, seq, low, high, closed, fixed, standing);
CREATE TEMP TABLE staged_advisory (number, id, aliases, url, summary, cvss, severity, known, kind, flaws);
"""
_PACKAGES = """
INSERT INTO package SELECT ecosystem, name,
    CASE WHEN count(*) = count(high) THEN max(CASE WHEN closed THEN CAST(high || x'00' AS BLOB) ELSE high END) END
FROM span GROUP BY ecosystem, name
"""
"""What is beyond a span that holds its end is the next longer key."""
_FLUSH = 20_000
_KEYS_KEPT = 1 << 16
"""Versions whose keys are remembered: the same few thousand are written over and over."""


def build(
    records: Iterable[tuple[str, bytes | Mapping[str, Any]]],
    path: Path,
    *,
    meta: Meta,
    exploited: Mapping[str, Exploitation] | None = None,
) -> Facts:
    """Write the database at `path`, replacing what is there only when the new one is whole.

    Each record comes with the ecosystem of the archive it was in: of a record in several archives, each one adds the
    packages of its own ecosystem. Left out and counted: withdrawn records, those about Git commits only, ranges with
    bounds that the ecosystem's order cannot read, ecosystems without an order, and what is no OSV record. Of what is
    known about exploitation, by CVE, that of the CVEs that a record names is kept.
    """
    # Of this process alone: two that build at once must not write into one file. Whoever is last replaces an equal one.
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    connection = sqlite3.connect(part, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.executescript(SCHEMA + _STAGING)
        connection.execute("BEGIN")
        builder = _Builder(connection)
        for ecosystem, record in records:
            builder.add(ecosystem, record)
        facts = builder.finish(meta, exploited or {})
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        part.unlink(missing_ok=True)
        raise
    connection.close()
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(path)
    return facts


class _Builder:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.groups = Groups()
        self.numbers: dict[str, int] = {}
        self.seen: set[tuple[str, str]] = set()
        self.ecosystems: dict[str, int] = {}
        self.keys: dict[str, Key] = {}
        self.counts: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.advisories: list[tuple[object, ...]] = []
        self.spans: list[tuple[object, ...]] = []

    def add(self, ecosystem: str, raw: bytes | Mapping[str, Any]) -> None:
        if ecosystem not in ORDERS:
            self.left_out["ecosystem without an order here"] += 1
            return
        record = _parsed(raw)
        if record is None:
            self.left_out["not an OSV record"] += 1
            return
        self._met(ecosystem)
        if record.get("withdrawn"):
            self.left_out["withdrawn"] += 1
            return
        if (ecosystem, record["id"]) in self.seen:
            self.left_out["twice"] += 1
            return
        self.seen.add((ecosystem, record["id"]))
        spans = self._spans(ecosystem, record)
        if spans:
            number = self._advisory(ecosystem, record)
            for (place, name), own in spans.items():
                code = self._code(place)
                self.spans += [(code, name, number, seq, *span) for seq, span in enumerate(dict.fromkeys(own))]
            self.counts.update({ecosystem, *(place for place, _ in spans)})
            if len(self.spans) > _FLUSH:
                self._flush()

    def finish(self, meta: Meta, exploited: Mapping[str, Exploitation]) -> Facts:
        self._flush()
        write = self.connection.execute
        write("INSERT INTO span SELECT * FROM staged_span ORDER BY ecosystem, name, advisory, seq")
        write(_PACKAGES)
        members = self.groups.members()
        self.connection.create_function("canonical", 1, lambda i: members[i][0], deterministic=True)
        self.connection.create_function("aliases", 2, lambda i, own: _aliases(i, own, members[i]), deterministic=True)
        write(
            "INSERT INTO advisory SELECT number, id, canonical(id), aliases(id, aliases), url, summary, cvss, severity,"
            " known, kind, flaws FROM staged_advisory ORDER BY number"
        )
        self._rate()
        self._exploited(exploited)
        facts = Facts(
            meta=meta,
            advisories=len(self.numbers),
            counts={ecosystem: self.counts[ecosystem] for ecosystem in sorted(self.ecosystems)},
            ecosystems=dict(sorted(self.ecosystems.items())),
            left_out={why: count for why, count in sorted(self.left_out.items()) if count},
        )
        self.connection.executemany("INSERT INTO meta VALUES (?, ?)", sorted(_told(facts).items()))
        return facts

    def _rate(self) -> None:
        """What is said of a vulnerability by records about it alone: for those of its records that give no severity."""
        best: dict[str, tuple[int, str, str]] = {}
        rows = self.connection.execute("SELECT canonical, flaws, severity, cvss FROM advisory WHERE known")
        for canonical, flaws, severity, vector in rows:
            about = flaws.split() or [canonical]
            rank = Severity(severity).rank
            if len(about) == 1 and (about[0] not in best or rank > best[about[0]][0]):
                best[about[0]] = (rank, severity, vector)
        rated = ((name, severity, vector) for name, (_, severity, vector) in sorted(best.items()))
        self.connection.executemany("INSERT INTO rated VALUES (?, ?, ?)", rated)

    def _exploited(self, told: Mapping[str, Exploitation]) -> None:
        rows = self.connection.execute("SELECT id, aliases, flaws FROM advisory")
        named = {name for row in rows for text in row for name in text.split() if name in told}
        self.connection.executemany(
            "INSERT INTO exploited VALUES (?, ?, ?, ?, ?)",
            (
                (cve, told[cve].epss, told[cve].percentile, told[cve].since, told[cve].ransomware)
                for cve in sorted(named)
            ),
        )

    def _met(self, ecosystem: str) -> None:
        if ecosystem not in self.keys:
            self._code(ecosystem)
            self.keys[ecosystem] = lru_cache(_KEYS_KEPT)(order(ecosystem))

    def _code(self, place: str) -> int:
        """The number that stands for an ecosystem or a distribution's release."""
        return self.ecosystems.setdefault(place, len(self.ecosystems) + 1)

    def _spans(self, ecosystem: str, record: Mapping[str, Any]) -> dict[tuple[str, str], list[Span]]:
        found: dict[tuple[str, str], list[Span]] = {}
        for affected in record["affected"]:
            package = affected.get("package") if isinstance(affected, dict) else None
            place = keyed(str(package.get("ecosystem", ""))) if isinstance(package, dict) else ""
            if not isinstance(package, dict) or family(place) != ecosystem:
                continue
            reading = read_affected(affected, self.keys[ecosystem])
            self.left_out["about Git commits only"] += reading.git_only
            self.left_out["range with an unreadable bound"] += reading.unreadable
            named, spans, stream = normalised(ecosystem, str(package.get("name", ""))), reading.spans, ""
            if spans and ecosystem in FAMILIES:
                stream = bulletins.stream(record, affected)
                if stream == lookup.ANY_STREAM:
                    self.left_out["of a module whose stream is not named"] += 1
                    continue
                said = bulletins.standing(record, affected).value
                spans = tuple(span._replace(standing=said) for span in spans)
            if spans:
                found.setdefault((place, lookup.keyed(ecosystem, named, stream)), []).extend(spans)
        return found

    def _advisory(self, ecosystem: str, record: Mapping[str, Any]) -> int:
        identifier = record["id"]
        if identifier in self.numbers:
            return self.numbers[identifier]
        number = self.numbers[identifier] = len(self.numbers) + 1
        told = record.get("aliases")
        aliases = tuple(alias for alias in told if _is_id(alias)) if isinstance(told, list) else ()
        self.groups.join(identifier, aliases)
        rated, what = rate(record), kind(record)
        severity = Severity.CRITICAL if what is Kind.MALWARE else rated.severity
        known = rated.known or what is Kind.MALWARE
        self.advisories.append(
            (
                number,
                identifier,
                " ".join(aliases),
                url(record),
                summary(record),
                rated.vector,
                severity.value,
                known,
                what.value,
                " ".join(bulletins.flaws(ecosystem, record)),
            )
        )
        return number

    def _flush(self) -> None:
        self.connection.executemany("INSERT INTO staged_span VALUES (?,?,?,?,?,?,?,?,?)", map(_storable, self.spans))
        self.connection.executemany(
            "INSERT INTO staged_advisory VALUES (?,?,?,?,?,?,?,?,?,?)", map(_storable, self.advisories)
        )
        self.spans.clear()
        self.advisories.clear()


def _parsed(raw: bytes | Mapping[str, Any]) -> Mapping[str, Any] | None:
    if isinstance(raw, bytes):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            return None
    if not isinstance(raw, Mapping):
        return None
    return raw if _is_id(raw.get("id")) and isinstance(raw.get("affected"), list) else None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and len(value.split()) == 1


def _storable(row: tuple[object, ...]) -> tuple[object, ...]:
    """Half of a surrogate pair, which JSON can say and UTF-8 cannot, becomes a question mark."""
    return tuple(v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for v in row)


def _aliases(identifier: str, own: str, group: tuple[str, ...]) -> str:
    return " ".join(sorted({*own.split(), *group} - {identifier}, key=preference))


def _told(facts: Facts) -> dict[str, str]:
    return {
        "advisories": str(facts.advisories),
        "built_at": facts.meta.built_at,
        "counts": json.dumps(facts.counts),
        "ecosystems": json.dumps(facts.ecosystems),
        "feeds": json.dumps(dict(facts.meta.feeds)),
        "left_out": json.dumps(facts.left_out),
        "partial": "1" if facts.meta.partial else "0",
        "source": facts.meta.source,
    }
