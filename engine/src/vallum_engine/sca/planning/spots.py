"""Where a manifest says which version it wants, found by the line that its reader tells.

What is found is a guess until the file was read again with the change in it (`certainty.py`): that is what makes an edit certain,
for every format alike.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles import format_of
from vallum_engine.sca.lockfiles.requirements import is_elsewhere

STYLE_OF: Mapping[str, str] = {
    "actions": "actions",
    "cargotoml": "cargo",
    "composer_json": "composer",
    "gemspec": "rubygems",
    "gomod": "go",
    "gradle_build": "maven",
    "gradle_catalog": "maven",
    "msbuild": "nuget",
    "packagejson": "npm",
    "packages_config": "nuget",
    "pipfilewish": "poetry",
    "pom": "maven",
    "pyproject": "poetry",
    "requirements": "pep440",
    "setupcfg": "pep440",
    "setuppy": "pep440",
}
"""Formats whose lines are edited, each with the style of its ranges (`ranges.STYLES`)."""

_TOGETHER = {"msbuild": (".props", ".targets"), "pom": ("pom.xml",)}
_ENDS: Mapping[str, re.Pattern[str]] = {
    "cargotoml": re.compile(r"\s*\["),
    "gradle_catalog": re.compile(r"\s*\["),
    "msbuild": re.compile(r".*(?:/>|</Package|</GlobalPackage)"),
    "pipfilewish": re.compile(r"\s*\["),
    "pom": re.compile(r".*</dependency>"),
    "pyproject": re.compile(r"\s*\["),
}
"""What ends that which begins in a line and goes on in the next ones."""
_MOST_LINES = 30
_REFERENCE = re.compile(
    r"\$\{\s*([\w.-]+)\s*\}|\$\(\s*([\w.-]+)\s*\)|\$(\w+)|version\.ref\s*=\s*[\"']([^\"']+)[\"']|versionRef\(?\s*[\"']([^\"']+)"
)
_COMMENT = re.compile(r"(?:^|\s)(?:#|//)|<!--")
_WORD = re.compile(r"[\w.-]+")
_ELEMENT = re.compile(r"<([\w.-]+)>\s*+([^<\s]++)\s*+</\1>")
_GIVEN = re.compile(r"(?<![\w.])([\w.]++)[\"']?\s*+=\s*+[\"']([^\"'\n]*+)[\"']")
_HASHED = "--hash"
MOST_BYTES = 2 << 20
"""A larger manifest is not edited; people's have a hundredth of it."""
_MOST_LETTERS = 2000
"""A longer line is no line that a person wrote."""


class Spot(NamedTuple):
    """A range as it stands in a file: letters from `start` to `end` of its text."""

    path: str
    start: int
    end: int
    quote: str
    """The mark that stands before it, empty where none does."""


class Texts:
    """The texts of manifests, and where their lines begin. What is no UTF-8, or too large, has none and is not edited."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = files
        self._texts: dict[str, str] = {}
        self._starts: dict[str, list[int]] = {}
        self._around: dict[str, list[str]] = {}
        self._words: dict[str, dict[str, list[int]]] = {}
        self._given: dict[str, dict[str, list[tuple[int, int, str]]]] = {}

    def of(self, path: str) -> str:
        if path not in self._texts:
            file = self._files.get(path)
            try:
                self._texts[path] = file.data.decode("utf-8-sig") if file and len(file.data) <= MOST_BYTES else ""
            except UnicodeDecodeError:
                self._texts[path] = ""
        return self._texts[path]

    def line(self, path: str, at: int) -> int:
        """The line of a letter."""
        self.start(path, 1)
        return bisect_right(self._starts[path], at)

    def start(self, path: str, line: int) -> int:
        """Where a line begins; the end of the text for one that is not there."""
        if path not in self._starts:
            ends = re.finditer("\r\n|\n|\r" if format_of(path) == "requirements" else "\n", self.of(path))
            self._starts[path] = [0, *(found.end() for found in ends)]
        starts = self._starts[path]
        return starts[line - 1] if 0 < line <= len(starts) else len(self.of(path))

    def lines(self, path: str, line: int) -> Iterator[tuple[int, str]]:
        """The line and those after it, each with the place where it begins."""
        for number in range(line, line + _MOST_LINES):
            start, end = self.start(path, number), self.start(path, number + 1)
            if start == end:
                return
            yield start, self.of(path)[start:end][:_MOST_LETTERS]

    def naming(self, path: str, name: str) -> Sequence[int]:
        """The first lines that have this word."""
        if path not in self._words:
            words: dict[str, list[int]] = {}
            for found in _WORD.finditer(self.of(path)):
                own = words.setdefault(found[0].lower(), [])
                if len(own) < _MOST_LINES:
                    own.append(self.line(path, found.start()))
            self._words[path] = words
        return self._words[path].get(name.lower(), ())

    def given(self, path: str) -> Mapping[str, Sequence[tuple[int, int, str]]]:
        """What the file gives a text, by name: where each text begins and ends, and the text."""
        if path not in self._given:
            given: dict[str, list[tuple[int, int, str]]] = {}
            for expression in (_ELEMENT, _GIVEN):
                for found in expression.finditer(self.of(path)):
                    names = {found[1], found[1].rpartition(".")[2]}
                    for name in names:
                        given.setdefault(name, []).append((found.start(2), found.end(2), found[2]))
            self._given[path] = given
        return self._given[path]

    def around(self, path: str) -> Sequence[str]:
        """Files of the same format that say something for this one: in its folder and those above, the nearest first."""
        endings = _TOGETHER.get(format_of(path), ())
        folder = path.rpartition("/")[0]
        if folder not in self._around:
            by_folder: dict[str, list[str]] = {}
            for other in sorted(self._files):
                if endings and other.endswith(endings):
                    by_folder.setdefault(other.rpartition("/")[0], []).append(other)
            found, at = list(by_folder.get(folder, ())), folder
            while at:
                at = at.rpartition("/")[0]
                found += by_folder.get(at, ())
            self._around[folder] = found
        return [other for other in self._around[folder] if other != path]


def spots(texts: Texts, path: str, package: Package) -> Iterator[Spot]:
    """Where the version of `package`, which a reader found in the manifest at `path`, may stand; the likeliest first."""
    form, written = format_of(path), package.requested or package.version
    if form not in STYLE_OF or not written:
        return
    name = _spelled(package)
    if form == "requirements" and _is_one_file(texts, path, package.location.line):
        return
    block = list(_block(texts, path, package.location.line, form))
    yield from _in_block(path, block, name, written)
    alike = (path, *texts.around(path)) if form in _TOGETHER else (path,)
    for other in alike if form in _TOGETHER else ():
        for line in texts.naming(other, name):
            own = list(_block(texts, other, line, form))
            yield from _in_block(other, own, name, written)
            block += own
    for reference in dict.fromkeys(_references(block)):
        for other in alike:
            yield from _defined(texts, other, reference, written)


def _spelled(package: Package) -> str:
    if package.ecosystem == "Go" and package.name == "stdlib":
        return "go"
    return package.name.rpartition(":")[2] if package.ecosystem == "Maven" else package.name


def _is_one_file(texts: Texts, path: str, line: int) -> bool:
    """Whether pip is told the very file, by its address or its digest: another version has another."""
    for _, text in texts.lines(path, line):
        if _HASHED in text or is_elsewhere(text.strip()):
            return True
        if not text.rstrip().endswith("\\"):
            return False
    return False


def _block(texts: Texts, path: str, line: int, form: str) -> Iterator[tuple[int, str]]:
    end = _ENDS.get(form)
    for count, (start, text) in enumerate(texts.lines(path, line)):
        if count and (end is None or (end.match(text) and text.lstrip().startswith("["))):
            return
        yield start, text
        if end and end.match(text) and not text.lstrip().startswith("["):
            return


def _in_block(path: str, block: Sequence[tuple[int, str]], name: str, written: str) -> Iterator[Spot]:
    named = False
    expression = _whole(written)
    for start, text in block:
        at = 0
        if not named:
            found = text.lower().find(name.lower())
            if found < 0:
                continue
            named, at = True, 0 if name.lower() in written.lower() else found + len(name)
        comment = _COMMENT.search(text, at)
        if hit := expression.search(text, at, comment.start() if comment else len(text)):
            yield Spot(path, start + hit.start(), start + hit.end(), _quote(text, hit.start()))
            return


def _whole(written: str) -> re.Pattern[str]:
    """Exactly these letters, and not a part of a longer version."""
    before = r"(?<![\d.])" if written[0].isdigit() else ""
    after = r"(?![\w.+-])" if written[-1].isalnum() else ""
    return re.compile(before + re.escape(written) + after)


def _quote(text: str, at: int) -> str:
    return text[at - 1] if at and text[at - 1] in "\"'" else ""


def _references(block: Sequence[tuple[int, str]]) -> Iterator[str]:
    for _, text in block:
        for found in _REFERENCE.findall(text):
            yield from filter(None, found)


def _defined(texts: Texts, path: str, name: str, written: str) -> Iterator[Spot]:
    """`<name>1.0</name>`, `name = "1.0"`, `ext.name = '1.0'`, where the file says it once."""
    for key in dict.fromkeys((name, name.rpartition(".")[2])):
        found = [place for place in texts.given(path).get(key, ()) if place[2] == written]
        if len(found) == 1:
            yield Spot(path, found[0][0], found[0][1], "")
