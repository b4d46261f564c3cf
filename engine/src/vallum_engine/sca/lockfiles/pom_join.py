"""What Maven's poms say together: properties, versions and scopes come from parents and from imported lists.

https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html. Texts are filled in where they are
used, after all is inherited, as Maven does.
"""

import posixpath
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping

from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Gap, Left
from vallum_engine.sca.lockfiles.properties import expanded
from vallum_engine.values import immutable, made, mutable

ELSEWHERE = "the parent lies elsewhere, so versions that it gives are not known"
TOO_MANY = "versions are managed in more places than are looked into"
_PROPERTY = re.compile(r"\$\{\s*([^${}\s]+)\s*\}")
_EXACT = re.compile(r"\[?\s*((?=\D*\d)[^\s\[\](),$]+)\s*\]?")
_MOST_PARENTS = 50
_MOST_IMPORTS = 50
"""Lists that import lists that import lists: deeper ones than anybody makes are not followed."""
_WORKED_OUT = "$"
"""Stands for a version that names properties."""
_MOST_STEPS = 2_000_000
"""Imports looked into in one scan; far more than any tree needs, and a bound for one that was made to hurt."""

Key = tuple[str, str]
"""Group and artifact."""


@immutable
class Wish:
    """A `<dependency>`, as it is written."""

    group: str
    artifact: str
    version: str
    scope: str
    optional: bool
    line: int


@mutable
class Pom:
    """What one file says. Texts may name properties: `${revision}`."""

    group: str
    artifact: str
    version: str
    parent: tuple[str, str, str] = ("", "", "")
    """Its group, artifact and version; empty where there is none."""
    parent_path: str = ""
    """Where the parent lies, from this one's folder; a folder means its pom.xml."""
    parent_line: int = 1
    properties: dict[str, str] = made(factory=dict)
    wishes: list[Wish] = made(factory=list)
    managed: dict[Key, Wish] = made(factory=dict)
    imports: list[Wish] = made(factory=list)
    left: list[int] = made(factory=list)
    """The lines of profiles that ask for something and are not on by default."""


@immutable
class _Model:
    """One pom with its parents, the nearest first, and what they all say."""

    chain: tuple[Pom, ...]
    whole: bool
    """Whether the last of them has no parent."""
    said: Mapping[str, str]

    def text(self, written: str) -> str:
        return expanded(written, _PROPERTY, self.said) if "$" in written else written

    def key(self, wish: Wish) -> Key:
        return self.text(wish.group), self.text(wish.artifact)


class Poms:
    """The poms of one scan, by path."""

    def __init__(self, poms: Mapping[str, Pom]) -> None:
        self._poms = poms
        self._steps = 0
        self._models: dict[str, _Model] = {}
        self._known: dict[tuple[str, Key], tuple[str, str]] = {}
        self._managed: dict[int, dict[Key, Wish]] = {}
        self._paths: dict[Key, dict[str, str]] = {}
        for path, pom in poms.items():
            version = pom.version or pom.parent[2]
            own = self._paths.setdefault((pom.group or pom.parent[0], pom.artifact), {})
            own.setdefault(_WORKED_OUT if "$" in version else version, path)

    def entries(self, path: str) -> Iterator[Entry]:
        """The packages that the pom at `path` asks for."""
        pom, model = self._poms[path], self._model(path)
        unknown = False
        for wish in pom.wishes:
            key = model.key(wish)
            if "$" in "".join(key):
                yield Gap(line=wish.line, readable=True)
                continue
            version, scope = self._decided(path, wish, key)
            asked = " ".join(version.split())
            exact = _EXACT.fullmatch(asked)
            unknown = unknown or not exact
            yield Package(
                ecosystem="Maven",
                name=":".join(key),
                version=exact[1] if exact else "",
                location=Location(path=path, line=wish.line, end_line=wish.line),
                direct=True,
                groups=_groups(scope, optional=wish.optional),
                requested=asked,
            )
        if unknown and not model.whole:
            yield Left(line=pom.parent_line, why=ELSEWHERE)
        if unknown and self._steps > _MOST_STEPS:
            yield Left(line=1, why=TOO_MANY)

    def _decided(self, path: str, wish: Wish, key: Key) -> tuple[str, str]:
        """Version and scope, from what is managed where the wish has none."""
        model = self._model(path)
        version, scope = ("", "") if wish.version and wish.scope else self._found(path, key, 0)
        return model.text(wish.version) or version, model.text(wish.scope) or scope

    def _found(self, path: str, key: Key, depth: int) -> tuple[str, str]:
        """What is managed for a package: by the pom and its parents, then by what they import."""
        if (path, key) not in self._known:
            self._known[path, key] = "", ""  # what imports itself by a detour finds nothing new there
            self._known[path, key] = self._looked_up(path, key, depth)
        return self._known[path, key]

    def _looked_up(self, path: str, key: Key, depth: int) -> tuple[str, str]:
        model = self._model(path)
        for pom in model.chain:
            if managed := self._managed_by(pom, model).get(key):
                return model.text(managed.version), model.text(managed.scope)
        for wanted in (wanted for pom in model.chain for wanted in pom.imports):
            self._steps += 1
            if depth > _MOST_IMPORTS or self._steps > _MOST_STEPS:
                break
            at = self._path(*model.key(wanted), model.text(wanted.version))
            if at and (found := self._found(at, key, depth + 1))[0]:
                return found
        return "", ""

    def _managed_by(self, pom: Pom, model: _Model) -> dict[Key, Wish]:
        """By group and artifact, filled in once."""
        if id(pom) not in self._managed:
            self._managed[id(pom)] = {model.key(wish): wish for wish in reversed(pom.managed.values())}
        return self._managed[id(pom)]

    def _model(self, path: str) -> _Model:
        if path not in self._models:
            chain, at = [self._poms[path]], self._parent(path)
            met = {path}
            while at and at not in met and len(chain) < _MOST_PARENTS:
                met.add(at)
                chain.append(self._poms[at])
                at = self._parent(at)
            said = ChainMap(_own(chain), *(pom.properties for pom in chain))
            self._models[path] = _Model(chain=tuple(chain), whole=not any(chain[-1].parent), said=said)
        return self._models[path]

    def _parent(self, path: str) -> str:
        """Where the parent lies; empty where it is not in the tree."""
        pom = self._poms[path]
        group, artifact, version = pom.parent
        if not artifact:
            return ""
        if pom.parent_path:
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), pom.parent_path[:1000]))
            for at in (beside, f"{beside}/pom.xml"):
                if at in self._poms and self._poms[at].artifact == artifact:
                    return at
        return self._path(group, artifact, version)

    def _path(self, group: str, artifact: str, version: str) -> str:
        """The pom of this version, else one whose version is not known here. Where the wanted one is not known, any is it."""
        own = self._paths.get((group, artifact), {})
        if "$" in version:
            return next(iter(own.values()), "")
        return own.get(version) or own.get(_WORKED_OUT, "")


def _own(chain: list[Pom]) -> dict[str, str]:
    """What a pom says of itself, by the names that Maven gives it."""
    pom, parent = chain[0], chain[0].parent
    own = {
        "groupId": pom.group or parent[0],
        "artifactId": pom.artifact,
        "version": pom.version or parent[2],
        "parent.groupId": parent[0],
        "parent.artifactId": parent[1],
        "parent.version": parent[2],
    }
    return {f"{prefix}.{name}": value for prefix in ("project", "pom") for name, value in own.items() if value}


def _groups(scope: str, *, optional: bool) -> tuple[str, ...]:
    groups = {scope} & {"provided", "test"}
    return tuple(sorted(groups | {"optional"} if optional else groups))
