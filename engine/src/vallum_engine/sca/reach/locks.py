"""What one lockfile's graph makes of who imports what: from the packages that code imports to those that these need."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.naming import normalised
from vallum_engine.values import immutable

Seeds = Mapping[Key, str]
"""Entries, each with what there is to say of it."""


@immutable
class Way:
    """How an entry is got to: the entry that it begins with, and what was said of that one."""

    seed: Key
    said: str


def leads(graph: Graph, seeds: Seeds) -> dict[Key, Way]:
    """Everything that the seeds need, themselves included, each with the nearest of them; breadth first, each want once."""
    found = {key: Way(seed=key, said=said) for key, said in seeds.items() if key in graph.names}
    asked: set[Key] = set()
    queue = list(found)
    for key in queue:
        for want in graph.wants.get(key, ()):
            if want in asked:
                continue
            asked.add(want)
            for answer in graph.answers.get(want, (want,)):
                if answer in graph.names and answer not in found:
                    found[answer] = found[key]
                    queue.append(answer)
    return found


class Lock:
    """The entries of a lockfile by name, and which of them its projects ask for themselves."""

    def __init__(self, ecosystem: str, graph: Graph) -> None:
        self.graph = graph
        self._ecosystem = ecosystem
        self.by_name: dict[str, list[Key]] = {}
        for key, (name, _) in graph.names.items():
            if key not in graph.roots:
                self.by_name.setdefault(normalised(ecosystem, name), []).append(key)
        self.direct = self._direct()

    def _direct(self) -> frozenset[Key]:
        graph = self.graph
        wants = [want for root in graph.roots for of in (graph.wants, graph.dev or {}) for want in of.get(root, ())]
        return frozenset(answer for want in wants for answer in graph.answers.get(want, (want,)))

    @property
    def entrances(self) -> set[str]:
        """The packages that code may import by right: those that a project asks for, and those that nobody asks for by any way."""
        reached = leads(self.graph, dict.fromkeys(self.direct, ""))
        return {
            name
            for name, keys in self.by_name.items()
            if not self.direct.isdisjoint(keys) or any(key not in reached for key in keys)
        }

    def keys(self, name: str, version: str) -> Sequence[Key]:
        """The entries of a name and a version; a graph's own version may be written with a `v`."""
        own = self.by_name.get(name, ())
        return [key for key in own if self.graph.names[key][1].removeprefix("v") == version.removeprefix("v")]

    def imported(self, name: str) -> Iterable[Key]:
        """What an import of this name gets: the entry that a project asks for, where there is one."""
        own = self.by_name.get(name, ())
        return [key for key in own if key in self.direct] or own

    def seeds(self, say: Callable[[str], str], names: Iterable[str]) -> dict[Key, str]:
        """The entries of these names of which there is something to say."""
        return {key: said for name in sorted(names) if (said := say(name)) for key in self.imported(name)}

    def told(self, key: Key) -> str:
        name, version = self.graph.names[key]
        return f"{name} {version}".strip()
