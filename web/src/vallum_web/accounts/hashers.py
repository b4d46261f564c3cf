"""bcrypt over SHA-256, at most a few at a time: a flood of passwords must leave processors and threads for everybody else."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher

from vallum_web.tenancy.limits.gate import Refused
from vallum_web.tenancy.limits.rate import Rate, Verdict

# Of a process's four threads two are never in here.
LINE = 2
AT_ONCE = min(LINE, max(1, (os.cpu_count() or 1) - 1))
PATIENCE = 5.0


class Slots:
    """So many at once, so many more in line, and nobody else. Raises Refused."""

    def __init__(self, *, at_once: int, line: int, patience: float) -> None:
        self._rate = Rate(count=at_once, period=timedelta(seconds=1), burst=at_once)
        self._slots = threading.BoundedSemaphore(at_once)
        self._line = threading.BoundedSemaphore(line)
        self._patience = patience

    @contextmanager
    def one(self) -> Iterator[None]:
        if not self._line.acquire(blocking=False):
            raise self._refused()
        try:
            if not self._slots.acquire(timeout=self._patience):
                raise self._refused()
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._line.release()

    def _refused(self) -> Refused:
        wait = timedelta(seconds=2)
        return Refused(
            Verdict(limit="PasswordsAtOnce", rate=self._rate, allowed=False, remaining=0, reset=wait, retry_after=wait)
        )


SLOTS = Slots(at_once=AT_ONCE, line=LINE, patience=PATIENCE)


class Bcrypt(BCryptSHA256PasswordHasher):
    """At the cost of the settings: a hash of a lower one is made anew when its password is next right."""

    @property
    def rounds(self) -> int:  # type: ignore[override]  # a constant there
        return int(settings.BCRYPT_COST)

    def encode(self, password: str, salt: str) -> str:
        """The one place where bcrypt runs: comparing makes a hash of what was typed."""
        with SLOTS.one():
            return str(super().encode(password, salt))


class LowCost(Bcrypt):
    """The real algorithm at bcrypt's lowest cost, for tests alone: start-up never names it."""

    rounds = 4
