"""How much of what leaked each tool finds, and how often it cries wolf, by file and line of the labelled trees."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bench import measure, tools
from bench.secrets import corpus, decoys, findings, kinds, published
from bench.secrets.corpus import Corpus, Labels, Place

CORPORA = (
    Corpus(name="labelled", kinds=kinds.kinds(), contexts=kinds.CONTEXTS, decoys=decoys.FAMILIES),
    Corpus(name="published", kinds=published.kinds(), contexts=published.CONTEXTS, decoys=published.FAMILIES),
)
_LOUD = 3
"""Kinds of which a tool misses more lines than this are named one by one."""


def run(scratch: Path, environment: Mapping[str, str]) -> None:
    for each in CORPORA:
        _judge(each, scratch / each.name, environment)


def _judge(each: Corpus, folder: Path, environment: Mapping[str, str]) -> None:
    root = folder / "tree"
    root.mkdir(parents=True)
    labels = corpus.write(root, each)
    commands = [tools.vallum("--only", "secrets", "--format", "json"), tools.kingfisher(), tools.detect_secrets()]
    said = {}
    for command in commands:
        report = folder / f"{command.name}.out"
        measure.cost(command, where=root, environment=environment, output=report)
        named = findings.places(command.name, report, root)
        said[command.name] = {labels.beside.get(place, place) for place in named}
    print(
        f"\n{each.name} tree: {len(each.kinds)} kinds of tokens in {len(each.contexts)} contexts, one a line:"
        f" {len(labels.leaks)} leaks; {len(labels.decoys)} decoys"
    )
    _totals(said, each, labels)
    _contexts(said, each, labels)
    _misses(said, each, labels)
    _alarms(said, labels)


def _totals(said: Mapping[str, set[Place]], each: Corpus, labels: Labels) -> None:
    print(f"\n  {'':<16} {'found':>6} {'of':>5} {'recall':>8} {'kinds':>6} {'false':>6} {'precision':>10}")
    for tool, places in said.items():
        found = places & labels.leaks.keys()
        false = len(places - labels.leaks.keys())
        whole = len({labels.leaks[place][0] for place in found})
        print(
            f"  {tool:<16} {len(found):6} {len(labels.leaks):5} {len(found) / len(labels.leaks):8.1%} {whole:6} {false:6}"
            f" {len(found) / max(len(found) + false, 1):10.1%}   {_promised(tool, found, each, labels)}"
        )


def _promised(tool: str, found: set[Place], each: Corpus, labels: Labels) -> str:
    """How many of the kinds that the tool documents, where the corpus says which these are."""
    own = {kind.id for kind in each.kinds if tool in kind.documented}
    promised = {place for place, (kind, _) in labels.leaks.items() if kind in own}
    if not promised:
        return ""
    return f"of {len(own)} kinds it documents: {len(found & promised)} of {len(promised)} ({len(found & promised) / len(promised):.1%})"


def _contexts(said: Mapping[str, set[Place]], each: Corpus, labels: Labels) -> None:
    print(f"\n  found by context  {' '.join(f'{context:>10}' for context in each.contexts)}")
    for tool, places in said.items():
        found = Counter(labels.leaks[place][1] for place in places if place in labels.leaks)
        print(f"  {tool:<16}  {' '.join(f'{found[context]:10}' for context in each.contexts)}")


def _misses(said: Mapping[str, set[Place]], each: Corpus, labels: Labels) -> None:
    print(
        f"\n  kinds of which a tool that documents them, or any tool where nobody does, misses some of {len(each.contexts)}"
    )
    stated = any(kind.documented for kind in each.kinds)
    for tool, places in said.items():
        missed = Counter(kind for place, (kind, _) in labels.leaks.items() if place not in places)
        asked = [kind.id for kind in each.kinds if missed[kind.id] and (tool in kind.documented or not stated)]
        many = [f"{kind} {missed[kind]}" for kind in asked if missed[kind] > _LOUD]
        few = [f"{kind} {missed[kind]}" for kind in asked if missed[kind] <= _LOUD]
        print(f"  {tool:<16} {', '.join(many) or 'none'}; fewer: {', '.join(few) or 'none'}")


def _alarms(said: Mapping[str, set[Place]], labels: Labels) -> None:
    print("\n  false alarms by family of decoys")
    for tool, places in said.items():
        families = Counter(labels.decoys.get(place, "ordinary lines") for place in places - labels.leaks.keys())
        print(f"  {tool:<16} {', '.join(f'{name} {count}' for name, count in sorted(families.items())) or 'none'}")
