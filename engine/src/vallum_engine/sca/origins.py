"""How vulnerable packages came in. Nothing is worked out for a lockfile without one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.graph import NOT_SAID, Graph, Origin, Ways, joined
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles import ECOSYSTEMS, GRAPHS, KNOWS_DEV, MANIFESTS, format_of, graph_of, hashes_of
from vallum_engine.sca.lockfiles.entry import Asking, Hashes
from vallum_engine.values import replace

MOST_KEPT = 64 << 20
"""Bytes of lockfiles kept until it is known which of them hold what is vulnerable."""


_DEVELOPMENT = frozenset({"build", "dev", "test"})


class Book:
    """What one lockfile says: by its graph, and by the marks on its entries where the graph has no answer."""

    def __init__(
        self,
        form: str,
        packages: Sequence[Package],
        graph: Graph | None = None,
        *,
        path: str = "",
        asking: Sequence[Asking] = (),
    ) -> None:
        self.graph = graph
        """Who asks for whom; None where the file does not say."""
        self._form = form
        ecosystem = ECOSYSTEMS[form]
        self._asked = {normalised(ecosystem, name) for own in asking for name, _ in (*own.wants, *own.dev)}
        self._ways = Ways(graph, project=path, fold=self.fold) if graph else None
        self._entries: dict[tuple[str, str], list[Package]] = {}
        for package in packages:
            name = normalised(package.ecosystem, package.name)
            self._entries.setdefault((name, package.version), []).append(package)

    def fold(self, name: str) -> str:
        """One of the spellings of a name."""
        return normalised(ECOSYSTEMS[self._form], name)

    def origin(self, name: str, version: str) -> Origin:
        way = self._ways.of(name, version) if self._ways else NOT_SAID
        entries = self._entries.get((self.fold(name), version), ())
        if not self._ways and self._asked:
            way = replace(way, direct=self.fold(name) in self._asked)
        marked = joined(Origin(direct=entry.direct, dev=_development(self._form, entry)) for entry in entries)
        return replace(
            way,
            direct=marked.direct if way.direct is None else way.direct,
            dev=marked.dev if way.dev is None else way.dev,
        )


class Origins:
    """Keeps lockfiles as they were read, and reads again those that turn out to matter."""

    def __init__(self, asking: Callable[[str], Sequence[Asking]] = lambda _: (), most: int = MOST_KEPT) -> None:
        """`asking` says what the manifests ask for that a lockfile answers."""
        self._asking = asking
        self._most = most
        self._kept: dict[str, File] = {}
        self._size = 0
        self._books: dict[str, Book] = {}
        self.beyond: list[str] = []
        """Lockfiles with findings that were not kept: their findings are told without a way."""

    def keep(self, file: File) -> None:
        if format_of(file.path) in GRAPHS and self._size + len(file.data) <= self._most:
            self._size += len(file.data)
            self._kept[file.path] = file

    def told(self, findings: Iterable[Finding], packages: Mapping[str, Sequence[Package]]) -> Iterator[Finding]:
        """The findings, each with what its lockfiles say of its package. `packages` are those of each path."""
        books = self._books
        known: dict[tuple[str, str, tuple[str, ...]], Origin] = {}
        for finding in findings:
            package = finding.package
            if not package:
                yield finding
                continue
            paths = tuple(dict.fromkeys(place.path for place in finding.locations))
            for path in paths:
                if path not in books:
                    books[path] = self.book(path, packages.get(path, ()))
            key = (package.name, package.version, paths)
            if key not in known:
                known[key] = joined(books[path].origin(package.name, package.version) for path in paths)
            yield replace(finding, package=known[key].on(package))
        self._kept.clear()

    def graph(self, path: str) -> Graph | None:
        """After `told`: who asks for whom in a lockfile with findings; None where it does not say."""
        book = self._books.get(path)
        return book.graph if book else None

    def hashes(self, path: str) -> Hashes:
        """What the lockfile says of the archives of its entries, while it is kept: to be asked before `book`."""
        file = self._kept.get(path)
        try:
            return hashes_of(format_of(path), file) if file else {}
        except BrokenData:
            return {}

    def book(self, path: str, packages: Sequence[Package]) -> Book:
        """What the lockfile at `path` says of its entries, which are `packages`; it is let go of."""
        file, form, asking = self._kept.pop(path, None), format_of(path), self._asking(path)
        if file is None:
            if form in GRAPHS:
                self.beyond.append(path)
            return Book(form, packages, asking=asking)
        try:
            return Book(form, packages, graph_of(form, file, asking), path=path)
        except BrokenData:
            return Book(form, packages, asking=asking)


def _development(form: str, package: Package) -> bool | None:
    """By an entry's groups: those of Poetry are development's, but for its main one and what an extra asks for."""
    if form == "sbom":
        return True if _DEVELOPMENT & {*package.groups} else None
    if form not in KNOWS_DEV and form not in MANIFESTS:
        return None
    groups = set(package.groups) - {"bundled"}
    if form == "poetry":
        return bool(groups - {"optional"})
    if groups and groups <= _DEVELOPMENT:
        return True
    return False if not groups or (form == "npm" and groups == {"optional"}) else None
