"""A child process that dies by `kill -9` just before its n-th step: a statement, a commit, a change of a file."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from django.db import connection

# Of SQLite and of the file system, written in C; and of psycopg, written in Python.
C_STEPS = frozenset({"execute", "executescript", "open", "link", "replace", "rename", "unlink", "fsync"})
PYTHON_STEPS = frozenset({"execute", "commit", "rollback"})


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Whether the child died there; False where it came to its end before."""
    connection.close()  # a child must not speak on its parent's connection
    child = os.fork()
    if not child:
        sys.setprofile(_counter(step))
        work()
        sys.setprofile(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, -signal.SIGKILL}, f"the child failed by itself: {code}"
    return code != 0


def steps(work: Callable[[], object]) -> int:
    """How many steps the work takes, done once in this process."""
    seen = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal seen
        seen += _is_step(frame, event, argument)

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return seen


def _counter(step: int) -> Callable[[Any, str, Any], None]:
    left = step

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal left
        left -= _is_step(frame, event, argument)
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def _is_step(frame: Any, event: str, argument: Any) -> bool:
    if event == "c_call":
        return argument.__name__ in C_STEPS
    return event == "call" and frame.f_code.co_name in PYTHON_STEPS and "psycopg" in frame.f_code.co_filename
