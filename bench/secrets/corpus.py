"""A labelled tree: every kind of token in every context, among ordinary lines, and decoys that must stay silent.

Written anew for each run from fixed noise, so no file of the project holds anything that looks like a secret, and two
runs see the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.secrets.decoys import Family
from vallum_engine.secrets.samples import fill

Place = tuple[str, int]
"""A path within the tree, and a line."""
_MOST_AROUND = 8


class Context(NamedTuple):
    """A file, the line in it that holds a token, and an ordinary line around it."""

    file: str
    line: str
    around: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of token, and what each tool calls it."""

    id: str
    name: str
    token: str
    beside: tuple[tuple[str, str], ...] = ()
    documented: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What is true of a tree: the kind and context of each leak, the leak that other parts stand beside, the family of each decoy."""

    leaks: Mapping[Place, tuple[str, str]]
    beside: Mapping[Place, Place]
    decoys: Mapping[Place, str]
    documented: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of each kind, what each tool calls it that documents it; empty where nobody was asked."""


def write(root: Path, kinds: Sequence[Kind], contexts: Mapping[str, Context], decoys: Mapping[str, Family]) -> Labels:
    leaks: dict[Place, tuple[str, str]] = {}
    beside: dict[Place, Place] = {}
    for kind in kinds:
        folder = f"services/{kind.id}"
        (root / folder).mkdir(parents=True)
        for number, (name, context) in enumerate(contexts.items()):
            lines = [context.around] * (number % _MOST_AROUND + 2)
            place = (f"{folder}/{context.file}", len(lines) + 1)
            leaks[place] = (kind.id, name)
            for setting, token in ((kind.name, kind.token), *kind.beside):
                lines.append(_line(context, setting, _filled(token, f"{kind.id} {name}")))
                beside[place[0], len(lines)] = place
            (root / place[0]).write_text("\n".join([*lines, *[context.around] * 3]) + "\n")
    documented = {kind.id: kind.documented for kind in kinds if kind.documented}
    return Labels(leaks=leaks, beside=beside, decoys=_decoys(root, decoys), documented=documented)


def _line(context: Context, name: str, value: str) -> str:
    words = name.split("_")
    camel = words[0].lower() + "".join(word.capitalize() for word in words[1:])
    dotted = ".".join(words).lower()
    return context.line.format(NAME=name, name=name.lower(), dotted=dotted, camel=camel, value=value)


def _filled(token: str, seed: str) -> str:
    """The token with noise of its own: the text of a sample is the seed of what fills it."""
    return fill(f"{token}\0{seed}").partition("\0")[0]


def _decoys(root: Path, families: Mapping[str, Family]) -> dict[Place, str]:
    decoys: dict[Place, str] = {}
    for family, (path, lines) in families.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        filled = [_filled(line, f"{family} {number}") for number, line in enumerate(lines)]
        (root / path).write_text("\n".join(filled) + "\n")
        decoys |= {(path, number): family for number in range(1, len(lines) + 1)}
    return decoys
