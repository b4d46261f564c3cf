"""Findings on source trees of others, held against what somebody saw who opened each file: `judged.tsv`.

A judgement names a file by its hash, a line and a rule: of a tree that changed, or of a rule that is new, nothing is taken for
judged. What has no judgement is printed, to be looked at.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from bench import measure, tools
from bench.secrets import findings, trees
from bench.secrets.findings import Named
from bench.secrets.trees import JUDGED, Tree

TABLE = Path(__file__).with_name("judged.tsv")
_DIGITS = 16
_CODES = frozenset({0, 1, 3})
"""Incomplete too: MLflow has source maps that are too large for ours, and the peers leave out others."""


class Key(NamedTuple):
    """What a judgement is about: the first digits of the SHA-256 of the file (of an archive, whole), the path in it, the rule."""

    hash: str
    path: str
    line: int
    rule: str


class Verdict(NamedTuple):
    """True for a credential or a private key that is whole, also when a test or a manual made it up."""

    true: bool
    reason: str


def run(scratch: Path, environment: Mapping[str, str]) -> None:
    table = judgements()
    print("\nfindings on trees, each held against a judgement; places that a report names")
    print(
        f"  {'':<24}{'tool':<12}{'places':>8}{'true':>8}{'false':>8}{'open':>8}{'precision':>11}{'alone: true':>13}{'false':>7}"
    )
    total: dict[str, Counter[str]] = {}
    unseen: list[str] = []
    for tree in JUDGED:
        said = _said(tree, scratch / "judged", environment)
        root = scratch / "judged" / tree.package
        for tool, named in said.items():
            others = [place for other, found in said.items() if other != tool for place in found]
            counted = _counted(named, others, root, table)
            total.setdefault(tool, Counter()).update(counted)
            _show(tree.name, tool, counted)
            unseen += ["\t".join(map(str, key)) for key in _keys(named, root) if key not in table]
    for tool, counted in total.items():
        _show("all", tool, counted)
    print(f"\n  without a judgement: {len(unseen)}", *unseen, sep="\n    ")


def judgements() -> dict[Key, Verdict]:
    lines = TABLE.read_text("utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return {
        Key(hash_, path, int(line), rule): Verdict(verdict == "true", reason)
        for hash_, path, line, rule, verdict, reason in rows
    }


def _said(tree: Tree, scratch: Path, environment: Mapping[str, str]) -> dict[str, list[Named]]:
    scratch.mkdir(exist_ok=True)
    root = trees.unpacked(tree, scratch)
    said = {}
    ours = replace(tools.vallum("--only", "secrets", "--format", "json"), codes=_CODES)
    for command in (ours, tools.kingfisher("--no-dedup")):
        report = scratch / f"{tree.package}.{command.name}.out"
        measure.cost(command, where=root, environment=environment, output=report)
        said[command.name] = findings.named(command.name, report, root)
    return said


def _keys(named: Sequence[Named], root: Path) -> list[Key]:
    files = {place.path: place.path.partition("!")[0] for place in named}
    hashes = {file: sha256((root / file).read_bytes()).hexdigest()[:_DIGITS] for file in set(files.values())}
    return [Key(hashes[files[place.path]], place.path, place.line, place.rule) for place in named]


def _counted(named: Sequence[Named], others: Sequence[Named], root: Path, table: Mapping[Key, Verdict]) -> Counter[str]:
    lines = {(place.path, line) for place in others for line in range(place.line, place.end + 1)}
    counted: Counter[str] = Counter()
    for place, key in zip(named, _keys(named, root), strict=True):
        verdict = table.get(key)
        said = "open" if verdict is None else "true" if verdict.true else "false"
        counted[said] += 1
        if not any((place.path, line) in lines for line in range(place.line, place.end + 1)):
            counted[f"alone {said}"] += 1
    return counted


def _show(name: str, tool: str, counted: Counter[str]) -> None:
    true, false = counted["true"], counted["false"]
    precision = f"{true / (true + false):.1%}" if true + false else "none"
    print(
        f"  {name:<24}{tool:<12}{true + false + counted['open']:8}{true:8}{false:8}{counted['open']:8}{precision:>11}"
        f"{counted['alone true']:13}{counted['alone false']:7}"
    )
