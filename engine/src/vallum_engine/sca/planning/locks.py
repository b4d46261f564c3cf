"""One lockfile as a plan needs it: which manifests ask for a package, which entries do, and through what the project got them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.model.graph import Ways
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles import ECOSYSTEMS, GRAPHS, format_of, graph_of
from vallum_engine.sca.lockfiles.entry import Asking
from vallum_engine.sca.planning.asks import READERS, Ask, unaliased
from vallum_engine.sca.planning.ranges import STYLES, admits
from vallum_engine.sca.planning.spots import STYLE_OF
from vallum_engine.sca.workspaces import PEER

MOST_ASKS = 1000
"""Entries that ask for one package, of which the ranges are looked at; a graph that was made to hurt has a hundred thousand."""

MOST_COMPARED = 300_000
"""Ranges that are held against versions, in one lockfile. Beyond, what its ranges say counts as not said."""


_MORE = Ask("", "", "", "")
"""Stands for what more there is."""


class Lock:
    """What stands in it is read when it is asked for, once."""

    def __init__(
        self,
        path: str,
        file: File | None,
        *,
        wished: Mapping[str, Sequence[Package]],
        asking: Sequence[Asking] = (),
        names: frozenset[str] = frozenset(),
    ) -> None:
        """`wished` is what each manifest asks for that it answers; `names` are those of the packages that are planned for."""
        self.path = path
        self.form = format_of(path)
        self._file = file
        self._asking = asking
        self._ecosystem = ECOSYSTEMS[self.form]
        self._names = frozenset(self.fold(name) for name in names)
        self._wished: dict[str, list[tuple[str, Package]]] = {}
        for manifest, packages in sorted(wished.items()):
            for package in packages if format_of(manifest) in STYLE_OF else ():
                if PEER not in package.groups:
                    self._wished.setdefault(self.fold(package.name), []).append((manifest, package))
        self._asks: dict[str, dict[str, list[Ask]]] | None = None
        """By name and range."""
        self._compared = 0
        self._ways: Ways | None = None
        self._read = False

    def fold(self, name: str) -> str:
        plain = normalised(self._ecosystem, name)
        return plain.lower() if self._ecosystem in {"Packagist", "NuGet"} else plain

    @property
    def is_later_yarn(self) -> bool:
        return self._file is not None and b"\n__metadata:" in self._file.data[:2000]

    def wishes(self, name: str, version: str) -> list[tuple[str, Package]]:
        """The manifests that ask for it, each with what it says, as far as that leads to this version."""
        found = self._wished.get(self.fold(name), [])
        return [(path, own) for path, own in found if self._admits(path, own, version) is not False]

    def kept_out(self, name: str, to: str) -> list[tuple[str, Package]]:
        """The manifests that ask for it by a range that does not let `to` in."""
        return [wish for wish in self._wished.get(self.fold(name), ()) if self._admits(*wish, to) is False]

    def is_behind(self, name: str, version: str, to: str) -> bool:
        """Whether every manifest that asks for it does so already by a range that keeps this version out and lets the other in."""
        found = self._wished.get(self.fold(name), [])
        told = [(self._admits(path, own, version), self._admits(path, own, to)) for path, own in found]
        return bool(told) and all(each == (False, True) for each in told)

    def lets_in(self, wish: tuple[str, Package], version: str) -> bool | None:
        return self._admits(*wish, version)

    @staticmethod
    def _admits(path: str, own: Package, version: str) -> bool | None:
        style = STYLES[STYLE_OF[format_of(path)]]
        return admits(style, unaliased("", own.requested or own.version)[1], version)

    def asks(self, name: str, version: str, to: str) -> list[tuple[Ask, bool | None]] | None:
        """The entries whose ranges lead to this version, each with whether it keeps `to` out.

        None where the file holds no ranges, or more than are looked at.
        """
        self._open()
        if self._asks is None:
            return None
        style = STYLES[READERS[self.form][0]]
        own = self._asks.get(self.fold(name), {})
        count = sum(map(len, own.values()))
        self._compared += count
        if self._compared > MOST_COMPARED:
            return None
        found: list[tuple[Ask, bool | None]] = [(_MORE, None)] if count >= MOST_ASKS else []
        for written, asks in own.items():
            if admits(style, written, version) is not False:
                told = admits(style, written, to)
                found += [(ask, None if told is None else not told) for ask in asks]
        return found

    def top(self, name: str, version: str) -> str:
        """What the project asks for on a shortest way to an entry, itself perhaps; empty where nobody says."""
        self._open()
        path = self._ways.of(name, version).path if self._ways else ()
        return path[1].rpartition(" ")[0] if len(path) > 1 else ""

    def direct(self, name: str, version: str) -> bool | None:
        self._open()
        return self._ways.of(name, version).direct if self._ways else None

    def _open(self) -> None:
        """A file that broke off was no file of the scan's, so nothing is lost where one breaks here."""
        if self._read or self._file is None:
            return
        self._read = True
        try:
            if self.form in READERS:
                self._asks = self._ranges(self._file)
            if self.form in GRAPHS:
                self._ways = Ways(graph_of(self.form, self._file, self._asking), project=self.path, fold=self.fold)
        except (BrokenData, RecursionError):
            self._asks = None

    def _ranges(self, file: File) -> dict[str, dict[str, list[Ask]]]:
        found: dict[str, dict[str, list[Ask]]] = {}
        seen: set[tuple[str, str, str]] = set()
        count: Counter[str] = Counter()
        for ask in READERS[self.form][1](file):
            name = self.fold(ask.name)
            if name in self._names and count[name] < MOST_ASKS and (name, ask.by, ask.range) not in seen:
                seen.add((name, ask.by, ask.range))
                count[name] += 1
                found.setdefault(name, {}).setdefault(ask.range, []).append(ask)
        return found
