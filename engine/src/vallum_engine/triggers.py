"""One Vectorscan database for every detector's triggers, so that a file without triggers never reaches Python code.

The compiled form is costly to make (seconds) and cheap to load (milliseconds): `Plan.compile` gives bytes for the
caller to keep, `Plan.load` takes them back. Nothing here reads or writes a cache.
"""

import os
import re
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from vallum_engine.detector import Detector, Hit, Trigger
from vallum_engine.digests import blake2b
from vallum_engine.errors import BrokenData
from vallum_engine.plugins import load
from vallum_engine.values import immutable, mutable

HITS_PER_TRIGGER = 10_000
"""Places kept per trigger and file. A detector that is given this many has to say that there may be more."""

_FORM = b"vallum-triggers/4"
_CPU_BYTES = 4096
_NEEDED = "vallum_engine.expressions:needed"  # imported where there is no Vectorscan

Hits = Mapping[int, Sequence[Hit]]


class Database(Protocol):
    """Compiled triggers, ready to scan. For one thread at a time."""

    def hits(self, data: bytes, *, structured: bool = True) -> Hits:
        """The hits in one file by the detector's position; empty (falsy) when nothing matched. Hits in order of `end`.

        `structured`: with those of the triggers that are for files read by their format.
        """
        ...


@immutable(kw_only=False)
class Plan:
    """Every detector's triggers, in order, not yet compiled."""

    triggers: tuple[tuple[int, int, Trigger], ...]
    """The detector's position, the trigger's index in it, the trigger."""

    @property
    def key(self) -> str:
        """Names the compiled form: expressions, flags, library and processor. Differs wherever the bytes may not fit."""
        return _key(self.triggers)

    @property
    def compilable(self) -> bool:
        """Whether there is a Vectorscan to compile for; where not, `fallback` does the work, slowly."""
        return bool(_library())

    @property
    def structured(self) -> bool:
        """Whether all of it is for files read by their format."""
        return all(trigger.structured for _, _, trigger in self.triggers)

    def parts(self) -> Sequence["Plan"]:
        """What is compiled apart: the packaged triggers, those of them for files read by their format, the caller's own."""
        parted: dict[tuple[bool, bool], list[tuple[int, int, Trigger]]] = {}
        for item in self.triggers:
            parted.setdefault((item[2].own, item[2].structured), []).append(item)
        return [Plan(tuple(items)) for _, items in sorted(parted.items(), key=lambda part: part[0])]

    def compile(self) -> bytes:
        """The bytes for `load`, in seconds. Raises BrokenData when an expression is refused or Vectorscan is missing."""
        hyperscan = _import()
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=[trigger.pattern for _, _, trigger in self.triggers],
                ids=list(range(len(self.triggers))),
                flags=[
                    hyperscan.HS_FLAG_CASELESS * trigger.caseless | hyperscan.HS_FLAG_DOTALL * trigger.dotall
                    for _, _, trigger in self.triggers
                ],
            )
        except hyperscan.error as error:
            raise BrokenData(f"A trigger cannot be compiled: {error}. Mend the rule's expression.") from error
        body: bytes = hyperscan.dumpb(database)
        return body

    def load(self, serialized: bytes) -> Database:
        """The database from what `compile` gave, for this very plan, library and processor.

        Raises BrokenData for what is no database, or one of another library or kind of processor. The caller vouches that it is
        this plan's, by its `key`, and for its origin: the bytes are native code's own structures.
        """
        if not self.triggers:
            return EMPTY
        hyperscan = _import()
        try:
            # It holds its bytes to their length and to a checksum of its own. They are megabytes, and taken as they were read.
            database = hyperscan.loadb(serialized, hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
        except hyperscan.error as error:
            raise BrokenData("The cached triggers do not fit this machine. Compile them again.") from error
        return _Compiled(self._owners(), database.scan)

    def fallback(self) -> Database:
        """The same answers from `re`, a hundred times slower: for machines without Vectorscan and for odd small texts.

        Where a trigger can end at several places from one beginning, it names one of them.
        """
        return _Expressions(tuple(_Expression(*item) for item in self.triggers)) if self.triggers else EMPTY

    def _owners(self) -> tuple[tuple[int, int], ...]:
        return tuple((position, index) for position, index, _ in self.triggers)


def collect(detectors: Sequence[Detector]) -> Plan:
    """The plan for these detectors, in this order."""
    return Plan(
        tuple(
            (position, index, trigger)
            for position, detector in enumerate(detectors)
            for index, trigger in enumerate(detector.triggers)
        )
    )


def joined(parts: Sequence[tuple[Plan, Database]]) -> Database:
    """One database that answers for the parts of a plan."""
    always = tuple(database for part, database in parts if not part.structured)
    structured = tuple(database for part, database in parts if part.structured)
    return always[0] if len(always) == 1 and not structured else _Joined(always=always, every=always + structured)


@immutable
class _Joined:
    always: tuple[Database, ...]
    every: tuple[Database, ...]
    """With those for files read by their format."""

    def hits(self, data: bytes, *, structured: bool = True) -> Hits:
        asked = self.every if structured else self.always
        if len(asked) == 1:
            return asked[0].hits(data)
        answers = [answer for part in asked if (answer := part.hits(data))]
        if len(answers) < 2:
            return answers[0] if answers else {}
        together: dict[int, list[Hit]] = {}
        for answer in answers:
            for position, hits in answer.items():
                together.setdefault(position, []).extend(hits)
        return {position: sorted(hits, key=lambda hit: hit.end) for position, hits in together.items()}


class _Empty:
    def hits(self, data: bytes, *, structured: bool = True) -> Hits:  # noqa: ARG002 - the shape of a database
        return {}


EMPTY: Database = _Empty()
"""For detectors that have no trigger at all."""


@immutable(kw_only=False)
class _Compiled:
    owners: tuple[tuple[int, int], ...]
    scan: Any

    def hits(self, data: bytes, *, structured: bool = True) -> Hits:  # noqa: ARG002 - one part, whichever it is
        ends: dict[int, list[int]] = {}
        self.scan(data, _note, 0, ends)
        return _grouped(ends, self.owners) if ends else {}


def _note(trigger: int, _start: int, end: int, _flags: int, ends: dict[int, list[int]]) -> None:
    """Vectorscan's call for every match: as little as can be, and bounded, for hostile files call millions of times."""
    known = ends.get(trigger)
    if known is None:
        ends[trigger] = [end]
    elif len(known) < HITS_PER_TRIGGER and known[-1] != end:
        known.append(end)


def _grouped(ends: Mapping[int, list[int]], owners: Sequence[tuple[int, int]]) -> Hits:
    hits: dict[int, list[Hit]] = {}
    for end, trigger in sorted((end, trigger) for trigger, places in ends.items() for end in places):
        position, index = owners[trigger]
        hits.setdefault(position, []).append(Hit(index, end))
    return hits


@mutable
class _Expression:
    """One trigger for `re`, compiled when a literal it needs is in a file."""

    position: int
    index: int
    trigger: Trigger
    literals: frozenset[bytes] | None = None
    compiled: re.Pattern[bytes] | None = None

    def possible(self, lowered: bytes) -> bool:
        if self.literals is None:
            self.literals = load(_NEEDED)(self.trigger.pattern)
        return not self.literals or any(literal in lowered for literal in self.literals)

    def ends(self, data: bytes) -> Iterator[int]:
        if self.compiled is None:
            flags = re.IGNORECASE * self.trigger.caseless | re.DOTALL * self.trigger.dotall
            self.compiled = re.compile(self.trigger.pattern, flags)
        search, start = self.compiled.search, 0
        while (found := search(data, start)) is not None:
            yield found.end()
            start = found.start() + 1


@immutable(kw_only=False)
class _Expressions:
    expressions: tuple[_Expression, ...]

    def hits(self, data: bytes, *, structured: bool = True) -> Hits:
        lowered = data.lower()
        ends: dict[int, list[int]] = {}
        for number, expression in enumerate(self.expressions):
            if (structured or not expression.trigger.structured) and expression.possible(lowered):
                for end in expression.ends(data):
                    _note(number, 0, end, 0, ends)
        return _grouped(ends, [(e.position, e.index) for e in self.expressions]) if ends else {}


def _import() -> Any:
    try:
        import hyperscan  # noqa: PLC0415 - 18 ms that a scan without triggers must not pay
    except ImportError as error:
        raise BrokenData("Vectorscan is not installed for this machine: use the fallback.") from error
    return hyperscan


def _key(triggers: tuple[tuple[int, int, Trigger], ...]) -> str:
    digest = blake2b(digest_size=16)
    for part in (_FORM, sys.platform.encode(), _library(), _processor()):
        digest.update(b"%d:%s" % (len(part), part))
    patterns = [trigger.pattern for _, _, trigger in triggers]
    digest.update(bytes([trigger.caseless + 2 * trigger.dotall for _, _, trigger in triggers]))
    digest.update(array("I", map(len, patterns)))
    digest.update(b"".join(patterns))
    return digest.hexdigest()


@cache
def _library() -> bytes:
    """The library's version; empty where there is none."""
    try:
        return str(_import().__version__).encode()
    except BrokenData:
        return b""


@cache
def _processor() -> bytes:
    """The processor's features as Linux lists them: compiled databases are for one set of them."""
    try:
        descriptor = os.open("/proc/cpuinfo", os.O_RDONLY)
    except OSError:
        return b""  # elsewhere than on Linux one build of the library serves one kind of processor
    try:
        head = os.read(descriptor, _CPU_BYTES)
    finally:
        os.close(descriptor)
    return next((line for line in head.splitlines() if line.lower().startswith((b"flags", b"features"))), b"")
