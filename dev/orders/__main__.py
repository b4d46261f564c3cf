"""`python -m dev.orders [NAME…]`: ask the programs that are here, and write what they answer to the tests' tables.

A table is a list from the earliest version to the latest, those on one line being equal: by it any two of them can be
compared. Lines that begin with `!` hold what the program refuses to read.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from dev.orders.oracles import ORACLES, Oracle, said_version
from dev.orders.samples import made

TABLES = Path(__file__).parents[2] / "engine/tests/sca/orders"
_MANY, _FEW = 420, 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    groups: list[list[str]]
    """Of equal versions, the earliest first."""
    refused: list[str]
    circular: list[str]
    """Left out, because the program's answers about them and the others fit no order."""


def ranked(oracle: Oracle, versions: Sequence[str]) -> Ranking:
    """Every version compared with every other."""
    alone = oracle.compare([(version, version) for version in versions])
    read = [version for version, answer in zip(versions, alone, strict=True) if answer is not None]
    asked = list(combinations(read, 2))
    answers = {pair: answer or 0 for pair, answer in zip(asked, oracle.compare(asked), strict=True)}
    kept, circular = list(read), []
    while True:
        below = _below(kept, answers)
        wrong = Counter(
            version
            for pair in combinations(kept, 2)
            if answers[pair] != (below[pair[0]] > below[pair[1]]) - (below[pair[0]] < below[pair[1]])
            for version in pair
        )
        if not wrong:
            break
        circular.append(wrong.most_common(1)[0][0])
        kept.remove(circular[-1])
    groups: dict[int, list[str]] = {}
    for version in sorted(kept):
        groups.setdefault(below[version], []).append(version)
    return Ranking(
        groups=[groups[rank] for rank in sorted(groups)],
        refused=[version for version in versions if version not in read],
        circular=circular,
    )


def _below(versions: Sequence[str], answers: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """How many of the others are earlier than each."""
    below = dict.fromkeys(versions, 0)
    for pair in combinations(versions, 2):
        if answers[pair]:
            below[pair[0] if answers[pair] > 0 else pair[1]] += 1
    return below


def _samples(oracle: Oracle, most: int) -> list[str]:
    """So many that the program reads, if there are, and a few that it does not."""
    versions = made(oracle.name, 4 * most)
    alone = zip(versions, oracle.compare([(version, version) for version in versions]), strict=True)
    read: dict[bool, list[str]] = {True: [], False: []}
    for version, answer in alone:
        read[answer is not None].append(version)
    return read[True][:most] + read[False][: most // 5]


def write(oracle: Oracle) -> Path:
    found = ranked(oracle, _samples(oracle, _FEW if oracle.slow else _MANY))
    path = TABLES / f"{oracle.name}.txt"
    head = [f"# {oracle.ecosystem}, as ordered by {said_version(oracle)}. Written by dev/orders."]
    if found.circular:
        head.append(
            f"# Left out: {len(found.circular)} on which its answers fit no order, such as {found.circular[0]}."
        )
    lines = ["\t".join(group) for group in found.groups] + [f"!\t{version}" for version in found.refused]
    path.write_text("\n".join(head + lines) + "\n", "utf-8")
    return path


def main(names: Sequence[str]) -> None:
    for oracle in ORACLES:
        if not names or oracle.name in names:
            sys.stdout.write(f"{write(oracle) if oracle.ready() else f'{oracle.name}: not here'}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
