"""From an inventory to a bill of materials: a component for each package, and who asks for whom as the lockfiles say it.

Between the subject and its packages stands a component for each file that names packages, or for the system whose database it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.layer import Layer
from vallum_engine.model.package import Package
from vallum_engine.sbom.bill import CONCLUDED, EXCLUDED, OPTIONAL, REQUIRED, Bill, Component, canonical
from vallum_engine.sca.origins import Book
from vallum_engine.sca.systems.release import Release

MOST_EDGES = 2_000_000
"""Of a whole bill. A hostile lockfile has ten thousand entries that each ask for a name with ten thousand versions."""
_SUBJECT = "subject"
_FACTS = ("arch", "commit", "module", "source", "source_version")
_Named = dict[tuple[str, str], list[str]]


class Assembly:
    """Takes files one by one."""

    def __init__(self) -> None:
        self._components: list[Component] = []
        self._wants: dict[str, list[str]] = {_SUBJECT: []}
        self._edges = 0
        self.beyond: list[str] = []
        """Files of which it is not told who asks for whom, because that is too much."""

    def add(
        self,
        path: str,
        packages: Sequence[Package],
        book: Book,
        *,
        system: Release | None,
        hashes: Mapping[tuple[str, str], tuple[str, ...]],
    ) -> None:
        """A file, its entries, what it says of them, and for a package database the system that it is of."""
        if not packages:
            return
        project = _project(path, system)
        named: _Named = {}
        asked: list[str] = []
        self._components.append(project)
        self._wants[_SUBJECT].append(project.ref)
        for number, package in enumerate(packages):
            origin = book.origin(package.name, package.version)
            digests = hashes.get((package.name, package.version), ())
            one = _component(f"{project.ref} {number}", package, dev=origin.dev, hashes=digests)
            self._components.append(one)
            named.setdefault((book.fold(package.name), package.version), []).append(one.ref)
            if origin.direct is not False:
                asked.append(one.ref)
        edges = self._drawn(book.graph, _Places(book, named, project.ref)) if book.graph else {project.ref: asked}
        if edges is None:
            self.beyond.append(path)
        for ref, wanted in (edges or {}).items():
            self._wants.setdefault(ref, []).extend(wanted)

    def _drawn(self, graph: Graph, places: "_Places") -> dict[str, list[str]] | None:
        """Each edge of the file; None where they are too many."""
        edges: dict[str, list[str]] = {}
        count = 0
        for key, wants in chain(graph.wants.items(), (graph.dev or {}).items()):
            sources = places.of(key)
            for want in wants:
                targets = places.answering(want)
                count += len(targets) * len(sources)
                if self._edges + count > MOST_EDGES:
                    return None
                for source in sources:
                    edges.setdefault(source, []).extend(targets)
        self._edges += count
        return edges

    def bill(self, target: Mapping[str, str], layers: Iterable[Layer], *, incomplete: bool) -> Bill:
        """The whole. Equal scans give equal bills."""
        facts = {f"target:{name}": value for name, value in target.items() if name != "name" and value}
        for layer in layers:
            facts[f"layer:{layer.number:03}"] = layer.name + (" (base image)" if layer.base else "")
        if incomplete:
            facts["incomplete"] = "true"
        subject = Component(
            ref=_SUBJECT,
            name=target.get("name") or ".",
            version=target.get("commit", ""),
            kind="container" if any(name.startswith("layer:") for name in facts) else "application",
            facts=tuple(sorted(facts.items())),
        )
        return canonical(
            Bill(subject=subject, components=tuple(self._components), wants=self._wants, roots=(_SUBJECT,))
        )


class _Places:
    """The references that the keys of one file's graph stand for."""

    def __init__(self, book: Book, named: _Named, project: str) -> None:
        self._book = book
        self._named = named
        self._project = project
        self._known: dict[Key, list[str]] = {}
        self._graph = book.graph or Graph(names={}, wants={}, roots=())
        self._roots = frozenset(self._graph.roots)

    def of(self, key: Key) -> list[str]:
        """What is listed nowhere (a member of a workspace, a folder) is a part of the project."""
        if key in self._roots or key not in self._graph.names:
            return [self._project] if key in self._roots else []
        name, version = self._graph.names[key]
        return self._named.get((self._book.fold(name), version)) or [self._project]

    def answering(self, want: Key) -> list[str]:
        if want not in self._known:
            keys = self._graph.answers.get(want, (want,))
            found = dict.fromkeys(ref for key in keys for ref in self.of(key))
            found.pop(self._project, None)
            self._known[want] = list(found)
        return self._known[want]


def _project(path: str, system: Release | None) -> Component:
    return Component(
        ref=f"file {path}",
        name=system.id if system else path,
        version=system.version if system else "",
        kind="operating-system" if system else "application",
        facts=(("file", path),),
    )


def _component(ref: str, package: Package, *, dev: bool | None, hashes: tuple[str, ...]) -> Component:
    return Component(
        ref=ref,
        name=package.name,
        version=package.version,
        ecosystem=package.ecosystem,
        purl=package.ref.purl,
        scope=_scope(package, dev=dev),
        licences=tuple(filter(None, [package.licence_expression or package.licence or package.licence_found])),
        hashes=hashes,
        places=(package.location,),
        facts=tuple(_facts(package)),
    )


def _scope(package: Package, *, dev: bool | None) -> str:
    if dev:
        return EXCLUDED
    if "optional" in package.groups:
        return OPTIONAL
    return "" if dev is None else REQUIRED


def _facts(package: Package) -> Iterator[tuple[str, str]]:
    """Sorted by name. A wish is what it asks for; a version says more than the range that led to it."""
    names = _FACTS if package.version else (*_FACTS, "requested")
    facts = {name: getattr(package, name) for name in names}
    if package.licence_found and not (package.licence_expression or package.licence):
        facts[CONCLUDED] = "true"
    return ((name, value) for name, value in sorted(facts.items()) if value)
