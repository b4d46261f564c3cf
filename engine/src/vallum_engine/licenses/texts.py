"""Licence texts recognised by what they share with those of SPDX's list.

A text is a row of words; every four in a row are a number (a CRC). `texts.tsv` holds of each licence how many such
numbers its text has, and a sample of them (all, of a short one): facts about the texts, which themselves are not here.
`python -m dev.licences` makes it. A licence is in a file where almost all of its sample lies there, close together.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from struct import pack as struct
from struct import unpack
from zlib import crc32

from vallum_engine.values import immutable

TABLE = Path(__file__).with_name("texts.tsv")
SHINGLE = 4
WHOLE = 320
"""Texts of so many numbers or fewer are kept whole; of longer ones the lowest LOWEST of them, and the RAREST of the list."""
LOWEST = 96
RAREST = 32
"""What a licence shares with fewest others: texts of one family differ in a few words."""

MOST_WORDS = 60_000
"""Of a file, from its beginning: ten times the GPL. What is behind them is not looked at, and it is said."""
MOST_LICENCES = 50
MOST_COPIES = 24
"""Of one number in a text, at a time: what is behind them is looked at when those before are taken."""
MOST_STEPS = 2_000_000
"""Places compared for one text, in a second: forty times those of the longest list of licences met. Then it is said that more is there."""
ENOUGH = 0.85
"""How much of a licence's sample must be there, and how alike licence and place must be."""
ALONE = 0.8
"""The same of the first in a file: copies name who grants it in words of their own. Between others more is asked."""
_NEAR = 0.5

_WORD = re.compile(r"[a-z0-9]+")
_NOTICE = re.compile(
    r"(?:\W|\brem\b)*(?:(?:portions|parts|some parts|modifications)\W+)?(?:copyright|copyr\.|\(c\)|©|all rights reserved)",
)
_BULLET = re.compile(r"\s*(?:[*\-\u2022]|\(?[0-9a-z]{1,2}[.)])\s+")
_ROLES = frozenset(
    {
        "and",
        "author",
        "authors",
        "contributor",
        "contributors",
        "copyright",
        "holder",
        "holders",
        "isc",
        "or",
        "owner",
        "the",
    }
)
"""Who grants a licence is called this or that in copies of one text."""
_SPELT = {"licence": "license", "licences": "licenses", "https": "http"}


@immutable
class Known:
    """A licence's text. `length` is the count of numbers in it, `sample` those that are looked for."""

    id: str
    length: int
    sample: frozenset[int]


@immutable
class Match:
    """A licence in a text. `similarity` is from 0 to 1: what the licence and the place where it stands have in common."""

    id: str
    similarity: float
    words: int


@immutable
class Recognised:
    """What a text holds, in the order of its licences. `words` counts the text's own; `cut` says that it goes on."""

    matches: tuple[Match, ...]
    words: int
    cut: bool
    nearest: Match | None = None
    """Where nothing matched: the licence that comes nearest, if it comes near."""

    @property
    def unmatched(self) -> int:
        """Words that belong to no licence that was recognised."""
        return max(0, self.words - sum(match.words for match in self.matches))


def words(text: str) -> list[str]:
    """The words of a text in lower case, without what differs between copies of one licence: lines of copyright, roles, bullets."""
    found: list[str] = []
    for line in text.lower().split("\n"):
        if len(line) > 200 or not _NOTICE.match(line):
            bullet = _BULLET.match(line)
            row = _WORD.findall(line, bullet.end() if bullet else 0)
            found += [_SPELT.get(word, word) for word in row if word not in _ROLES]
        if len(found) > MOST_WORDS:
            break
    return found


def numbers(row: Sequence[str]) -> list[int]:
    """The number of every four words in a row, by position."""
    return [crc32(f"{a} {b} {c} {d}".encode()) for a, b, c, d in zip(row, row[1:], row[2:], row[3:], strict=False)]


@cache
def table() -> tuple[Known, ...]:
    """All licences, by id."""
    return tuple(_known(line) for line in TABLE.read_text("ascii").splitlines())


def _known(line: str) -> Known:
    identifier, length, packed = line.split("\t")
    data = base64.b64decode(packed)
    return Known(id=identifier, length=int(length), sample=frozenset(unpack(f"<{len(data) // 4}I", data)))


def pack(sample: Iterable[int]) -> str:
    """What `table` reads: four bytes for each, in base64."""
    held = sorted(sample)
    return base64.b64encode(struct(f"<{len(held)}I", *held)).decode("ascii")


def recognise(text: str) -> Recognised:
    """Which licences a text holds: each at one place, the likeliest first taken, until nothing is like one any more."""
    row = words(text)
    cut = len(row) > MOST_WORDS
    row = row[:MOST_WORDS]
    place = _Places(numbers(row))
    candidates = [known for known in table() if len(known.sample & place.present) >= ALONE * len(known.sample)]
    seen = [best for known in candidates if (best := place.best(known))]
    found: list[_Seen] = []
    while seen and len(found) < MOST_LICENCES:
        chosen = max(seen, key=lambda one: (one.weight, -len(one.known.id), one.known.id))
        found.append(chosen)
        place.take(*chosen.core)
        seen = [best for one in seen if (best := place.again(one, chosen)) and best.is_near]
    found.sort(key=lambda one: one.start)
    return Recognised(
        matches=tuple(one.match for one in found),
        words=len(row),
        cut=cut or place.tired or (bool(seen) and len(found) >= MOST_LICENCES),
        nearest=None if found else place.nearest(),
    )


@immutable
class _Seen:
    known: Known
    start: int
    end: int
    """Behind its last number."""
    core: tuple[int, int]
    """The same without what is loosely at either end, which may be of a neighbour."""
    share: float
    similarity: float

    @property
    def is_near(self) -> bool:
        return self.share >= ENOUGH and self.similarity >= ENOUGH

    @property
    def weight(self) -> float:
        """How much of the text it explains, and how well: a licence that holds another one goes before it."""
        return round(self.similarity * min(self.share * self.known.length, self.end - self.start), 3)

    @property
    def match(self) -> Match:
        return Match(
            id=self.known.id, similarity=min(1.0, round(self.similarity, 3)), words=self.end - self.start + SHINGLE - 1
        )


class _Places:
    """Where each number stands in a text, but where a licence was taken already."""

    def __init__(self, row: list[int]) -> None:
        self.row = row
        self.left = MOST_STEPS
        self.present = frozenset(row)
        self.at: dict[int, list[int]] = {}
        for position, number in enumerate(self.row):
            self.at.setdefault(number, []).append(position)

    @property
    def tired(self) -> bool:
        """Whether more was to be looked at than a file of licences has."""
        return self.left <= 0

    def again(self, one: _Seen, taken: _Seen) -> _Seen | None:
        """The next place of a licence after another was taken; the same where it does not touch that one."""
        start, end = taken.core
        return one if one.end <= start or one.start >= end else self.best(one.known)

    def best(self, known: Known) -> _Seen | None:
        """The place where the licence is most wholly, if it is almost whole there."""
        if self.tired:
            return None
        places = sorted(position for number in known.sample for position in self.at.get(number, ())[:MOST_COPIES])
        self.left -= len(places)
        first, last, count = _likest(known, places, self.row)
        if last < 0:
            return None
        usual = known.length // len(known.sample)
        inside = _without_strays(places[first : last + 1], 20 + 6 * usual)
        core = _without_strays(inside, 10 + 3 * usual)
        start, end = inside[0], inside[-1] + 1
        share = count / len(known.sample)
        similarity = _alike(share, known.length, end - start)
        if share < ALONE or similarity < ALONE:
            return None
        return _Seen(
            known=known, start=start, end=end, core=(core[0], core[-1] + 1), share=share, similarity=similarity
        )

    def take(self, start: int, end: int) -> None:
        for number in set(self.row[start:end]):
            self.at[number] = [position for position in self.at[number] if not start <= position < end]

    def nearest(self) -> Match | None:
        shares = ((len(known.sample & self.present) / len(known.sample), known) for known in table())
        similarity, known = max(
            ((_alike(share, known.length, len(self.row)), known) for share, known in shares if share >= _NEAR),
            key=lambda one: (one[0], one[1].id),
            default=(0.0, None),
        )
        return Match(id=known.id, similarity=round(similarity, 3), words=0) if known and similarity >= _NEAR else None


def _likest(known: Known, places: Sequence[int], row: Sequence[int]) -> tuple[int, int, int]:
    """First and last index of the places that are most like the licence as a whole, and how many different numbers they have."""
    longest, size = int(known.length * 1.4) + 40, len(known.sample)
    counts: dict[int, int] = {}
    best, most, start = (0, -1, 0), 0.0, 0
    for end, position in enumerate(places):
        counts[row[position]] = counts.get(row[position], 0) + 1
        # What comes again is counted where it stands last: the copy before this one is left behind.
        while position - places[start] > longest or counts[row[places[start]]] > 1:
            left = row[places[start]]
            counts[left] -= 1
            if not counts[left]:
                del counts[left]
            start += 1
        alike = _alike(len(counts) / size, known.length, position - places[start] + 1)
        if alike > most:
            best, most = (start, end, len(counts)), alike
    return best


def _without_strays(places: Sequence[int], gap: int) -> Sequence[int]:
    """The places without a few at either end that lie far from the rest: words that other texts have too."""
    most = len(places) // 10
    for at in range(most, 0, -1):
        if places[at] - places[at - 1] > gap:
            places = places[at:]
            break
    for at in range(len(places) - most, len(places)):
        if at > 0 and places[at] - places[at - 1] > gap:
            return places[:at]
    return places


def _alike(share: float, length: int, span: int) -> float:
    """Twice what licence and place have in common, of what both have: 1 where they are one text."""
    return 2 * min(share * length, span) / (length + span)
