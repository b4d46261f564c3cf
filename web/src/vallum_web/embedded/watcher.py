"""Ends what a supervisor had started when it has died without a word. A script of its own: it imports nothing of ours.

Lines on standard input say what to watch: `group PID`, `server PID`, `forget PID`. The end of the input without `bye`
means that the supervisor was killed. On Linux the kernel's parent-death signal comes first; this reaches what has
none: groups of killed children, and processes that left their group but still carry the mark in their environment.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

ROUNDS = 20


def watch(mark: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the end of the input ends us
    listed: dict[int, str] = {}
    for line in sys.stdin:
        word, _, pid = line.strip().partition(" ")
        if word == "bye":
            return
        if word == "forget":
            listed.pop(int(pid), None)
        else:
            listed[int(pid)] = word
    for pid, word in sorted(listed.items()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if word == "server":
                os.kill(pid, signal.SIGINT)
            else:
                os.killpg(pid, signal.SIGKILL)
    for _ in range(ROUNDS):  # a process may have started another while we looked
        found = carriers(mark)
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return
        time.sleep(0.05)


def carriers(mark: str) -> list[int]:
    """Processes with this line in the environment they were started with. Linux only; elsewhere none."""
    if "=" not in mark:  # every environment holds the empty line
        return []
    wanted = os.fsencode(mark)
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return sorted(found)


if __name__ == "__main__":
    watch(sys.argv[1])
