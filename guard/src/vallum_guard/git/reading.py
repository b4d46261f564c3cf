"""Reading a repository that lies on this machine: plumbing alone, without network, the repository read-only.

A repository is data of a stranger even where its folder is ours: its configuration names programs (pagers, filters,
monitors, signature checkers) and other folders. Plumbing asks for none of them, and in the sandbox nothing else is there.
"""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

from vallum_guard import sandbox
from vallum_guard.errors import NoRepository
from vallum_guard.git import command
from vallum_guard.sandbox import Mechanism, Outcome, Sandbox

_MIB: Final = 1024 * 1024
_SHORT: Final = 64 * 1024
_DEEPEST: Final = 5
_POINTER: Final = b"gitdir: "
_READING: Final = (
    "advice.graftFileDeprecated=false",
    "core.bigFileThreshold=16m",
    "core.deltaBaseCacheLimit=128m",
    "core.packedGitLimit=512m",
    "core.packedGitWindowSize=16m",
)
_ENVIRONMENT: Final = {"GIT_ALLOW_PROTOCOL": "", "GIT_GRAFT_FILE": "/dev/null", "GIT_OPTIONAL_LOCKS": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run of git may cost."""

    seconds: float = 3600.0
    memory_bytes: int = 4096 * _MIB
    output_bytes: int = 64 * 1024 * _MIB


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Where a repository keeps itself."""

    git: Path
    """HEAD and the index: of a linked work tree its own folder."""
    shared: Path
    """Objects and refs."""
    lenders: tuple[Path, ...] = ()
    """Folders of objects in other repositories, which this one reads as its own."""
    index: Path | None = None
    """An index within `git` to read instead of its own: while git commits, the next commit is in another file."""

    @cached_property
    def mechanism(self) -> Mechanism:
        """The best isolation of this machine. Without any the repository is read all the same: it is the caller's own."""
        return sandbox.isolation().mechanism

    @property
    def shallow(self) -> bool:
        """Whether its history was cut off when it was cloned."""
        return bool(_text(self.shared / "shallow"))

    @property
    def partial(self) -> bool:
        """Whether a server kept objects back, which git would want to fetch when it is asked for them."""
        return any((self.shared / "objects" / "pack").glob("*.promisor"))

    @property
    def wide(self) -> bool:
        """Whether its objects are named by SHA-256."""
        return b"sha256" in _text(self.shared / "config").lower()

    def run(
        self,
        *arguments: str,
        take: Callable[[bytes], object],
        stdin: bytes | BinaryIO | None = None,
        limits: Limits | None = None,
    ) -> Outcome:
        """Run a plumbing command; its output goes to `take` in pieces. An outcome that is not ok ended early."""
        allowed = limits or Limits()
        index = {"GIT_INDEX_FILE": str(self.index)} if self.index else {}
        around = Sandbox(
            read_only=(*command.installation(), *dict.fromkeys((self.git, self.shared, *self.lenders))),
            environment={**command.environment(), **_ENVIRONMENT, **index, "GIT_DIR": str(self.git)},
            folder=self.git,
            limits=sandbox.Limits(
                seconds=allowed.seconds,
                cpu_seconds=int(allowed.seconds) + 1,
                memory_bytes=allowed.memory_bytes,
                stdout_bytes=allowed.output_bytes,
            ),
            mechanism=self.mechanism,
        )
        settings = tuple(word for setting in _READING for word in ("-c", setting))
        words = ("git", *command.options(network=False), *settings, *arguments)
        return sandbox.run(words, sandbox=around, stdin=stdin, stdout=take)

    def output(self, *arguments: str, stdin: bytes | None = None, most: int = 64 * _MIB) -> tuple[bytes, Outcome]:
        """The same, the output in memory: for what is short."""
        pieces: list[bytes] = []
        outcome = self.run(*arguments, take=pieces.append, stdin=stdin, limits=Limits(output_bytes=most))
        return b"".join(pieces), outcome


def opened(folder: Path) -> Repository:
    """The repository whose top folder this is, bare or with a work tree.

    Raises NoRepository, which names the top where the folder lies inside of a repository, and GitUnusable.
    """
    command.program()
    top = Path(os.path.realpath(folder))
    git = _git_folder(top)
    if git is None:
        above = next((place for place in top.parents if _git_folder(place)), None)
        where = f"it lies inside of one: name its top folder, {above}" if above else "name the folder of a repository"
        raise NoRepository(f"{folder} is no git repository: {where}.")
    named = _text(git / "commondir").strip()
    shared = Path(os.path.realpath(git / os.fsdecode(named))) if named else git
    if not _is_git(git, shared):
        raise NoRepository(f"{folder} is no whole git repository: {git} holds no HEAD or no objects.")
    return Repository(git=git, shared=shared, lenders=_lenders(shared / "objects"))


def _git_folder(top: Path) -> Path | None:
    inner = top / ".git"
    if inner.is_dir():
        return Path(os.path.realpath(inner))
    pointer = _text(inner)
    if pointer.startswith(_POINTER):
        return Path(os.path.realpath(top / os.fsdecode(pointer.removeprefix(_POINTER).strip(b"\r\n"))))
    return top if _is_git(top, top) else None


def _is_git(git: Path, shared: Path) -> bool:
    # HEAD may be a link, as old versions made it, to a branch without a commit.
    return os.path.lexists(git / "HEAD") and (shared / "objects").is_dir() and (shared / "refs").is_dir()


def _lenders(objects: Path) -> tuple[Path, ...]:
    """What `info/alternates` names, and what is named there. Only folders called `objects`: nothing else can be one."""
    found: dict[Path, None] = {}
    waiting: Sequence[Path] = (objects,)
    for _ in range(_DEEPEST):
        named: list[Path] = []
        for place in waiting:
            for line in _text(place / "info" / "alternates").splitlines():
                other = Path(os.path.realpath(place / os.fsdecode(line)))
                if line and not line.startswith(b"#") and other.name == "objects" and other.is_dir():
                    named.append(other)
        waiting = [place for place in dict.fromkeys(named) if place not in found]
        found |= dict.fromkeys(waiting)
    return tuple(found)


def _text(path: Path) -> bytes:
    """The start of a plain file, or nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return b""
    try:
        return os.read(descriptor, _SHORT) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)
