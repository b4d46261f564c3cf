"""Who asks for whom, and how a package came in: the shortest way from a project to it.

A *want* is what an entry asks for, as its file writes it; `answers` says once who may answer it. So a hundred thousand
entries that ask for one name with a hundred thousand versions cost a line each, and every walk is linear in the file.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import chain

from vallum_engine.model.finding import PackageRef
from vallum_engine.model.text import printable
from vallum_engine.values import immutable, made, replace

MOST_STEPS = 20
FIRST_STEPS = 10
"""Of a longer way the first ten steps and the last ten are told, and how many are left out between them."""
MOST_STEP = 300

Key = Hashable
_ROOT = ("root",)


@immutable
class Graph:
    """What one lockfile or bill of materials says of its entries. What names nobody (a cut file, a hostile one) is passed over."""

    names: Mapping[Key, tuple[str, str]]
    """Name and version of each entry; of a project its name, where it has one."""
    wants: Mapping[Key, Iterable[Key]]
    answers: Mapping[Key, Sequence[Key]] = made(factory=dict)
    """A want that does not stand here is an entry's key itself."""
    roots: Sequence[Key]
    dev: Mapping[Key, Iterable[Key]] | None = None
    """What projects want for development alone; None where the file does not part it."""
    whole: bool = True
    """Whether projects say all that they want: then what they do not want is transitive."""


@immutable
class Origin:
    """How a package came in. None and nothing where the file does not say."""

    direct: bool | None = None
    dev: bool | None = None
    path: tuple[str, ...] = ()
    """From the project to the package, names with versions, at most MOST_STEPS."""
    cut: int = 0
    """Steps left out after the first FIRST_STEPS."""

    def on(self, package: PackageRef) -> PackageRef:
        return replace(package, direct=self.direct, dev=self.dev, path=self.path, cut=self.cut)


NOT_SAID = Origin()


@immutable(kw_only=False)
class _Step:
    above: Key
    depth: int
    head: Key
    """The last of the first FIRST_STEPS on the way here: a long way is told without walking it."""


def rootless(
    names: Mapping[Key, tuple[str, str]],
    wants: Mapping[Key, Iterable[Key]],
    answers: Mapping[Key, Sequence[Key]],
    *,
    project: str = "",
    perhaps: Iterable[Key] = (),
) -> Graph:
    """The graph of a file that leaves its project out: what no other entry wants, the project must. `perhaps` counts as wanted."""
    asking: dict[Key, Key] = dict.fromkeys(perhaps, _ROOT)
    for key, own in wants.items():
        for want in own:
            asking[want] = key if asking.get(want, key) == key else _ROOT
    wanted = {answer for want, by in asking.items() for answer in answers.get(want, (want,)) if answer != by}
    return Graph(
        names={_ROOT: (project, ""), **names},
        wants={_ROOT: [key for key in names if key not in wanted], **wants},
        answers=answers,
        roots=(_ROOT,),
        whole=False,
    )


def steps(graph: Graph, *, dev: bool) -> dict[Key, _Step]:
    """The step before each entry on a shortest way to it, nearest entries first; breadth first, each want looked at once."""
    found = {root: _Step(root, 0, root) for root in graph.roots}
    extra = graph.dev if dev and graph.dev else {}
    asked: set[Key] = set()
    queue = list(found)
    for key in queue:
        depth = found[key].depth + 1
        for want in chain(graph.wants.get(key, ()), extra.get(key, ())):
            if want in asked:
                continue
            asked.add(want)
            for answer in graph.answers.get(want, (want,)):
                if answer in graph.names and answer not in found:
                    found[answer] = _Step(key, depth, answer if depth < FIRST_STEPS else found[key].head)
                    queue.append(answer)
    return found


class Ways:
    """The origins of the entries of one graph, which is walked once or, where it parts development, twice."""

    def __init__(self, graph: Graph, *, project: str, fold: Callable[[str], str] = str) -> None:
        """`project` names what the file leaves without a name; `fold` makes one name of its spellings."""
        self.graph = graph
        self._project = project
        self._roots = frozenset(graph.roots)
        self._fold = fold
        self._walks = [steps(graph, dev=False)]
        if graph.dev:
            self._walks.append(steps(graph, dev=True))
        self._named = [self._by_name(walk) for walk in self._walks]

    def of(self, name: str, version: str) -> Origin:
        """Of the nearest entry of this name and version."""
        return self._origin([named.get((self._fold(name), version)) for named in self._named])

    def of_key(self, key: Key) -> Origin:
        return self._origin([key if key in walk and walk[key].depth else None for walk in self._walks])

    def _by_name(self, walk: Mapping[Key, _Step]) -> dict[tuple[str, str], Key]:
        found: dict[tuple[str, str], Key] = {}
        for key, step in walk.items():
            if step.depth:
                name, version = self.graph.names[key]
                found.setdefault((self._fold(name), version), key)
        return found

    def _origin(self, keys: Sequence[Key | None]) -> Origin:
        """`keys` are those of the entry in each walk: found without development's wants, it is needed in production."""
        met = [number for number, key in enumerate(keys) if key is not None]
        if not met:
            return NOT_SAID
        walk, key = self._walks[met[0]], keys[met[0]]
        path, cut = self._path(walk, key)
        direct = any(self._walks[number][keys[number]].depth == 1 for number in met)
        return Origin(
            direct=True if direct else False if self.graph.whole else None,
            dev=None if self.graph.dev is None else met[0] == 1,
            path=path,
            cut=cut,
        )

    def _path(self, walk: Mapping[Key, _Step], key: Key) -> tuple[tuple[str, ...], int]:
        cut = max(walk[key].depth + 1 - MOST_STEPS, 0)
        if not cut:
            return self._climb(walk, key, MOST_STEPS), 0
        first = self._climb(walk, walk[key].head, FIRST_STEPS)
        return (*first, *self._climb(walk, key, MOST_STEPS - FIRST_STEPS)), cut

    def _climb(self, walk: Mapping[Key, _Step], key: Key, most: int) -> tuple[str, ...]:
        told = [self._told(key)]
        while len(told) < most and walk[key].depth:
            key = walk[key].above
            told.append(self._told(key))
        return tuple(reversed(told))

    def _told(self, key: Key) -> str:
        name, version = self.graph.names[key]
        text = printable(f"{name} {version}".strip() or (self._project if key in self._roots else "(unnamed)"))
        return text if len(text) <= MOST_STEP else text[: MOST_STEP - 1] + "…"


def joined(origins: Iterable[Origin]) -> Origin:
    """Of one package in several places: direct if anywhere, for development only if everywhere, by the shortest way there is."""
    every = list(origins)
    best = min((origin for origin in every if origin.path), key=_nearness, default=NOT_SAID)
    return replace(
        best,
        direct=_any({origin.direct for origin in every}),
        dev=_all({origin.dev for origin in every}),
    )


def _nearness(origin: Origin) -> tuple[bool, int, tuple[str, ...]]:
    return origin.dev is True, len(origin.path) + origin.cut, origin.path


def _any(said: set[bool | None]) -> bool | None:
    return True if True in said else False if said == {False} else None


def _all(said: set[bool | None]) -> bool | None:
    return False if False in said else True if said == {True} else None
