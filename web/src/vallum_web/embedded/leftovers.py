"""Server processes that lost their launcher, or their main process."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from vallum_web.embedded.errors import DatabaseError

PATIENCE = 30.0


def serving(data: Path) -> list[int]:
    """Processes at work in a data folder: PostgreSQL's main process and its backends all live in it. Linux only."""
    real = str(data.resolve())
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            if str(entry.readlink()) == real:
                found.append(int(entry.parent.name))
    return sorted(found)


def end(data: Path) -> None:
    """Ends what still serves these data. Only for a holder of the launcher's lock: nobody else looks after them.

    The pid file is removed only when nobody serves the data: through it PostgreSQL notices backends that outlived
    their main process. A pid is given out again after a reboot, above all in containers, and a file that names a
    stranger's process would keep the server from starting.
    """
    main = pid_of(data)
    at_work = serving(data)
    if main in at_work:
        _signal([main], signal.SIGINT)
        _wait(lambda: main not in serving(data), data, main)
    if orphans := serving(data):
        _signal(orphans, signal.SIGKILL)
        _wait(lambda: not serving(data), data, orphans[0])
    if main is None or not is_alive(main):
        return
    if Path("/proc/self/cwd").exists():
        (data / "postmaster.pid").unlink(missing_ok=True)
    else:  # it cannot be known whose it is; a server that lost its launcher is about to end
        _wait(lambda: not is_alive(main), data, main)


def pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def pid_of(data: Path) -> int | None:
    lines = pid_file(data)
    return int(lines[0]) if lines and lines[0].strip().isdecimal() else None


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait(done: Callable[[], bool], data: Path, pid: int) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > until:
            raise DatabaseError(f"Process {pid} still serves {data} and does not stop. End it, then start again.")
        time.sleep(0.05)
