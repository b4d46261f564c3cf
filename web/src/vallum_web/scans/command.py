"""The `vallum` command, run over something untrusted in a sandbox: what comes out of it is all that the platform sees."""

import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from vallum_guard import sandbox
from vallum_guard.errors import SandboxFailed, SandboxUnavailable
from vallum_guard.git.command import authorities
from vallum_guard.sandbox import RELAY_URL, Level, Limits, Mechanism, Outcome, Sandbox


class NotRunError(Exception):
    """The command never ran, or gave no report; the message says why, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """What the command is given to read, and who takes what it says."""

    stdin: BinaryIO | None = None
    stdout: Callable[[bytes], object]
    stderr_line: Callable[[str], object] | None = None


def isolation() -> sandbox.Isolation:
    return sandbox.isolation()


def mechanism(*, trusted: bool = False) -> Mechanism | None:
    """How it is going to be isolated; None is the best there is. Raises NotRunError where that is not good enough."""
    able = sandbox.isolation()
    if able.level is not Level.NONE:
        return None
    if trusted:
        return Mechanism.NOTHING
    raise NotRunError(f"This machine cannot isolate what is not trusted ({able.reason}). {able.advice}")


def reaches_out() -> bool:
    """Whether a sandbox here can be given a way out that leads to the guard's proxy alone."""
    return sandbox.isolation().mechanism.own_network


def run(
    arguments: Sequence[str],
    *,
    streams: Streams,
    limits: Limits,
    readable: Sequence[Path] = (),
    trusted: bool = False,
    proxy: Path | None = None,
) -> Outcome:
    """Run `vallum` with these arguments; `readable` is all that it sees beside itself.

    There is no network but, with `proxy`, what the guard's proxy at this socket lets through.

    Raises NotRunError, also where no isolation is to be had and the input is not `trusted`. How the command ended is the
    caller's to judge.
    """
    bundle = authorities(None) if proxy else None
    outward = {"VALLUM_HTTPS_PROXY": RELAY_URL, "SSL_CERT_FILE": str(bundle)} if proxy else {}
    box = Sandbox(
        read_only=(*readable, *_sources(), *([bundle] if bundle else [])),
        proxy=proxy,
        environment={"VALLUM_HOME": str(settings.HOME), "PYTHONDONTWRITEBYTECODE": "1", **outward},
        limits=limits,
        mechanism=mechanism(trusted=trusted),
    )
    try:
        return sandbox.run(
            [str(program()), *arguments],
            sandbox=box,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr_line=streams.stderr_line,
        )
    except (SandboxUnavailable, SandboxFailed) as error:
        raise NotRunError(str(error)) from error


def program() -> Path:
    return Path(sysconfig.get_path("scripts")) / "vallum"


def last_words(stderr: str) -> str:
    """The last line that is not progress: what the command said before it ended."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("{")]
    return lines[-1][:500] if lines else "it said nothing"


def _sources() -> tuple[Path, ...]:
    """In an editable install the packages lie in the tree, outside the interpreter's own folders."""
    places = [Path(entry) for entry in sys.path if entry and "site-packages" not in entry]
    return tuple(
        place
        for place in places
        if any((place / name).is_dir() for name in ("vallum", "vallum_engine", "vallum_guard"))
    )
