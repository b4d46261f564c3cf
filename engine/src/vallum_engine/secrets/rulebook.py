"""All rules as one value: read from the package's data, or from a compact form that loads in a millisecond."""

import json
import marshal
import os
import sys
from abc import abstractmethod
from array import array
from binascii import crc32
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, overload

from vallum_engine import VERSION
from vallum_engine.digests import blake2b
from vallum_engine.errors import BrokenData
from vallum_engine.model.finding import Confidence, Severity
from vallum_engine.plugins import load as named
from vallum_engine.secrets.encoding import Disguise
from vallum_engine.secrets.rule import Check, Pair, Rule, Samples, Specificity
from vallum_engine.values import immutable

FOLDER = os.path.join(os.path.dirname(__file__), "rules")
_INSTALLED = frozenset({"dist-packages", "site-packages"})
_FORM = 5
_MAGIC = b"vallum-rules/%d\n" % _FORM
# Imported where rules are read from their files: a scan has them from the cache.
_DISGUISES = "vallum_engine.secrets.disguises:of"
_READ = "vallum_engine.secrets.rulefile:read"
_BYTES = ("pattern", "trigger", "value")


@immutable
class Rulebook:
    """Rules in order of their ids."""

    rules: Sequence[Rule]
    ids: tuple[str, ...]
    triggers: tuple[bytes, ...]
    """Empty for a rule about keys alone."""
    keyed: tuple[int, ...]
    """The places among `rules` of those about keys."""
    digest: str
    """Over everything that can change what is found or said."""
    disguises: tuple[Disguise, ...]
    """How what the rules look for reads once it is encoded."""
    packaged: int | None = None
    """How many of the rules, from the first, come with the engine; None for all."""
    packaged_disguises: int | None = None

    @property
    def version(self) -> str:
        return f"{len(self.ids)}-{self.digest[:8]}"

    def dump(self) -> bytes:
        """A compact form for `load`; the caller keeps it under `stamp()`: what every scan asks for, and the rules behind it, one by one."""
        bodies = [_body(rule) for rule in self.rules]
        sizes = [len(body) for body in bodies]
        disguised = [(str(encoding), pattern) for encoding, pattern in self.disguises]
        head = marshal.dumps((self.digest, self.ids, self.keyed, self.triggers, tuple(disguised), sizes))
        return b"".join([_MAGIC, len(head).to_bytes(4, "big"), crc32(head).to_bytes(4, "big"), head, *bodies])


class _Lazy(Sequence[Rule]):
    """Rules that are read when somebody asks for one: a scan needs those that something looked like."""

    @abstractmethod
    def _read(self, number: int) -> Rule: ...

    @overload
    def __getitem__(self, index: int) -> Rule: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Rule]: ...
    def __getitem__(self, index: int | slice) -> Rule | Sequence[Rule]:
        if isinstance(index, slice):
            return [self._read(number) for number in range(len(self))[index]]
        return self._read(range(len(self))[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list


class _Dumped(_Lazy):
    def __init__(self, bodies: memoryview, sizes: Sequence[int]) -> None:
        self._bodies = bodies
        self._ends = tuple(accumulate(sizes))

    def __len__(self) -> int:
        return len(self._ends)

    def _read(self, number: int) -> Rule:
        start = self._ends[number - 1] if number else 0
        try:
            return _from_plain(json.loads(bytes(self._bodies[start : self._ends[number]])))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _malformed(error) from error


class _Followed(_Lazy):
    def __init__(self, rules: Sequence[Rule], more: Sequence[Rule]) -> None:
        self._rules = rules
        self._more = more

    def __len__(self) -> int:
        return len(self._rules) + len(self._more)

    def _read(self, number: int) -> Rule:
        first = len(self._rules)
        return self._rules[number] if number < first else self._more[number - first]


def load(dumped: bytes) -> Rulebook:
    """What `dump` gave, of which the caller vouches that nobody else wrote it.

    Raises BrokenData for anything else, for what is wrong with one rule when that is asked for.
    """
    start = len(_MAGIC) + 8
    size = int.from_bytes(dumped[start - 8 : start - 4], "big")
    whole = memoryview(dumped)  # half a megabyte that need not be copied
    head = whole[start : start + size]
    if not dumped.startswith(_MAGIC) or not head or crc32(head).to_bytes(4, "big") != dumped[start - 4 : start]:
        raise BrokenData("The cached rules are of another form. Read the packaged ones again.")
    digest, ids, keyed, triggers, disguises, sizes = marshal.loads(head)  # noqa: S302 - the caller vouches for the bytes
    bodies = whole[start + size :]
    if sum(sizes) != len(bodies) or not len(sizes) == len(ids) == len(triggers):
        raise _malformed("a part is missing")
    return Rulebook(
        rules=_Dumped(bodies, sizes), ids=ids, keyed=keyed, triggers=triggers, digest=digest, disguises=disguises
    )


def _malformed(why: object) -> BrokenData:
    return BrokenData(f"The cached rules are malformed ({why!r}). Read the packaged ones again.")


def build(rules: Sequence[Rule], *, names: bool = True) -> Rulebook:
    """A rulebook of these rules, alone or, without the disguises of `names`, behind others. Raises BrokenData when two share an id."""
    ordered = tuple(sorted(rules, key=lambda rule: rule.id))
    for one, other in pairwise(ordered):
        if one.id == other.id:
            raise BrokenData(f"Two secrets rules are called {one.id} ({one.provider}, {other.provider}): rename one.")
    return Rulebook(
        rules=ordered,
        ids=tuple(rule.id for rule in ordered),
        triggers=tuple(rule.trigger for rule in ordered),
        digest=blake2b(b"\n".join(_body(rule) for rule in ordered), digest_size=16).hexdigest(),
        disguises=named(_DISGUISES)(
            (rule.trigger for rule in ordered if rule.block or rule.specificity is Specificity.TOKEN), names=names
        ),
        keyed=tuple(number for number, rule in enumerate(ordered) if rule.key),
    )


def extended(book: Rulebook, own: Sequence[Rule]) -> Rulebook:
    """The rulebook with the caller's own rules behind it. Raises BrokenData when two share an id."""
    added = build(own, names=False)
    taken = set(book.ids)
    for name in added.ids:
        if name in taken:
            raise BrokenData(f"A packaged rule is called {name} already: rename yours.")
    return Rulebook(
        rules=_Followed(book.rules, added.rules),
        ids=(*book.ids, *added.ids),
        triggers=(*book.triggers, *added.triggers),
        digest=blake2b(f"{book.digest} {added.digest}".encode(), digest_size=16).hexdigest(),
        disguises=(*book.disguises, *added.disguises),
        keyed=(*book.keyed, *(len(book.ids) + number for number in added.keyed)),
        packaged=len(book.ids),
        packaged_disguises=len(book.disguises),
    )


def packaged() -> Rulebook:
    """The rules that come with the engine, read from their TOML files: a tenth of a second, so keep the dump."""
    return build([rule for rule, _ in packaged_with_samples()])


def packaged_with_samples() -> list[tuple[Rule, Samples]]:
    """The rules and what proves them."""
    read = named(_READ)
    return [pair for name in sorted(os.listdir(FOLDER)) if name.endswith(".toml") for pair in read(_text(name), name)]


def _text(name: str) -> str:
    with open(f"{FOLDER}/{name}", encoding="utf-8") as file:
        return file.read()


def stamp() -> str:
    """Changes whenever the packaged rules may have, without reading a file.

    Files of an installed distribution come and go with their folder's time of change. Those of a checkout are written to: there
    their own sizes and times count too.
    """
    met = os.stat(FOLDER)
    digest = blake2b(f"{VERSION} {_FORM} {sys.implementation.cache_tag}".encode(), digest_size=16)
    digest.update(b"%d.%d.%d" % (met.st_ino, met.st_mtime_ns, met.st_ctime_ns))
    if not _INSTALLED.isdisjoint(FOLDER.split(os.sep)):
        return digest.hexdigest()
    with os.scandir(FOLDER) as found:
        facts = sorted((entry.name, met.st_size, met.st_mtime_ns) for entry in found if (met := entry.stat()))
    digest.update("\0".join([name for name, _, _ in facts]).encode())
    digest.update(array("q", [number for _, size, time in facts for number in (size, time)]))
    return digest.hexdigest()


def _body(rule: Rule) -> bytes:
    return json.dumps(_plain(rule), separators=(",", ":")).encode()


def _plain(rule: Rule) -> dict[str, Any]:
    from dataclasses import asdict  # noqa: PLC0415 - 8 ms that nobody pays whose rules are kept already

    data = asdict(rule)
    for key in _BYTES:
        data[key] = data[key].decode()
    if rule.pair:
        data["pair"]["pattern"] = rule.pair.pattern.decode()
    return data


def _from_plain(data: Mapping[str, Any]) -> Rule:
    pair = data["pair"]
    return Rule(
        **{
            **data,
            "severity": Severity(data["severity"]),
            "confidence": Confidence(data["confidence"]),
            "specificity": Specificity(data["specificity"]),
            "pattern": data["pattern"].encode(),
            "trigger": data["trigger"].encode(),
            "value": data["value"].encode(),
            "files": tuple(data["files"]),
            "read": tuple(data["read"]),
            "where": tuple((name, value) for name, value in data["where"]),
            "references": tuple(data["references"]),
            "rotate": tuple(data["rotate"]),
            "pair": pair and _pair(pair),
            "verify": data["verify"] and _check(data["verify"]),
        }
    )


def _check(data: Mapping[str, Any]) -> Check:
    kept: dict[str, Any] = {
        key: tuple(map(_hashable, each)) if isinstance(each, list) else each for key, each in data.items()
    }
    return Check(**kept)


def _hashable(each: Any) -> Any:
    return tuple(each) if isinstance(each, list) else each


def _pair(data: Mapping[str, Any]) -> Pair:
    return Pair(**{**data, "pattern": data["pattern"].encode(), "severity": Severity(data["severity"])})
