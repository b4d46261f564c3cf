"""The history of a repository: every content that a ref reaches, once, by git's plumbing in the guard's sandbox."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.finding import Commit
from vallum_engine.model.report import Report
from vallum_engine.model.text import size
from vallum_engine.secrets.past import Past, Sighting
from vallum_engine.sources.content import is_binary
from vallum_engine.sources.objects import Objects
from vallum_engine.sources.versions import Limits, Versions, shown, tree, written
from vallum_engine.values import immutable
from vallum_guard.errors import GuardError
from vallum_guard.git import Repository

MESSAGES = ".git/commit-messages/"
TAGS = ".git/tags/"
_MOST_RESTARTS = 100
_MOST_TREES = 100
_DEEPEST_TAG = 10
_MISSING = "missing (a version in the history)"
_PROGRESS_EVERY = 256
_CHANGES = ("-z", "--raw", "-c", "--root", "-r", "--no-abbrev", "--no-renames", "--always", "--format=%H %at")
_TAGGER = re.compile(rb"^tagger .*> (-?\d+)", re.MULTILINE)
_BROKEN_REF = re.compile(r"broken ref (\S+)")

Hides = Callable[[bytes], str]
"""Why a path of the repository is left out by choice, or nothing."""
Progress = Callable[[int, int, int], None]


class _Enough(Exception):
    """A limit on the whole was met."""


@immutable(kw_only=False)
class _Tag:
    """An annotated tag: its id, its moment, what it points to."""

    id: bytes
    date: str
    kind: bytes
    target: bytes
    message: bytes


@dataclass(kw_only=True)
class Walk:
    """One walk through the history of one repository."""

    repository: Repository
    past: Past
    limits: Limits
    span: str = ""
    """`A..B`: only what these commits wrote; empty for everything that a ref or HEAD reaches."""
    hides: Hides
    known: frozenset[bytes] = frozenset()
    """Objects in which no rule has anything to look at: they are not read again."""
    opaque: frozenset[bytes] = frozenset()
    """Objects that are no text."""
    progress: Progress
    idle: list[bytes] = field(default_factory=list)
    binary: list[bytes] = field(default_factory=list)
    """What was read and turned out to be such."""
    tags: dict[str, _Tag] = field(default_factory=dict)
    odd: list[tuple[bytes, str]] = field(default_factory=list)
    """Objects that a ref points to without a commit, each with the path to show."""

    def run(self, report: Report) -> Report:
        """The report, joined with what the history holds. What could not be looked at is in its coverage."""
        versions = Versions(self.limits)
        try:
            self._look(versions)
        except (GuardError, UnreadableSource, _Enough) as error:
            self.past.unread("", f"the history was not looked through to its end: {error}", failed=True)
        return self.past.joined(
            report, lambda number, path: self._commit(versions, number, path), commits=len(versions.commits)
        )

    def _look(self, versions: Versions) -> None:
        if self.repository.shallow and not self.span:
            self.past.unread("", "a shallow clone: what came before is not here (git fetch --unshallow brings it)")
        if not self.span:
            self._refs()
        self._changes(versions, self._commits())
        if versions.left_out:
            self.past.unread("", f"{versions.left_out:,} versions beyond the first {self.limits.files:,}")
        head = versions.known(name for name, _ in self._tree("HEAD", quiet=True))
        missing = versions.known(self._kept_back()) if self.repository.partial else frozenset[int]()
        _Reading(self, versions, head, missing).run()

    def _kept_back(self) -> Iterator[bytes]:
        """Objects that a partial clone does not have: git would end where it is asked for one and may not fetch it."""
        listed, _ = self.repository.output("rev-list", "--objects", "--all", "--missing=print", most=1 << 31)
        return (line[1:] for line in listed.splitlines() if line.startswith(b"?"))

    def _commit(self, versions: Versions, number: int, path: str) -> Commit:
        tag = self.tags.get(path.removeprefix(TAGS)) if path.startswith(TAGS) else None
        if tag:
            return Commit(id=tag.id.decode(), date=tag.date, path=path)
        return versions.commit(number, path)

    def _commits(self) -> bytes:
        """The ids of the commits, a line each, newest first and no commit before its children."""
        most = f"--max-count={self.limits.commits + 1}"
        which = ("--end-of-options", self.span) if self.span else ("--ignore-missing", "--all")
        listed, outcome = self.repository.output("rev-list", most, "--date-order", *which, most=1 << 31)
        if not outcome.ok:
            if self.span:
                raise UnreadableSource(f"{self.span}: {outcome.said}")
            self.past.unread("", f"commits are missing: {outcome.said}", failed=True)
            listed, _ = self.repository.output("rev-list", most, "--no-walk=sorted", "--stdin", stdin=self._present())
        whole = listed[: listed.rfind(b"\n") + 1]
        width = whole.find(b"\n") + 1
        if width and len(whole) > self.limits.commits * width:
            self.past.unread("", f"only the newest {self.limits.commits:,} commits were looked through")
            whole = whole[: self.limits.commits * width]
        return whole

    def _present(self) -> bytes:
        """Every commit that is there, reachable or not: for a repository in which the way to some is missing."""
        form = "--batch-check=%(objecttype) %(objectname)"
        listed, _ = self.repository.output("cat-file", "--batch-all-objects", "--unordered", form, most=1 << 31)
        return b"".join(line[7:] + b"\n" for line in listed.splitlines() if line.startswith(b"commit "))

    def _changes(self, versions: Versions, commits: bytes) -> None:
        width = commits.find(b"\n") + 1
        for _ in range(_MOST_RESTARTS):
            done = len(versions.commits)
            if done * width >= len(commits):
                return
            outcome = self.repository.run(
                "diff-tree", "--stdin", *_CHANGES, stdin=commits[done * width :], take=versions.feed
            )
            if outcome.ok:
                return
            broken = commits[len(versions.commits) * width :][: width - 1]
            why = f"commit {broken[:12].decode()} cannot be compared with its parents: {outcome.said}"
            self.past.unread("", why, failed=True)
            versions.alone(broken, self._tree(broken.decode()))
        self.past.unread(
            "", f"more than {_MOST_RESTARTS} commits cannot be read: the rest was not looked at", failed=True
        )

    def _refs(self) -> None:
        """Note annotated tags, and what else refs point to that is no commit."""
        listed, outcome = self.repository.output("for-each-ref", "--format=%(objectname) %(refname)")
        for name in _BROKEN_REF.findall(outcome.stderr_tail):
            self.past.unread("", f"{name} is broken", failed=True)
        if not outcome.ok:
            self.past.unread("", f"refs cannot be listed: {outcome.said}", failed=True)
        waiting = [(line[:at], shown(line[at + 1 :])) for line in listed.splitlines() if (at := line.find(b" ")) > 0]
        for _ in range(_DEEPEST_TAG):
            waiting = list(self._pointed(waiting))
            if not waiting:
                return
        self.past.unread("", f"{waiting[0][1]}: tags of tags, more than {_DEEPEST_TAG} deep")

    def _pointed(self, waiting: Sequence[tuple[bytes, str]]) -> Iterator[tuple[bytes, str]]:
        met: list[tuple[str, bytes]] = []

        def take(_number: int, kind: str, _size: int, content: bytes | None) -> None:
            met.append((kind, content or b"" if kind == "tag" else b""))

        asked = b"".join(name + b"\n" for name, _ in waiting)
        outcome = self.repository.run(
            "cat-file", "--batch", "--buffer", stdin=asked, take=Objects(take, most=self.limits.file_bytes).feed
        )
        if not outcome.ok:
            self.past.unread("", f"what refs point to cannot be read: {outcome.said}", failed=True)
        for (name, ref), (kind, content) in zip(waiting, met, strict=False):
            label = ref.removeprefix("refs/tags/")
            if kind == "tag":
                tag = _tag(name, content)
                while label in self.tags:
                    label += "^{}"
                self.tags[label] = tag
                if tag.kind != b"commit":
                    yield tag.target, label
            elif kind in ("blob", "tree"):
                self._add_odd(kind, name, label)
            elif not kind:
                self.past.unread("", f"{ref} points to an object that is missing", failed=True)

    def _add_odd(self, kind: str, name: bytes, label: str) -> None:
        if kind == "blob":
            self.odd.append((name, TAGS + label))
        elif len(self.odd) < _MOST_TREES * 1000:
            self.odd.extend((blob, f"{TAGS}{label}/{shown(path)}") for blob, path in self._tree(name.decode()))
        else:
            self.past.unread(f"{TAGS}{label}/", "too many trees without a commit")

    def _tree(self, name: str, *, quiet: bool = False) -> Iterator[tuple[bytes, bytes]]:
        listed, outcome = self.repository.output("ls-tree", "-r", "-z", name, most=1 << 30)
        if not outcome.ok and not (quiet and "Not a valid object name" in outcome.stderr_tail):
            self.past.unread("", f"the tree of {name} cannot be read: {outcome.said}", failed=True)
        return tree(listed)


class _Reading:
    """Asks for the contents in one order, and takes them as they come."""

    def __init__(self, walk: Walk, versions: Versions, head: frozenset[int], missing: frozenset[int]) -> None:
        self.walk = walk
        self.past = walk.past
        self.versions = versions
        self.head = head
        self.missing = missing
        self.left_out = 0
        self.order = [number for number in versions.in_order() if self._wanted(number)]
        self.spent = 0

    def _wanted(self, number: int) -> bool:
        path, name = self._path(number), self.versions.ids[number]
        if path is None:
            self.left_out += 1
        elif name in self.walk.known and not self.past.detector.wants(shown(path)):
            self.past.contents += 1
        elif name in self.walk.opaque:
            self.past.binary += 1
        elif number in self.missing:
            self.past.unread(shown(path), _MISSING, failed=True)
        else:
            return True
        return False

    def _path(self, number: int) -> bytes | None:
        """The newest path of a version that nobody chose to leave out."""
        return next((path for path in self.versions.paths(number) if not self.walk.hides(path)), None)

    def run(self) -> None:
        if self.left_out:
            self.past.unread(
                ".git/", f".vallumignore: {self.left_out:,} versions in the history", covered=True, hidden=True
            )
        names = [self.versions.ids[number] for number in self.order]
        names += [name for name, _ in self.walk.odd]
        names += self.versions.commits
        asked = b"".join(name + b"\n" for name in names)
        width = len(names[0]) + 1 if names else 1
        number = 0
        for _ in range(_MOST_RESTARTS):
            objects = Objects(self.take, most=self.walk.limits.file_bytes, first=number)
            outcome = self.walk.repository.run(
                "cat-file", "--batch", "--buffer", stdin=asked[number * width :], take=objects.feed
            )
            if outcome.ok or objects.number >= len(names):
                break
            self.past.unread(self._place(objects.number), f"cannot be read: {outcome.said}", failed=True)
            number = objects.number + 1
        else:
            self.past.unread(
                "", f"more than {_MOST_RESTARTS} objects cannot be read: the rest was not looked at", failed=True
            )
        self._tags()

    def take(self, number: int, kind: str, length: int, content: bytes | None) -> None:
        if content is None:
            why = f"larger than {size(self.walk.limits.file_bytes)}: {size(length)} (a version in the history)"
            self.past.unread(self._place(number), why if kind else _MISSING, failed=not kind)
        elif kind == "blob":
            self._blob(number, content)
        elif kind == "commit":
            self._message(number - len(self.order) - len(self.walk.odd), content)
        self.spent += length
        if self.spent > self.walk.limits.total_bytes:
            raise _Enough(f"it holds more than {size(self.walk.limits.total_bytes)} (raise --max-bytes)")
        if number % _PROGRESS_EVERY == 0:
            self.walk.progress(self.past.contents, self.past.length, self.past.findings)

    def _blob(self, number: int, content: bytes) -> None:
        if is_binary(content):
            self.past.binary += 1
            if number < len(self.order):
                self.walk.binary.append(self.versions.ids[self.order[number]])
            return
        if number >= len(self.order):
            path = self._place(number)
            self.past.content(content, Sighting(newest=0, oldest=0, newest_path=path, oldest_path=path))
            return
        version = self.order[number]
        if not self.past.content(content, self._sighting(version)):
            self.walk.idle.append(self.versions.ids[version])

    def _sighting(self, version: int) -> Sighting:
        newest, oldest = self.versions.span(version)
        path = self._path(version) or b""
        return Sighting(
            newest=newest,
            oldest=oldest,
            newest_path=shown(path),
            oldest_path=shown(self.versions.paths(version)[1]),
            in_head=version in self.head,
        )

    def _message(self, commit: int, content: bytes) -> None:
        path = MESSAGES + self.versions.commits[commit].decode()
        seen = Sighting(newest=commit, oldest=commit, newest_path=path, oldest_path=path)
        self.past.content(content.partition(b"\n\n")[2], seen)

    def _tags(self) -> None:
        """Their messages; each stands where the commit does to which it was given."""
        wanted = {tag.target for tag in self.walk.tags.values()}
        numbers = {name: number for number, name in enumerate(self.versions.commits) if name in wanted}
        for label, tag in sorted(self.walk.tags.items()):
            number = numbers.get(tag.target, 0)
            path = TAGS + label
            self.past.content(tag.message, Sighting(newest=number, oldest=number, newest_path=path, oldest_path=path))

    def _place(self, number: int) -> str:
        if number < len(self.order):
            return shown(self._path(self.order[number]) or b"")
        number -= len(self.order)
        if number < len(self.walk.odd):
            return self.walk.odd[number][1]
        return MESSAGES + self.versions.commits[number - len(self.walk.odd)].decode("ascii", "replace")


def _tag(name: bytes, content: bytes) -> _Tag:
    head, _, message = content.partition(b"\n\n")
    facts = dict(line.partition(b" ")[::2] for line in reversed(head.split(b"\n")))
    moment = _TAGGER.search(head)
    return _Tag(
        id=name,
        date=written(int(moment[1])) if moment else "",
        kind=facts.get(b"type", b""),
        target=facts.get(b"object", b""),
        message=message,
    )
