"""Nothing outlives its parent, however the parent ends: `kill -9` runs no handler, so the kernel has to tell the children."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vallum_web.embedded import privileges

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform == "linux"
_LIBC = ctypes.CDLL(None, use_errno=True) if LINUX else None


def _prctl(option: int, value: int) -> bool:
    return _LIBC is not None and _LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0


def become_subreaper() -> bool:
    """Orphans among our descendants become our children, so that they can be seen and ended. Linux only."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def tied_to_me(number: signal.Signals, *, keeps: Sequence[int] = ()) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends the child this signal when we die; of root's capabilities it `keeps` these.

    The bond is to the *thread* that starts the child: start it from the main thread. Elsewhere than on Linux it does
    nothing, and the watcher process does the work.
    """
    parent = os.getpid()
    give_up = privileges.only(*keeps)

    def bind() -> None:
        give_up()
        _prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died between fork and the line above
            os._exit(1)

    return bind


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Binds the calling process to the life of its parent. Call it early: in `wsgi.py`, at the start of a worker.

    A web server's workers would otherwise go on answering after `kill -9` of the process that started them.
    """
    starter = multiprocessing.parent_process()
    parent = os.getppid() if starter is None or starter.pid is None else starter.pid
    if not _prctl(_PR_SET_PDEATHSIG, number):
        threading.Thread(target=_poll, args=(parent, number), name="deathwatch", daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def _poll(parent: int, number: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), number)


class Watcher:
    """A small process that survives our `kill -9`, and then ends what we had started. See `watcher.py`.

    `mark` is a line of the environment that all our children carry, and nobody else.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._listed: dict[int, str] = {}
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Starts it, again if it was killed: it learns anew what it watches."""
        if self._process is not None and self._process.poll() is None:
            return
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("watcher.py")), self._mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd="/",
            start_new_session=True,  # what is sent to our terminal's group must not reach it
            # It ends what others run as, the database's account among them, and finds them by their environment.
            preexec_fn=privileges.only(privileges.KILL, privileges.TRACE),  # noqa: PLW1509 - a few system calls
        )
        for pid, kind in self._listed.items():
            self._tell(f"{kind} {pid}")

    def group(self, pid: int) -> None:
        """A process group to kill."""
        self._listed[pid] = "group"
        self._tell(f"group {pid}")

    def server(self, pid: int) -> None:
        """A database server to ask for its end: killing it would cost a recovery."""
        self._listed[pid] = "server"
        self._tell(f"server {pid}")

    def forget(self, pid: int) -> None:
        if self._listed.pop(pid, None):
            self._tell(f"forget {pid}")

    def close(self) -> None:
        """Ends it without harm to what it watched."""
        self._tell("bye")
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()
            self._process = None

    def _tell(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # killed: `start` tells a new one
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()
