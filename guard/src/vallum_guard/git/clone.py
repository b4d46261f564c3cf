"""Cloning what strangers point at: two runs of git in a sandbox, the first with the guard's proxy, the second with nothing."""

import json
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from os import scandir
from pathlib import Path
from time import monotonic
from typing import Any, Final

from vallum_guard import sandbox
from vallum_guard.errors import CloneFailed, RepositoryEmpty, SandboxUnavailable, TooLarge, TooSlow
from vallum_guard.git import command
from vallum_guard.git.address import Origin
from vallum_guard.git.complaints import explain
from vallum_guard.http import Route
from vallum_guard.inner import checkout
from vallum_guard.proxy import ConnectProxy
from vallum_guard.proxy import Limits as ProxyLimits
from vallum_guard.removal import remove_quietly
from vallum_guard.sandbox import Mechanism, Sandbox

_MIB: Final = 1024 * 1024
_BETWEEN_MEASURES: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a clone may cost. Files above `blob_bytes` are left out, and listed; any other limit ends it.

    The filter needs a server that knows it; another one sends the large files, which then count as any other.
    """

    seconds: float = 300.0
    blob_bytes: int = 20 * _MIB
    transfer_bytes: int = 1024 * _MIB
    disk_bytes: int = 2048 * _MIB
    files: int = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What arrived. `bytes` and `files` count the work tree.

    `left_out` names the files that were too large and, ending in `/`, the submodules.
    """

    commit: str
    branch: str
    bytes: int
    files: int
    left_out: tuple[str, ...]
    mechanism: Mechanism


def clone(
    origin: Origin,
    destination: Path,
    *,
    route: Route,
    limits: Limits | None = None,
    mechanism: Mechanism | None = None,
    progress: Callable[[str], object] | None = None,
) -> Checkout:
    """Brings a branch's newest commit (with `history` all commits of every branch and tag) to `destination`, which must not exist yet.

    Symbolic links come out as plain files, submodules not at all (they are in `left_out`). Raises a GuardError that says what happened;
    then `destination` does not exist either: what git fetched without finishing has been checked by nobody.
    """
    target = origin.validate(opening=route.opening)
    command.program()
    job = _Job(
        url=target.url,
        host=target.host,
        folder=destination.absolute(),
        limits=limits or Limits(),
        mechanism=_able(mechanism),
        deadline=monotonic() + (limits or Limits()).seconds,
    )
    destination.mkdir(mode=0o700)
    try:
        job.fetch(origin, route=route, progress=progress or _unheard)
        facts = job.check_out()
        size, files = job.measure()
    except BaseException:
        remove_quietly(destination)
        raise
    return Checkout(
        commit=facts["commit"],
        branch=facts["branch"],
        bytes=size,
        files=files,
        left_out=tuple(facts["left_out"]),
        mechanism=job.mechanism,
    )


def _unheard(_line: str) -> None:
    pass


def _able(mechanism: Mechanism | None) -> Mechanism:
    found = mechanism or sandbox.isolation().mechanism
    if not found.own_network:
        known = sandbox.isolation()
        raise SandboxUnavailable(
            f"Repositories are cloned only with an empty network around git, which {found.value} cannot give here"
            f" ({known.reason or 'a stronger isolation is available'}). {known.advice}"
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    url: str
    host: str
    folder: Path
    limits: Limits
    mechanism: Mechanism
    deadline: float

    def fetch(self, origin: Origin, *, route: Route, progress: Callable[[str], object]) -> None:
        bundle = command.authorities(route.authorities)
        carried = ProxyLimits(total_bytes=self.limits.transfer_bytes, seconds=self.limits.seconds)
        arguments = command.clone_arguments(
            self.url,
            self.folder,
            branch=origin.branch,
            blob_bytes=self.limits.blob_bytes,
            history=origin.history,
        )
        credential = origin.credential
        target = origin.validate(opening=route.opening)
        with ConnectProxy(route=route, purpose="clone", limits=carried, only={self.host}) as proxy:
            around = Sandbox(
                read_only=(bundle, *command.installation()),
                writable=self.folder,
                folder=Path("/"),
                proxy=proxy.path,
                environment=command.environment(bundle=bundle),
                handed=command.configuration(target, credential) if credential else None,
                limits=self._sandbox_limits(),
                mechanism=self.mechanism,
            )
            conceal = credential.conceal if credential else str
            outcome = sandbox.run(
                arguments, sandbox=around, stderr_line=lambda line: progress(conceal(line)), watch=self._quota()
            )
        if not outcome.ok:
            raise explain(self.url, replace(outcome, stderr_tail=conceal(outcome.stderr_tail)), proxy.problems)

    def check_out(self) -> dict[str, Any]:
        """Without network, so that nothing a repository says can make git fetch more."""
        around = Sandbox(
            read_only=command.installation(),
            writable=self.folder,
            environment=command.environment(),
            limits=self._sandbox_limits(),
            mechanism=self.mechanism,
        )
        pieces: list[bytes] = []
        program = (sys.executable, "-I", "-S", "-B", checkout.__file__, *command.options(network=False))
        outcome = sandbox.run(program, sandbox=around, stdout=pieces.append, watch=self._quota())
        if not outcome.ok:
            raise explain(self.url, outcome, ())
        facts: dict[str, Any] = json.loads(b"".join(pieces))
        if not facts["commit"]:
            raise RepositoryEmpty(
                f"{self.url} is empty: push a first commit (or check that this is the repository's address)."
            )
        return facts

    def _sandbox_limits(self) -> sandbox.Limits:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TooSlow(f"Cloning {self.url} took longer than the {self.limits.seconds:.0f} seconds allowed.")
        return sandbox.Limits(
            seconds=left,
            cpu_seconds=int(self.limits.seconds) * 2 + 1,
            memory_bytes=4096 * _MIB,
            file_bytes=self.limits.transfer_bytes,
            tmp_bytes=64 * _MIB,
        )

    def _quota(self) -> Callable[[], str | None]:
        """Asked five times a second, looks every two: a large tree takes a while to count."""
        next_look = monotonic() + _BETWEEN_MEASURES

        def exceeded() -> str | None:
            nonlocal next_look
            if monotonic() < next_look:
                return None
            over = self._over(*_measure((self.folder,), self.limits))
            next_look = monotonic() + _BETWEEN_MEASURES
            return over

        return exceeded

    def _over(self, size: int, files: int) -> str | None:
        if size > self.limits.disk_bytes:
            return f"it needs more than the {self.limits.disk_bytes} bytes of disk allowed"
        if files > self.limits.files:
            return f"it has more than the {self.limits.files} files allowed"
        return None

    def measure(self) -> tuple[int, int]:
        """Counts the work tree; refuses when it and git's own folder together are over the limit."""
        if over := self._over(*_measure((self.folder,), self.limits)):
            raise TooLarge(f"Cloning {self.url} stopped: {over}.")
        inner = self.folder / ".git"
        if not inner.is_dir() or inner.is_symlink():
            raise CloneFailed(f"{self.url} left no git folder behind: try again.")
        return _measure([Path(each.path) for each in scandir(self.folder) if each.name != ".git"], self.limits)


def _measure(places: Sequence[Path], limits: Limits) -> tuple[int, int]:
    """Bytes and files below these places, following no link; stops counting above the limits."""
    size = files = 0
    waiting = [str(place) for place in places]
    while waiting and size <= limits.disk_bytes and files <= limits.files:
        place = waiting.pop()
        try:
            facts = Path(place).lstat()
            if stat.S_ISDIR(facts.st_mode):
                with scandir(place) as entries:
                    waiting += [entry.path for entry in entries]
            else:
                size += facts.st_size
                files += 1
        except OSError:
            continue  # git removed it meanwhile
    return size, files
