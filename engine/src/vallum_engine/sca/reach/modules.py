"""From the names that code imports to the packages that bring them."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from vallum_engine.model.naming import normalised
from vallum_engine.sca.reach import facts
from vallum_engine.values import immutable

LANGUAGES: Mapping[str, str] = {"Go": "golang", "Maven": "java", "PyPI": "python", "npm": "javascript"}
"""By ecosystem the reader of its imports."""
LONGEST = 12
"""Parts of an imported name that are looked at: no package has a name of more."""


@immutable
class Modules:
    """What imports of a package begin with."""

    names: tuple[str, ...]
    sure: bool = True
    """False where the names are guessed from the package's own, so that to find none of them says nothing."""
    loaded: bool = False
    """Whether it runs without an import: a command, a server, a driver."""


Installed = Mapping[str, tuple[str, ...]]
"""Of installed Python packages, by normalised name: the modules that their metadata lists."""


class Naming:
    """What one ecosystem's packages are called in code."""

    def __init__(self, ecosystem: str, installed: Installed | None = None) -> None:
        self._ecosystem = ecosystem
        self._loaded = facts.loaded(ecosystem)
        self._known: Mapping[str, tuple[str, ...]] = {}
        if ecosystem == "PyPI":
            self._known = {**facts.python(), **(installed or {})}
        elif ecosystem == "Maven":
            self._known = facts.maven()

    def modules(self, name: str) -> Modules:
        plain = normalised(self._ecosystem, name)
        loaded = plain in self._loaded
        if self._ecosystem in ("npm", "Go"):
            return Modules(names=(plain,), loaded=loaded)
        if known := self._known.get(plain):
            return Modules(names=known, loaded=loaded)
        guesses = _python_guesses(plain) if self._ecosystem == "PyPI" else _java_guesses(plain)
        return Modules(names=tuple(guesses), sure=False, loaded=loaded)


def _python_guesses(name: str) -> Iterator[str]:
    """Most packages are imported by their own name, with underscores for dashes, or dots where they share a namespace."""
    yield name.replace("-", "_")
    if "-" in name:
        yield name.replace("-", ".")
        yield name.replace("-", "")
    for affix in ("python-", "py-", "django-"):
        if name.startswith(affix):
            yield name.removeprefix(affix).replace("-", "_")
    for affix in ("-python", "-py"):
        if name.endswith(affix):
            yield name.removesuffix(affix).replace("-", "_")


def _java_guesses(name: str) -> Iterator[str]:
    """Many artifacts have their packages below `group.artifact`; which of a group's packages are whose is not told."""
    group, _, artifact = name.partition(":")
    last = group.rpartition(".")[2]
    parts = [part for part in artifact.split("-") if part]
    if parts and parts[0] == last:
        parts = parts[1:]
    if parts:
        yield ".".join((group, *parts))
    elif group.count("."):
        yield group


def spelled(ecosystem: str, imported: str) -> Iterator[str]:
    """The names that an imported one may be filed under, the longest first."""
    if ecosystem == "npm":
        if name := npm_package(imported):
            yield name
        return
    mark = "/" if ecosystem == "Go" else "."
    parts = (imported.lower() if ecosystem == "PyPI" else imported).split(mark)[:LONGEST]
    for size in range(len(parts), 0, -1):
        yield mark.join(parts[:size])


def npm_package(specifier: str) -> str:
    """The package that a specifier names; empty for what is part of Node or of the project.

    `@scope/name/file`, `name/file`, `npm:name@1/file` (Deno), `loader!name` (webpack), with a query or without.
    """
    text = specifier.rpartition("!")[2].partition("?")[0]
    scheme, colon, rest = text.partition(":")
    if colon:
        if scheme != "npm":
            return ""
        text = rest.lstrip("/")
    if not text or text[0] in "./#~":
        return ""
    parts = text.split("/")
    size = 2 if text[0] == "@" else 1
    name = "/".join(parts[:size])
    if len(parts) < size or name.startswith("@/"):
        return ""
    return name[:at] if colon and (at := name.find("@", 1)) > 0 else name


class Index:
    """Packages by what their imports begin with."""

    def __init__(self, ecosystem: str, naming: Naming, packages: Iterable[str]) -> None:
        """`packages` are names as their ecosystem looks them up."""
        self._ecosystem = ecosystem
        self.modules = {name: naming.modules(name) for name in packages}
        self._by_name: dict[str, list[str]] = {}
        fold: Callable[[str], str] = str.lower if ecosystem == "PyPI" else str
        for package, found in self.modules.items():
            for name in found.names:
                self._by_name.setdefault(fold(name), []).append(package)

    def packages(self, imported: str) -> Iterable[str]:
        """Those that the import may be of: where several names fit, of the longest."""
        for name in spelled(self._ecosystem, imported):
            if found := self._by_name.get(name):
                return found
        return ()
