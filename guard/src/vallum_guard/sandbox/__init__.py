"""Running untrusted work: `run(command, sandbox=Sandbox(…))`, as well isolated as this machine can.

| level | by | holds |
|---|---|---|
| full | bubblewrap | own root with only the granted paths, all namespaces, no capabilities, seccomp, limits |
| reduced | namespaces + Landlock | the host's tree read-only, files by allow-list, own network, seccomp, limits |
| reduced | Landlock alone | as above without namespaces: no clones, no chmod, no signals, no Unix sockets |
| none | nothing | limits only; must be asked for by name |

The kernel keeps the caller's user id for files (inside it shows as 65534), so what the caller may not
read stays unreadable, and root may start it with an interpreter below /root. Whoever calls `run` from a
thread must keep that thread alive until it returns: the sandbox dies with the thread that started it.
"""

from collections.abc import Callable, Sequence
from typing import BinaryIO

from vallum_guard.sandbox.launch import Streams, launch
from vallum_guard.sandbox.policy import (
    RELAY_URL,
    End,
    Handed,
    Isolation,
    Level,
    Limits,
    Mechanism,
    Outcome,
    Sandbox,
)
from vallum_guard.sandbox.probe import chosen, isolation, problem


def level() -> Level:
    """How well untrusted work is isolated on this machine (`isolation()` says why)."""
    return isolation().level


def run(
    command: Sequence[str],
    *,
    sandbox: Sandbox,
    stdin: bytes | BinaryIO | None = None,
    stdout: Callable[[bytes], object] | None = None,
    stderr_line: Callable[[str], object] | None = None,
    watch: Callable[[], str | None] | None = None,
) -> Outcome:
    """Runs a command in the sandbox; when this returns or raises, nothing of it is left.

    Output goes to `stdout` in pieces and to `stderr_line` in lines; `watch` is asked five times a second
    and ends the run by returning a reason. A command that fails is an Outcome; SandboxUnavailable and
    SandboxFailed say that it never ran.
    """
    streams = Streams(stdin=stdin, stdout=stdout, stderr_line=stderr_line, watch=watch)
    return launch(command, sandbox, chosen(sandbox), streams)


__all__ = [
    "RELAY_URL",
    "End",
    "Handed",
    "Isolation",
    "Level",
    "Limits",
    "Mechanism",
    "Outcome",
    "Sandbox",
    "isolation",
    "level",
    "problem",
    "run",
]
