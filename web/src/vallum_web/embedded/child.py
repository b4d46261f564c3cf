"""One process with all that it starts: in a group of its own, with a log, bound to our life."""

import contextlib
import math
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from vallum_web.embedded import deathwatch

STEADY = 60.0  # after so many seconds a process counts as well again
LONGEST_PAUSE = 30.0


def pause_before_restart(failures: int) -> float:
    """Quick at first, for a process that was merely killed; then slower, for one that cannot live."""
    return min(math.ldexp(0.2, min(max(failures - 1, 0), 20)), LONGEST_PAUSE)


class Child:
    """A service of the supervisor: started, watched, ended with its whole group."""

    def __init__(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path, keeps: Sequence[int] = ()
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.failures = 0
        self.restart_at: float | None = None
        self._environment = dict(environment)
        self._keeps = tuple(keeps)  # capabilities, where root starts it
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> int:
        """Starts it and says its process id, which is its group's too. From the main thread only."""
        self.restart_at = None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                process_group=0,
                # Killed, not asked: when we are dead nobody counts the seconds of an orderly end.
                preexec_fn=deathwatch.tied_to_me(signal.SIGKILL, keeps=self._keeps),  # noqa: PLW1509 - a few system calls, in a parent without threads
            )
        self._started = time.monotonic()
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code once it has ended; none while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def bury(self) -> None:
        """After its end: ends what is left of its group, and plans the restart."""
        self.kill()
        self.failures = 1 if time.monotonic() - self._started > STEADY else self.failures + 1
        self.restart_at = time.monotonic() + pause_before_restart(self.failures)

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """Ends the whole group at once. The group outlives its first process, so this is right after its death too."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def last_words(self, lines: int = 15) -> str:
        try:
            return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""
