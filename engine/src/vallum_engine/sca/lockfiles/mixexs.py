"""Elixir: `mix.exs`, as far as it says plainly what it asks for. It is a program: it is read, never run.

https://hexdocs.pm/mix/Mix.Tasks.Deps.html. Read are `deps:` of `project`, the functions without arguments that it calls, and
what `++` joins, where lists of tuples stand there. Of anything else is told where it stands.
"""

import re
from collections.abc import Iterator, Mapping

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles import elixir
from vallum_engine.sca.lockfiles.entry import Entry, Left, Member, text_of

TODO = "Mend it: `mix deps` says what is wrong."
MOST_BYTES = 1 << 20
"""A larger one was not written by a person."""
_WORKED_OUT = "what mix.exs works out when it runs is not read"
_EXACT = re.compile(r"\s*(?:==\s*)?(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)\s*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DEV = frozenset({"bench", "ci", "dev", "docs", "lint", "test"})
_PLAIN = frozenset({"atom", "name", "number", "string"})
_OVER = ("end", "def", "defp", "@")
"""What may stand behind what a function gives: the first, or any where it was written as `do:`."""
_TELLING = ("git", "github", "hex")
"""Options that say what the package is."""

_UNKNOWN = "options"
"""Stands for options that are worked out as a whole."""

Options = Mapping[str, tuple[str, ...] | None]
"""By name; None for a value that is worked out."""


def extract(file: File) -> Iterator[Entry]:
    """Yield what the project asks for, but for folders, and a note of what only running it would tell. Raises BrokenData."""
    return _Manifest(file).entries()


class _Manifest:
    def __init__(self, file: File) -> None:
        self._file = file
        self._source = elixir.read(text_of(file, TODO, MOST_BYTES), TODO)
        self._words = self._source.words
        self._functions = dict(self._defined())
        self._seen: set[str] = set()

    def entries(self) -> Iterator[Entry]:
        start = self._functions.get("project")
        if start is None or not self._source.is_at(start, "open", "["):
            if self._words:
                yield self._left(start or 0)
            return
        for key, at, end in self._pairs(start + 1, self._source.ends[start]):
            if key == "app" and self._words[at].kind == "atom":
                yield Member(name=self._words[at].text)
            elif key == "apps_path" and self._words[at].kind == "string":
                yield Member(folder=f"{self._words[at].text}/*")
            elif key == "deps":
                yield from self._sum(at, end)

    def _defined(self) -> Iterator[tuple[str, int | None]]:
        """Functions and where what they give begins; None for those with arguments, or with several clauses."""
        met: set[str] = set()
        for at, word in enumerate(self._words[:-1]):
            if word.kind != "name" or word.text not in ("def", "defp") or self._words[at + 1].kind != "name":
                continue
            name, behind = self._words[at + 1].text, at + 2
            if self._source.is_at(behind, "open", "(") and self._source.ends[behind] == behind + 1:
                behind += 2
            body: int | None = None
            if self._source.is_at(behind, "name", "do"):
                body = behind + 1
            elif self._source.is_at(behind, "mark", ",") and self._source.is_at(behind + 1, "key", "do"):
                body = behind + 2
            yield name, None if name in met else body
            met.add(name)

    def _pairs(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """Keys between two positions, and where their values begin and end."""
        for at, behind in self._source.items(start, end):
            if self._words[at].kind == "key" and at + 1 < behind:
                yield self._words[at].text, at + 1, behind

    def _sum(self, at: int, end: int | None) -> Iterator[Entry]:
        """Lists, and functions that give some, joined by `++`, up to a position or to the end of a function."""
        over = _OVER if self._words[at - 1].kind == "key" else _OVER[:1]
        while at < len(self._words):
            word = self._words[at]
            if self._source.is_at(at, "open", "["):
                for start, behind in self._source.items(at + 1, self._source.ends[at]):
                    yield from self._wish(start, behind)
                at = self._source.ends[at] + 1
            elif word.kind == "name":
                yield from self._called(at)
                at += 1
                if self._source.is_at(at, "open", "("):
                    at = self._source.ends[at] + 1
            else:
                yield self._left(at)
                return
            if not self._source.is_at(at, "mark", "++"):
                if at != end if end is not None else at < len(self._words) and self._words[at].text not in over:
                    yield self._left(at)
                return
            at += 1

    def _called(self, at: int) -> Iterator[Entry]:
        name, behind = self._words[at].text, at + 1
        given = self._source.is_at(behind, "open", "(") and self._source.ends[behind] > behind + 1
        body = None if given else self._functions.get(name)
        if body is None:
            yield self._left(at)
        elif name not in self._seen:
            self._seen.add(name)
            yield from self._sum(body, None)

    def _wish(self, start: int, end: int) -> Iterator[Entry]:
        """An item of the list: `{:name, "~> 1.0", only: :dev}`, or `name: "~> 1.0"`."""
        parts = [(start, start + 1), (start + 1, end)] if self._words[start].kind == "key" else []
        if self._source.is_at(start, "open", "{") and self._source.ends[start] == end - 1:
            parts = list(self._source.items(start + 1, end - 1))
        if len(parts) < 2 or parts[0][1] - parts[0][0] != 1 or self._words[parts[0][0]].kind not in ("atom", "key"):
            yield self._left(start)
            return
        asked, range_end = parts[1]
        requirement, options = "", parts[1:]
        if self._words[asked].kind not in ("key", "open"):
            if range_end - asked != 1 or self._words[asked].kind != "string":
                yield self._left(asked)
                return
            requirement, options = self._words[asked].text, parts[2:]
        yield from self._package(parts[0][0], requirement, self._options(options))

    def _options(self, parts: list[tuple[int, int]]) -> Options:
        found: dict[str, tuple[str, ...] | None] = {}
        for start, end in parts:
            inner = self._source.is_at(start, "open", "[") and self._source.ends[start] == end - 1
            if not inner and self._words[start].kind != "key":
                found[_UNKNOWN] = None
            for key, at, behind in self._pairs(start + inner, end - inner):
                found[key] = self._values(at, behind)
        return found

    def _values(self, at: int, end: int) -> tuple[str, ...] | None:
        if end - at == 1 and self._words[at].kind in _PLAIN:
            return (self._words[at].text,)
        if not self._source.is_at(at, "open", "[") or self._source.ends[at] != end - 1:
            return None
        items = list(self._source.items(at + 1, end - 1))
        plain = all(behind - start == 1 and self._words[start].kind in _PLAIN for start, behind in items)
        return tuple(self._words[start].text for start, _ in items) if plain else None

    def _package(self, at: int, requirement: str, options: Options) -> Iterator[Entry]:
        if "path" in options or options.get("in_umbrella") == ("true",):
            return
        if any(options.get(key, ()) is None for key in (*_TELLING, "only", "ref", _UNKNOWN)):
            yield self._left(at)
        told = {key: (options.get(key) or ("",))[0] for key in (*_TELLING, "ref")}
        if any(key in options and not told[key] for key in _TELLING):
            return  # whose it is, is worked out
        line, only = self._words[at].line, options.get("only") or ()
        address = told["git"] or (f"https://github.com/{told['github']}" if told["github"] else "")
        exact = None if address else _EXACT.fullmatch(requirement)
        yield Package(
            ecosystem="Hex",
            name=told["hex"] or self._words[at].text,
            version=exact[1] if exact else "",
            location=Location(path=self._file.path, line=line, end_line=line),
            direct=True,
            groups=("dev",) if only and _DEV.issuperset(only) else (),
            requested=address or requirement or "*",
            commit=told["ref"] if _COMMIT.fullmatch(told["ref"]) else "",
        )

    def _left(self, at: int) -> Left:
        return Left(line=self._words[min(at, len(self._words) - 1)].line, why=_WORKED_OUT)
