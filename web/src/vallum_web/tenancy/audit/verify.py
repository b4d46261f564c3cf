"""Does a chain hold? Pure: over rows as a cursor gives them, what the head says, and what checkpoints attest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vallum_web.tenancy.audit import chain
from vallum_web.tenancy.audit.attest import Attested, is_genuine
from vallum_web.tenancy.audit.chain import Parts

Row = tuple[Parts, str, str]
"""What the hash covers, the sealed text, and the hash in hexadecimal: texts, for they are compared by the hundred thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An entry's place in the chain."""

    seq: int
    hash: bytes


BEGINNING = Point(seq=0, hash=chain.BEGINNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What is said of a chain elsewhere than in its entries."""

    base: Attested | None
    """Where it was cut off because what came before was too old."""
    head: Point
    attested: Sequence[Attested]
    keys: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`problem` is the first thing that is wrong, or empty."""

    entries: int
    first: int
    last: int
    erased: int
    checkpoints: int
    problem: str = ""


class _BrokenError(Exception):
    """The first thing that is wrong."""


def verify(rows: Iterable[Row], claims: Claims) -> Verdict:
    walk = _Walk(claims)
    try:
        walk.begin()
        for row in rows:
            walk.step(row)
        walk.end()
    except _BrokenError as error:
        return walk.verdict(str(error))
    return walk.verdict("")


class _Walk:
    """Along a chain, entry by entry, as far as it holds."""

    def __init__(self, claims: Claims) -> None:
        self.claims = claims
        self.last = BEGINNING if claims.base is None else Point(seq=claims.base.seq, hash=claims.base.hash)
        self.base, self.last_hash = self.last, self.last.hash.hex()
        self.ahead: dict[int, list[Attested]] = defaultdict(list)
        self.entries = self.erased = self.checkpoints = 0

    def begin(self) -> None:
        if self.claims.base is not None:
            self._signature(self.claims.base)
        for point in self.claims.attested:
            # What was attested of entries that are pruned says nothing about the rest.
            if point.seq >= self.base.seq:
                self._signature(point)
                self.ahead[point.seq].append(point)
        self._compare(self.base)

    def step(self, row: Row) -> None:
        parts, sealed, kept = row
        seq, last = int(parts.seq), self.last.seq
        if seq != last + 1:
            raise _BrokenError(f"{_entries(last + 1, seq - 1)} missing: before entry {seq} ({parts.id}).")
        if parts.previous != self.last_hash:
            raise _BrokenError(
                f"Entry {seq} ({parts.id}) does not follow entry {last}: one of them was changed or moved."
            )
        found = chain.digest(parts)
        if found.hex() != kept:
            raise _BrokenError(f"Entry {seq} ({parts.id}) was changed: its hash is not that of what it says.")
        if sealed:
            if chain.seal_digest(sealed).hex() != parts.sealed_sha256:
                raise _BrokenError(f"Entry {seq} ({parts.id}): its sealed part is not the one that was written.")
        elif parts.sealed_sha256:
            self.erased += 1
        self.entries += 1
        self.last, self.last_hash = Point(seq=seq, hash=found), kept
        if seq in self.ahead:
            self._compare(self.last)

    def end(self) -> None:
        if self.ahead:
            point = min(self.ahead.items())[1][0]
            raise _BrokenError(
                f"{_entries(self.last.seq + 1, point.seq)} missing from the end: the checkpoint of {point.day} attests them."
            )
        if self.claims.head != self.last:
            raise _BrokenError(
                f"The log ends at entry {self.last.seq}, and its head stands at {self.claims.head.seq}: "
                "the end was cut off, or the head was moved."
            )

    def verdict(self, problem: str) -> Verdict:
        return Verdict(
            entries=self.entries,
            first=self.base.seq + 1,
            last=self.last.seq,
            erased=self.erased,
            checkpoints=self.checkpoints,
            problem=problem,
        )

    def _compare(self, here: Point) -> None:
        for point in self.ahead.pop(here.seq, ()):
            if point.hash != here.hash:
                raise _BrokenError(
                    f"Entry {here.seq} is not the one that the checkpoint of {point.day} attests: the log was written anew up to there."
                )
            self.checkpoints += 1

    def _signature(self, point: Attested) -> None:
        if point.key not in self.claims.keys:
            raise _BrokenError(
                f"The checkpoint of {point.day} is signed with the key {point.key}, whose public half is not in audit/keys."
            )
        if not is_genuine(point, dict(self.claims.keys)):
            raise _BrokenError(f"The signature of the checkpoint of {point.day} is not genuine: its row was changed.")


def _entries(first: int, last: int) -> str:
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
