"""Descendants whose parent died come to us, the subreaper. Nothing in this platform lives on alone, so they are ended."""

import contextlib
import os
import signal
import time
from collections.abc import Collection
from pathlib import Path

ROUNDS = 50  # children of orphans become orphans in turn


def end(known: Collection[int]) -> list[int]:
    """Kills and reaps every child of ours that is not `known`; says which."""
    ended: list[int] = []
    for _ in range(ROUNDS):
        strangers = [pid for pid in children() if pid not in known]
        if not strangers:
            break
        for pid in strangers:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    ended.append(pid)
        time.sleep(0.01)
    return ended


def children() -> list[int]:
    """Our children, the dead that nobody waited for included. Linux only; elsewhere orphans never come to us."""
    me = str(os.getpid())
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # gone meanwhile
            # The name of a command may hold spaces and brackets: what follows the last bracket is numbers.
            if path.read_text("utf-8", "replace").rpartition(")")[2].split()[1] == me:
                found.append(int(path.parent.name))
    return sorted(found)
