"""How much of what leaked each tool finds, and how often it cries wolf, by file and line of the labelled trees."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from bench import measure, tools
from bench.secrets import findings, kinds, published, standards
from bench.secrets.corpus import Labels, Place

TREES: Mapping[str, Callable[[Path], Labels]] = {
    "labelled": kinds.write,
    "published": published.write,
    "standards": standards.write,
}
_LOUD = 3
"""Kinds of which a tool misses more lines than this are named one by one."""


def run(scratch: Path, environment: Mapping[str, str]) -> None:
    for name, write in TREES.items():
        root = scratch / name / "tree"
        root.mkdir(parents=True)
        _judge(name, write(root), root, environment)


def _judge(name: str, labels: Labels, root: Path, environment: Mapping[str, str]) -> None:
    commands = [
        tools.vallum("--only", "secrets", "--format", "json"),
        tools.kingfisher("--no-dedup"),
        tools.detect_secrets(),
    ]
    said = {}
    for command in commands:
        report = root.parent / f"{command.name}.out"
        measure.cost(command, where=root, environment=environment, output=report)
        named = findings.places(command.name, report, root)
        said[command.name] = {labels.beside.get(place, place) for place in named}
    print(
        f"\n{name} tree: {len(_kinds(labels.leaks.values()))} kinds in {len(_contexts(labels))} contexts:"
        f" {len(labels.leaks)} leaks; {len(labels.decoys)} lines of decoys"
    )
    _show_totals(said, labels)
    _show_contexts(said, labels)
    _show_misses(said, labels)
    _show_alarms(said, labels)


def _kinds(leaks: Iterable[tuple[str, str]]) -> set[str]:
    return {kind for kind, _ in leaks}


def _contexts(labels: Labels) -> list[str]:
    return list(dict.fromkeys(context for _, context in labels.leaks.values()))


def _show_totals(said: Mapping[str, set[Place]], labels: Labels) -> None:
    print(f"\n  {'':<16} {'found':>6} {'of':>5} {'recall':>8} {'kinds':>6} {'false':>6} {'precision':>10}")
    for tool, places in said.items():
        found = places & labels.leaks.keys()
        false = len(places - labels.leaks.keys())
        whole = len(_kinds(labels.leaks[place] for place in found))
        print(
            f"  {tool:<16} {len(found):6} {len(labels.leaks):5} {len(found) / len(labels.leaks):8.1%} {whole:6} {false:6}"
            f" {len(found) / max(len(found) + false, 1):10.1%}   {_promised(tool, found, labels)}"
        )


def _promised(tool: str, found: set[Place], labels: Labels) -> str:
    """How many of the kinds that the tool documents, where the tree says which these are."""
    own = {kind for kind, tools in labels.documented.items() if tool in tools}
    promised = {place for place, (kind, _) in labels.leaks.items() if kind in own}
    if not promised:
        return ""
    return f"of {len(own)} kinds it documents: {len(found & promised)} of {len(promised)} ({len(found & promised) / len(promised):.1%})"


def _show_contexts(said: Mapping[str, set[Place]], labels: Labels) -> None:
    whole = Counter(context for _, context in labels.leaks.values())
    print(f"\n  found by context  {' '.join(f'{context:>10}' for context in whole)}")
    for tool, places in said.items():
        found = Counter(labels.leaks[place][1] for place in places if place in labels.leaks)
        print(f"  {tool:<16}  {' '.join(f'{found[context]:10}' for context in whole)}")
    print(f"  {'of':<16}  {' '.join(f'{count:10}' for count in whole.values())}")


def _show_misses(said: Mapping[str, set[Place]], labels: Labels) -> None:
    """Where the tree says which kinds a tool documents, of these alone."""
    print("\n  kinds of which some are missed")
    for tool, places in said.items():
        missed = Counter(kind for place, (kind, _) in labels.leaks.items() if place not in places)
        asked = [kind for kind in missed if not labels.documented or tool in labels.documented[kind]]
        many = [f"{kind} {missed[kind]}" for kind in asked if missed[kind] > _LOUD]
        few = [f"{kind} {missed[kind]}" for kind in asked if missed[kind] <= _LOUD]
        print(f"  {tool:<16} {', '.join(many) or 'none'}; fewer: {', '.join(few) or 'none'}")


def _show_alarms(said: Mapping[str, set[Place]], labels: Labels) -> None:
    print("\n  false alarms by family of decoys")
    for tool, places in said.items():
        families = Counter(labels.decoys.get(place, "ordinary lines") for place in places - labels.leaks.keys())
        print(f"  {tool:<16} {', '.join(f'{name} {count}' for name, count in sorted(families.items())) or 'none'}")
