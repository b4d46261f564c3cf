"""Nothing outlives its parent, however the parent ends: `kill -9` runs no handler, so the kernel has to tell the children."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform == "linux"
_LIBC = ctypes.CDLL(None, use_errno=True) if LINUX else None


def _prctl(option: int, value: int) -> bool:
    return _LIBC is not None and _LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0


def become_subreaper() -> bool:
    """Orphans among our descendants become our children, so that they can be seen and ended. Linux only."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def tied_to_me(number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends the child this signal when we die.

    The bond is to the *thread* that starts the child: start it from the main thread. Elsewhere than on Linux it does
    nothing, and the watcher process does the work.
    """
    parent = os.getpid()

    def bind() -> None:
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
