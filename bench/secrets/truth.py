"""How much of what leaked each tool finds, and how often it cries wolf, by file and line of the labelled tree."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bench import measure, tools
from bench.secrets import corpus, findings
from bench.secrets.corpus import CONTEXTS, Kind, Labels, Place

_LOUD = 3
"""Kinds of which a tool misses more lines than this are named one by one."""


def run(scratch: Path, environment: Mapping[str, str]) -> None:
    root, output = scratch / "labelled", scratch / "truth"
    root.mkdir()
    output.mkdir()
    kinds = corpus.kinds()
    labels = corpus.write(root)
    commands = [tools.vallum("--only", "secrets", "--format", "json"), tools.kingfisher(), tools.detect_secrets()]
    said = {}
    for command in commands:
        report = output / f"{command.name}.out"
        measure.cost(command, where=root, environment=environment, output=report)
        named = findings.places(command.name, report, root)
        said[command.name] = {labels.beside.get(place, place) for place in named}
    print(
        f"\nlabelled tree: {len(kinds)} kinds of tokens in {len(CONTEXTS)} contexts, one a line: {len(labels.leaks)} leaks;"
        f" {len(labels.decoys)} decoys"
    )
    _totals(said, kinds, labels)
    _contexts(said, labels)
    _misses(said, kinds, labels)
    _alarms(said, labels)


def _totals(said: Mapping[str, set[Place]], kinds: list[Kind], labels: Labels) -> None:
    print(
        f"\n  {'':<16} {'found':>6} {'of':>4} {'recall':>8} {'false':>6} {'precision':>10}   of the kinds it documents"
    )
    for tool, places in said.items():
        found = len(places & labels.leaks.keys())
        false = len(places - labels.leaks.keys())
        own = {kind.id for kind in kinds if tool in kind.documented}
        promised = {place for place, (kind, _) in labels.leaks.items() if kind in own}
        print(
            f"  {tool:<16} {found:6} {len(labels.leaks):4} {found / len(labels.leaks):8.1%} {false:6} {found / max(found + false, 1):10.1%}"
            f"   {len(places & promised)} of {len(promised)} ({len(places & promised) / len(promised):.1%}, {len(own)} kinds)"
        )


def _contexts(said: Mapping[str, set[Place]], labels: Labels) -> None:
    print(f"\n  found by context  {' '.join(f'{context:>10}' for context in CONTEXTS)}")
    for tool, places in said.items():
        found = Counter(labels.leaks[place][1] for place in places if place in labels.leaks)
        print(f"  {tool:<16}  {' '.join(f'{found[context]:10}' for context in CONTEXTS)}")


def _misses(said: Mapping[str, set[Place]], kinds: list[Kind], labels: Labels) -> None:
    print(f"\n  kinds of which a tool that documents them misses more than {_LOUD} of {len(CONTEXTS)}")
    for tool, places in said.items():
        missed = Counter(kind for place, (kind, _) in labels.leaks.items() if place not in places)
        own = [f"{kind.id} {missed[kind.id]}" for kind in kinds if tool in kind.documented and missed[kind.id] > _LOUD]
        some = [
            f"{kind.id} {missed[kind.id]}" for kind in kinds if tool in kind.documented and 0 < missed[kind.id] <= _LOUD
        ]
        print(f"  {tool:<16} {', '.join(own) or 'none'}; fewer: {', '.join(some) or 'none'}")


def _alarms(said: Mapping[str, set[Place]], labels: Labels) -> None:
    print("\n  false alarms by family of decoys")
    for tool, places in said.items():
        families = Counter(labels.decoys.get(place, "ordinary lines") for place in places - labels.leaks.keys())
        print(f"  {tool:<16} {', '.join(f'{name} {count}' for name, count in sorted(families.items())) or 'none'}")
