"""The syntax of `.gitignore`, which `.vallumignore` shares, matched in linear time: a hostile pattern costs nothing."""

import fnmatch
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from vallum_engine.values import immutable

MAX_BYTES = 1 << 20
ADVISORIES = ".vallum/ignores.toml"
"""The file that ignores advisories, which `vallum_engine.ignores` reads: named here, where every walk of a folder comes by."""
_DEEPEST = 200
_ESCAPED = r"\\(.)"


@immutable
class Pattern:
    """One line. `segments` are matched one by one; `None` stands for `**`, any number of folders."""

    segments: tuple[re.Pattern[str] | None, ...]
    negated: bool
    folders_only: bool
    line: int

    def matches(self, parts: Sequence[str], *, folder: bool) -> bool:
        last = self.segments[-1]
        if (last and not last.match(parts[-1])) or (self.folders_only and not folder):
            return False
        return _match(self.segments, parts)


class IgnoreFile:
    """One ignore file: what it says holds below its own folder.

    `name`: path of the file itself, for messages. `depth`: how many folders lie between the root of the walk and this file's
    folder. `above`: folders between the ignore file and the root of the walk, where the file lies above the root.
    """

    __slots__ = ("above", "depth", "name", "names", "patterns")

    def __init__(
        self, *, name: str, depth: int, patterns: tuple[Pattern, ...] = (), above: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self.depth = depth
        self.patterns = patterns
        self.above = above
        self.names = _names(patterns)

    def verdict(self, parts: Sequence[str], *, folder: bool) -> Pattern | None:
        """The last pattern that speaks about the path (`parts` count from the root of the walk), if any does."""
        if not self.names.match(parts[-1]):
            return None
        own = (*self.above, *parts[self.depth :])
        for pattern in reversed(self.patterns):
            if pattern.matches(own, folder=folder):
                return pattern
        return None


def _names(patterns: Sequence[Pattern]) -> re.Pattern[str]:
    """What the name at a path's end must be like for any pattern to speak: one look instead of a hundred."""
    last = [pattern.segments[-1] for pattern in patterns]
    if None in last:  # `a/**` speaks about any name
        return re.compile("")
    return re.compile("|".join(sorted({segment.pattern for segment in last if segment})) or r"(?!)")


def hidden_by(files: Sequence[IgnoreFile], parts: Sequence[str], *, folder: bool) -> str:
    """`file:line` of what hides this path, or nothing. `files` from the root down: the deepest one that speaks wins.

    Judges this path alone: of its folders the caller asks before it enters them.
    """
    for file in reversed(files):
        pattern = file.verdict(parts, folder=folder)
        if pattern:
            return "" if pattern.negated else f"{file.name}:{pattern.line}"
    return ""


def parse(data: bytes) -> tuple[Pattern, ...]:
    """The patterns of an ignore file; lines that can match nothing are left out, as git does."""
    patterns = []
    text = data[:MAX_BYTES].decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    for number, line in enumerate(text.split("\n"), 1):
        pattern = _pattern(_trimmed(line.removesuffix("\r")), number)
        if pattern:
            patterns.append(pattern)
    return tuple(patterns)


def _trimmed(line: str) -> str:
    """Without trailing spaces, of which an escaped one stays."""
    end = len(line)
    while end and line[end - 1] == " ":
        backslashes = end - 1 - len(line[: end - 1].rstrip("\\"))
        if backslashes % 2:
            break
        end -= 1
    return line[:end]


def _pattern(line: str, number: int) -> Pattern | None:
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    body = line[1:] if negated else line
    folders_only = body.endswith("/")
    body = body.removesuffix("/")
    anchored = "/" in body
    names = body.removeprefix("/").split("/")
    if not all(names) or len(names) > 200 or body.endswith("\\"):
        return None
    try:
        segments = [None if name == "**" else re.compile(_regex(name)) for name in names]
    except re.error:
        return None
    if not anchored:
        segments.insert(0, None)
    return Pattern(segments=tuple(segments), negated=negated, folders_only=folders_only, line=number)


def _regex(name: str) -> str:
    # fnmatch's expressions match each run between stars at its first place and never go back: no pattern is slow.
    escaped = re.sub(_ESCAPED, lambda match: f"[{match[1]}]" if match[1] in "*?[" else match[1], name)
    return fnmatch.translate(escaped.replace("[^", "[!"))


def _match(segments: Sequence[re.Pattern[str] | None], parts: Sequence[str]) -> bool:
    """Whether the segments match all the parts; a table of places reached, so that many `**` cost no more than few."""
    reached = {0}
    last = len(segments) - 1
    for index, segment in enumerate(segments):
        if segment is None:
            first = min(reached) + (index == last)  # `a/**` is what lies in a, not a itself
            reached = set(range(first, len(parts) + 1))
        else:
            reached = {place + 1 for place in reached if place < len(parts) and segment.match(parts[place])}
        if not reached:
            return False
    return len(parts) in reached


def below(data: bytes, name: str) -> Callable[[bytes], str]:
    """What one ignore file at the top of a repository says of paths as git writes them, their folders included."""
    file = IgnoreFile(name=name, depth=0, patterns=parse(data))
    if not file.patterns:
        return _nothing

    @lru_cache(maxsize=4096)
    def folder(parts: tuple[str, ...]) -> str:
        if not parts:
            return ""
        return folder(parts[:-1]) or hidden_by((file,), parts, folder=True)

    def hides(path: bytes) -> str:
        parts = tuple(path.decode("utf-8", "surrogateescape").split("/"))
        if len(parts) > _DEEPEST:
            return ""
        return folder(parts[:-1]) or hidden_by((file,), parts, folder=False)

    return hides


def _nothing(_path: bytes) -> str:
    return ""
