"""What the next commit would bring: contents of the index that differ from HEAD's, whatever lies in the work tree."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace as changed
from pathlib import Path

from vallum.errors import Misuse, Unreachable
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.text import printable, size
from vallum_engine.sources import ignores
from vallum_engine.sources.content import READ_BINARY, is_binary
from vallum_engine.sources.limits import Limits
from vallum_engine.sources.objects import Objects
from vallum_engine.sources.versions import shown
from vallum_engine.values import immutable
from vallum_guard.git import Repository
from vallum_guard.sandbox import Outcome

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_WIDE_EMPTY_TREE = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
_IGNORE = b":.vallumignore"
_PORTION = 64 << 20
_MODES = {b"120000": "symbolic link", b"160000": "submodule"}


@immutable(kw_only=False)
class _Change:
    path: bytes
    mode: bytes
    object: bytes
    status: bytes


def staged(repository: Repository, limits: Limits, *, honour_ignores: bool) -> Iterator[File | Skipped]:
    """Each staged file, in git's order. Raises Unreachable where git cannot read the index."""
    repository = changed(repository, index=_committing(repository))
    changes = _changes(repository)
    if len(changes) > limits.files:
        raise Misuse(f"More than {limits.files:,} files are staged: commit in parts, or raise --max-files.")
    sizes, ignore = _sizes(repository, changes)
    hides = _rules(repository, ignore) if honour_ignores else ignores.below(b"", "")
    asked: list[_Change] = []
    together = 0
    for change, length in zip(changes, sizes, strict=True):
        item = _left_out(change, length, limits, hides)
        if item:
            yield item
            continue
        if asked and together + length > _PORTION:
            yield from _files(repository, asked)
            asked, together = [], 0
        asked.append(change)
        together += length
    yield from _files(repository, asked)


def _committing(repository: Repository) -> Path | None:
    """The index that git tells its hooks of (`commit --all`, `commit FILE`), if it is one of this repository."""
    named = os.environ.get("GIT_INDEX_FILE", "")
    path = Path(os.path.realpath(named))
    return path if named and path.parent == repository.git and path.is_file() else None


def _left_out(change: _Change, length: int, limits: Limits, hides: Callable[[bytes], str]) -> Skipped | None:
    path = shown(change.path)
    if why := hides(change.path):
        return Skipped(path, why, covered=True, hidden=True)
    if change.status == b"U":
        return Skipped(path, "in conflict: it has no content until the merge is settled")
    if change.mode in _MODES:
        return Skipped(path, _MODES[change.mode], covered=True)
    if length < 0:
        return Skipped(path, "missing in the repository")
    limit = limits.of(path.rpartition("/")[2])
    return Skipped(path, f"larger than {size(limit)}: {size(length)}") if length > limit else None


def _changes(repository: Repository) -> list[_Change]:
    born, _ = repository.output("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    base = "HEAD" if born else _WIDE_EMPTY_TREE if repository.wide else _EMPTY_TREE
    listed, outcome = repository.output("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", base)
    _require(outcome)
    words = listed.split(b"\0")
    found = []
    for record, path in zip(words[::2], words[1::2], strict=False):
        _, mode, _, name, status = record.split()
        if status != b"D":
            found.append(_Change(path, mode, name, status))
    return found


def _sizes(repository: Repository, changes: Sequence[_Change]) -> tuple[list[int], bool]:
    """The size of each, -1 where it is missing, and whether there is an ignore file."""
    asked = b"".join(name + b"\n" for name in (*(change.object for change in changes), _IGNORE))
    said, outcome = repository.output("cat-file", "--batch-check", "--buffer", stdin=asked)
    _require(outcome)
    *sizes, ignore = (_size(line.split()) for line in said.splitlines())
    return sizes, ignore >= 0


def _size(fields: Sequence[bytes]) -> int:
    return int(fields[2]) if len(fields) == 3 and fields[2].isdigit() else -1


def _rules(repository: Repository, ignore: bool) -> Callable[[bytes], str]:  # noqa: FBT001 - one fact, asked once
    data = repository.output("cat-file", "blob", _IGNORE.decode())[0] if ignore else b""
    return ignores.below(data, ".vallumignore")


def _files(repository: Repository, asked: Sequence[_Change]) -> Iterator[File | Skipped]:
    items: list[File | Skipped] = []

    def take(number: int, _kind: str, _size: int, content: bytes | None) -> None:
        path = shown(asked[number].path)
        if content is None:
            items.append(Skipped(path, "missing in the repository"))
        elif (binary := is_binary(content)) and path.rpartition("/")[2] not in READ_BINARY:
            items.append(Skipped(path, "binary", covered=True))
        else:
            items.append(File(path, content, binary))

    if asked:
        objects = Objects(take, most=_PORTION * 2)
        names = b"".join(change.object + b"\n" for change in asked)
        _require(repository.run("cat-file", "--batch", "--buffer", stdin=names, take=objects.feed))
    yield from items


def _require(outcome: Outcome) -> None:
    if not outcome.ok:
        raise Unreachable(f"The staged files cannot be read: {printable(outcome.said)}.")
