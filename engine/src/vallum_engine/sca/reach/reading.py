"""One pass over the code of a tree: who imports what, what is named elsewhere, and what keeps both from being known."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from vallum_engine.detector import Tree
from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.plugins import load
from vallum_engine.sca.reach import settings
from vallum_engine.sca.reach.modules import LANGUAGES, Index
from vallum_engine.sca.reach.scopes import Scopes
from vallum_engine.sca.reach.sides import Side, side
from vallum_engine.sca.reach.words import finder, may_name, place_of
from vallum_engine.syntax.code import MOST_BYTES, Code, Lines, Reader, language_of
from vallum_engine.values import made, mutable

MOST_PLACES = 5
"""Places of a package that are told; when production has so many, no further file is read for it."""
MOST_COMPUTED = 1000
MOST_UNREAD = 1000

_COMPUTING = {
    "python": rb"import_(?:module|string)|__import__|run_module|resolve_name|find_spec|entry_points?\b|(?:Extension|Driver)Manager",
    "javascript": rb"\b(?:require|import)\s{0,9}\(\s{0,9}[^\s'\"./]",
    "golang": rb"plugin\.Open",
    "java": rb"\bforName\b|\bloadClass\b|\bServiceLoader\b",
}
_BUILT_LINE = 300
"""Letters a line, on the whole: a bundler's output, which brings its packages with it."""
_BUILT_BYTES = 20_000


@mutable
class Uses:
    """Where own code names a package, within the folder of one lockfile or outside of all."""

    production: set[Location] = made(factory=set)
    support: set[Location] = made(factory=set)
    named: Location | None = None
    """Where production names it without importing it: in a text, in settings."""


@mutable
class Seen:
    """What the code of one ecosystem says."""

    uses: dict[tuple[str, str | None], Uses] = made(factory=dict)
    """By package and by the folder of the lockfile that it is from there; None where no lockfile above lists it."""
    computed: list[Location] = made(factory=list)
    """Production code that loads what no text names."""
    unread: list[str] = made(factory=list)

    def of(self, package: str, folder: str | None) -> Uses:
        return self.uses.get((package, folder)) or Uses()

    def noted(self, package: str, folder: str | None) -> Uses:
        return self.uses.setdefault((package, folder), Uses())


class Reading:
    """Reads files of one ecosystem's language, and remembers what they say of the packages in `index`."""

    def __init__(
        self, ecosystem: str, index: Index, scopes: Scopes, asked: Sequence[str], folders: Collection[str]
    ) -> None:
        """`asked` are the packages for whose sake a file is read, and `folders` those whose code is of interest."""
        self.seen = Seen()
        self.language = LANGUAGES[ecosystem]
        self._ecosystem = ecosystem
        self._index = index
        self._scopes = scopes
        self._read: Reader = load(f"vallum_engine.syntax.{self.language}:read")
        self._aliases = settings.Aliases()
        self._words: list[tuple[str, str]] = sorted({(word, name) for name in asked for word in self._spelled(name)})
        self._folders = frozenset(folders)
        self._beginnings = tuple(sorted({word.lower() for word, _ in self._words}))
        self._find = finder([word for word, _ in self._words], [_COMPUTING[self.language]])

    def _spelled(self, package: str) -> Iterator[str]:
        """The words that stand in a file which names the package."""
        found = self._index.modules[package]
        for name in found.names:
            # Of a guess the last part: the first is a word that half of a tree may have.
            yield name.split(".")[0 if found.sure else -1] if self._ecosystem == "PyPI" else name
        if self._ecosystem in ("PyPI", "npm"):
            yield package

    def take(self, file: File) -> None:
        if language_of(file.path) == self.language:
            self._code(file)
        elif len(file.data) <= settings.MOST_BYTES:
            self._settings(file)

    def _code(self, file: File) -> None:
        data = file.data
        if self.language == "javascript" and len(data) > _BUILT_BYTES and data.count(b"\n") * _BUILT_LINE < len(data):
            return
        if len(data) > MOST_BYTES:
            self._unread(file.path)
            return
        own = side(file.path, self.language)
        if not self._open(self._find(data), file):
            return
        code = self._read(data)
        if not code.whole:
            self._unread(file.path)
        if code.apart:
            own = Side.SUPPORT
        self._imports(file.path, code, own)
        if own is Side.PRODUCTION:
            if code.computed and len(self.seen.computed) < MOST_COMPUTED:
                self.seen.computed.append(_at(file.path, code.computed))
            self._texts(file, code)

    def _open(self, found: Collection[int], file: File) -> bool:
        """Whether a file with these words can say something new."""
        if any(number >= len(self._words) for number in found):
            return True
        lowered = b""
        for number in found:
            word, package = self._words[number]
            if self._news(package, file.path):
                lowered = lowered or file.data.lower()
                if may_name(lowered, word.lower().encode(), self.language):
                    return True
        return False

    def _news(self, package: str, path: str) -> bool:
        """Whether it would say something new that this file imports the package."""
        folder = self._scopes.folder_of(package, path)
        asked = folder is None or folder in self._folders
        return asked and len(self.seen.of(package, folder).production) < MOST_PLACES

    def _imports(self, path: str, code: Code, own: Side) -> None:
        for name, line in code.imports:
            if self.language == "javascript" and self._aliases.means(name, path):
                continue
            for package in self._index.packages(name):
                uses = self.seen.noted(package, self._scopes.folder_of(package, path))
                places = uses.production if own is Side.PRODUCTION else uses.support
                if len(places) < MOST_PLACES:
                    places.add(_at(path, line))

    def _texts(self, file: File, code: Code) -> None:
        """Names that stand in texts: of a setting's list, of a driver."""
        lines: Lines | None = None
        for word, start in code.bare.words():
            if not word.lower().startswith(self._beginnings) and "+" not in word and "://" not in word:
                continue
            for package in settings.named(word, self._index, self._ecosystem):
                lines = lines or Lines(file.data)
                self._name(package, _at(file.path, lines.of(start)))

    def _settings(self, file: File) -> None:
        if self._aliases.take(file) or side(file.path, "") is not Side.PRODUCTION:
            return
        if file.path.rpartition("/")[2] == "package.json":
            if self._ecosystem == "npm":
                for word, line in settings.started(file):
                    for package in settings.named(word, self._index, self._ecosystem):
                        self._name(package, _at(file.path, line))
            return
        for number in sorted(self._find(file.data)):
            if number < len(self._words) and self._unnamed(self._words[number][1], file.path):
                word, package = self._words[number]
                line = file.data.count(b"\n", 0, max(place_of(word, file.data), 0)) + 1
                self._name(package, _at(file.path, line))

    def _unnamed(self, package: str, path: str) -> bool:
        """Whether it would be news that this file names the package."""
        folder = self._scopes.folder_of(package, path)
        return folder in self._folders and self.seen.of(package, folder).named is None

    def _name(self, package: str, place: Location) -> None:
        uses = self.seen.noted(package, self._scopes.folder_of(package, place.path))
        uses.named = min(uses.named or place, place)

    def missing(self, paths: Iterable[str]) -> None:
        """What the scan could not look at: code of this language, and folders."""
        for path in paths:
            if not path or path.endswith("/") or language_of(path) == self.language:
                self._unread(path)

    def _unread(self, path: str) -> None:
        if len(self.seen.unread) < MOST_UNREAD and side(path, self.language) is Side.PRODUCTION:
            self.seen.unread.append(path)


def read(tree: Tree, readings: Mapping[str, Reading]) -> None:
    """Read what the tree has of these languages, and settings that may name packages. `readings` go by language.

    Raises what the source raises where it cannot be read again.
    """
    asked: list[str] = []
    for path in tree.paths:
        language = language_of(path)
        looked = language in readings if language else settings.wanted(path)
        if looked and side(path, language) is not Side.FOREIGN:
            asked.append(path)
    for reading in readings.values():
        reading.missing(tree.unread)
    # Aliases are known before the imports that use them.
    aliases = [path for path in asked if settings.gives_aliases(path)] if "javascript" in readings else []
    for paths in (aliases, sorted(set(asked) - set(aliases))):
        for file in tree.again(paths) if paths else ():
            language = language_of(file.path)
            for reading in [readings[language]] if language else readings.values():
                reading.take(file)


def _at(path: str, line: int) -> Location:
    return Location(path=path, line=line, end_line=line)
