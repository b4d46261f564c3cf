"""All rules as one value: read from the package's data, or from a compact form that loads in a millisecond."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

from vallum_engine import VERSION
from vallum_engine.errors import BrokenData
from vallum_engine.model.finding import Confidence, Severity
from vallum_engine.secrets import disguises
from vallum_engine.secrets.disguises import Disguise
from vallum_engine.secrets.rule import Pair, Rule, Samples, Specificity, read

FOLDER = Path(__file__).with_name("rules")
_FORM = 2
_BYTES = ("pattern", "trigger")


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """Rules in order of their ids."""

    rules: tuple[Rule, ...]
    digest: str
    """Over everything that can change what is found or said."""
    disguises: tuple[Disguise, ...]
    """How what the rules look for reads once it is encoded."""

    @cached_property
    def version(self) -> str:
        return f"{len(self.rules)}-{self.digest[:8]}"

    def dump(self) -> bytes:
        """A compact form for `load`; the caller keeps it under `stamp()`."""
        body: dict[str, Any] = {"form": _FORM, "digest": self.digest, "rules": [_plain(rule) for rule in self.rules]}
        body["disguises"] = [[encoding, pattern.decode("ascii")] for encoding, pattern in self.disguises]
        return json.dumps(body, separators=(",", ":")).encode()


def load(dumped: bytes) -> Rulebook:
    """What `dump` gave. Raises BrokenData for anything else."""
    try:
        body = json.loads(dumped)
        if body["form"] != _FORM:
            raise BrokenData("The cached rules are of another form. Read the packaged ones again.")
        return Rulebook(
            rules=tuple(_from_plain(rule) for rule in body["rules"]),
            digest=str(body["digest"]),
            disguises=tuple((encoding, pattern.encode()) for encoding, pattern in body["disguises"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenData(f"The cached rules are malformed ({error!r}). Read the packaged ones again.") from error


def build(rules: Sequence[Rule]) -> Rulebook:
    """A rulebook of these rules. Raises BrokenData when two share an id."""
    ordered = tuple(sorted(rules, key=lambda rule: rule.id))
    for one, other in pairwise(ordered):
        if one.id == other.id:
            raise BrokenData(f"Two secrets rules are called {one.id} ({one.provider}, {other.provider}): rename one.")
    body = json.dumps([_plain(rule) for rule in ordered], separators=(",", ":")).encode()
    return Rulebook(
        rules=ordered,
        digest=blake2b(body, digest_size=16).hexdigest(),
        disguises=disguises.of(rule.trigger for rule in ordered),
    )


def packaged() -> Rulebook:
    """The rules that come with the engine, read from their TOML files: a tenth of a second, so keep the dump."""
    return build([rule for rule, _ in packaged_with_samples()])


def packaged_with_samples() -> list[tuple[Rule, Samples]]:
    """The rules and what proves them."""
    return [pair for path in sorted(FOLDER.glob("*.toml")) for pair in read(path.read_text("utf-8"), path.name)]


def stamp() -> str:
    """Changes whenever the packaged rules may have: from names, sizes and times, without reading a file."""
    digest = blake2b(f"{VERSION} {_FORM}".encode(), digest_size=16)
    with os.scandir(FOLDER) as entries:
        facts = sorted(
            (entry.name, status.st_size, status.st_mtime_ns) for entry in entries if (status := entry.stat())
        )
    digest.update(repr(facts).encode())
    return digest.hexdigest()


def _plain(rule: Rule) -> dict[str, Any]:
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
            "files": tuple(data["files"]),
            "references": tuple(data["references"]),
            "rotate": tuple(data["rotate"]),
            "pair": pair and _pair(pair),
        }
    )


def _pair(data: Mapping[str, Any]) -> Pair:
    return Pair(**{**data, "pattern": data["pattern"].encode(), "severity": Severity(data["severity"])})
