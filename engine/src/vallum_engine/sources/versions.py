"""What the history of a git repository holds: each version of a file once, with the commits that wrote it.

Reads what `git diff-tree --stdin -z --raw -c --root -r --no-abbrev --no-renames --always --format=%H %at` prints for the
commits of `git rev-list --date-order`, newest first. A merge is compared with all of its parents (`-c`), so that what it
took from one of them is counted where it was written, and what it made itself is counted here.
"""

from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.finding import Commit
from vallum_engine.model.text import printable
from vallum_engine.values import immutable

_REGULAR = b"100"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, and written as such
_FIRST_MOMENT, _LAST_MOMENT = -(1 << 62), 1 << 62
_LONGEST_TOKEN = 1 << 20


@immutable
class Limits:
    """Of a history. A version over `file_bytes` is named and left out; the other limits end the walk, and say where."""

    file_bytes: int = 10 << 20
    files: int = 2_000_000
    """Versions of files."""
    total_bytes: int = 64 << 30
    commits: int = 2_000_000


class Versions:
    """A table of some hundred bytes a version. Commits are numbered from 0, the newest; versions as they were met."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.ids: list[bytes] = []
        """Of each version, in hex."""
        self.commits: list[bytes] = []
        self.left_out = 0
        """Versions beyond the limit."""
        self._dates = array("q")
        self._index: dict[bytes, int] = {}
        self._paths: list[bytes] = []
        self._path_index: dict[bytes, int] = {}
        self._newest = array("I")
        self._oldest = array("I")
        self._newest_path = array("I")
        self._oldest_path = array("I")
        self._rest = b""
        self._written = b""
        """A version whose path comes next."""
        self._is_path = False

    def feed(self, piece: bytes) -> None:
        """Take the next piece of what git prints. Raises UnreadableSource for what git never prints."""
        tokens = (self._rest + piece).split(b"\0")
        self._rest = tokens.pop()
        if len(self._rest) > _LONGEST_TOKEN:
            raise UnreadableSource("git names a path of more than a megabyte.")
        for token in tokens:
            if self._is_path:
                self._is_path = False
                if self._written:
                    self._write(self._written, token)
            elif token.startswith((b":", b"\n:")):
                self._is_path = True
                self._written = _new_object(token)
            elif token:
                self._commit(token)

    def _commit(self, token: bytes) -> None:
        name, _, moment = token.partition(b" ")
        self.commits.append(name.strip())
        self._dates.append(_moment(moment))

    def _write(self, name: bytes, path: bytes) -> None:
        commit = len(self.commits) - 1
        if commit < 0:
            raise UnreadableSource("git names a file before any commit.")
        place = self._path_index.get(path)
        if place is None:
            place = self._path_index[path] = len(self._paths)
            self._paths.append(path)
        known = self._index.get(name)
        if known is not None:
            self._oldest[known] = commit
            self._oldest_path[known] = place
        elif len(self.ids) >= self.limits.files:
            self.left_out += 1
        else:
            self._index[name] = len(self.ids)
            self.ids.append(name)
            self._newest.append(commit)
            self._oldest.append(commit)
            self._newest_path.append(place)
            self._oldest_path.append(place)

    def alone(self, name: bytes, files: Iterable[tuple[bytes, bytes]]) -> None:
        """The commit after the last one cannot be compared: it wrote all its files, at no known moment."""
        self._rest, self._is_path = b"", False
        self.commits.append(name)
        self._dates.append(_LAST_MOMENT)
        for version, path in files:
            self._write(version, path)

    def in_order(self) -> Iterable[int]:
        """Every version, all of one path after each other, newest first: git's deltas are made along this order."""
        return sorted(range(len(self.ids)), key=self._newest_path.__getitem__)

    def span(self, version: int) -> tuple[int, int]:
        """The newest and the oldest commit that wrote it."""
        return self._newest[version], self._oldest[version]

    def paths(self, version: int) -> tuple[bytes, bytes]:
        """Where these two wrote it."""
        return self._paths[self._newest_path[version]], self._paths[self._oldest_path[version]]

    def known(self, names: Iterable[bytes]) -> frozenset[int]:
        """Those of the objects named that are versions here."""
        return frozenset(self._index[name] for name in names if name in self._index)

    def commit(self, number: int, path: str) -> Commit:
        return Commit(id=self.commits[number].decode("ascii", "replace"), date=written(self._dates[number]), path=path)


def _new_object(record: bytes) -> bytes:
    """The object that a record of `--raw` leaves behind, where it is a file; `:mode… mode object… object status`."""
    fields = record.split()
    parents = (len(fields) - 3) // 2
    if parents < 1 or len(fields) != 2 * parents + 3:
        raise UnreadableSource("git's list of changes cannot be read.")
    return fields[-2] if fields[parents].startswith(_REGULAR) else b""


def _moment(text: bytes) -> int:
    """Seconds since 1970; authors write into commits what they like, and what is no number is 0."""
    try:
        return min(max(int(text), _FIRST_MOMENT), _LAST_MOMENT)
    except ValueError:
        return 0


def written(seconds: int) -> str:
    """A moment in UTC as ISO 8601, `2026-03-01T12:00:00Z`; empty where the calendar has none."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat() + "Z"
    except OverflowError:
        return ""


def shown(path: bytes) -> str:
    """A path of git's for people: what is no UTF-8 stays visible."""
    return printable(path.decode("utf-8", "surrogateescape"))


def tree(listing: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Object and path of each file that `git ls-tree -r -z` lists."""
    for entry in listing.split(b"\0"):
        facts, tab, path = entry.partition(b"\t")
        fields = facts.split()
        if tab and len(fields) == 3 and fields[0].startswith(_REGULAR):
            yield fields[2], path
