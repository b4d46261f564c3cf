"""Keeps services running: buries the dead together with all they had started, and starts them again."""

import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from vallum_web.embedded import logs, orphans
from vallum_web.embedded.child import Child, pause_before_restart
from vallum_web.embedded.deathwatch import Watcher
from vallum_web.embedded.errors import EmbeddedError

SWEEP_EVERY = 5.0
HINT_AFTER = 3


class Service(Protocol):
    """What is kept: a child process, or the database."""

    name: str
    failures: int
    restart_at: float | None

    @property
    def pid(self) -> int | None: ...
    def start(self) -> int: ...
    def poll(self) -> int | None: ...
    def is_running(self) -> bool: ...
    def bury(self) -> None: ...


def how_it_ended(code: int | None) -> str:
    if code is None:
        return "did not start"
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


class Keeper:
    """All services of one supervisor, and the single errand (migrations, seeding) that runs beside them."""

    def __init__(self, say: Callable[[str], None], *, logs_folder: Path, mark: str) -> None:
        self._say = say
        self._logs = logs_folder
        self._watcher = Watcher(mark)
        self._services: list[Service] = []
        self._errand: Child | None = None
        self._swept = 0.0

    def open(self) -> None:
        self._watcher.start()

    def keep(self, service: Service, *, is_server: bool = False) -> None:
        """From now on it is restarted whenever it ends. A server already runs."""
        self._services.append(service)
        pid = service.pid if is_server else service.start()
        if pid is not None:
            (self._watcher.server if is_server else self._watcher.group)(pid)

    def send(self, errand: Child) -> None:
        """Starts something that ends by itself."""
        self._errand = errand
        self._watcher.group(errand.start())

    def errand_result(self) -> int | None:
        """The exit code of the errand, once; its group is ended with it."""
        errand = self._errand
        if errand is None or (code := errand.poll()) is None:
            return None
        if errand.pid is not None:
            self._watcher.forget(errand.pid)
        errand.kill()
        self._errand = None
        return code

    def tick(self) -> None:
        """Looks after everything once; cheap enough to be called several times a second."""
        self._watcher.start()
        died = [service for service in self._services if not service.is_running() and service.restart_at is None]
        for service in died:
            self._bury(service)
        if died or time.monotonic() - self._swept > SWEEP_EVERY:
            self._sweep()
        for service in self._services:
            if service.restart_at is not None and time.monotonic() >= service.restart_at:
                self._restart(service)

    def stop(self, *, patience: float, hurried: Callable[[], bool]) -> None:
        """Ends everything but the database: asks, waits, then kills whole groups."""
        children = [service for service in self._services if isinstance(service, Child)]
        if self._errand is not None:
            children.append(self._errand)
        for child in children:
            child.ask_to_stop()
        until = time.monotonic() + patience
        while any(child.is_running() for child in children) and time.monotonic() < until and not hurried():
            time.sleep(0.02)
        for child in children:
            if child.pid is not None:
                self._watcher.forget(child.pid)
            child.kill()
        self._services = [service for service in self._services if not isinstance(service, Child)]
        self._errand = None
        orphans.end(self._known())

    def close(self) -> None:
        self._watcher.close()

    def _known(self) -> set[int]:
        pids = [self._watcher.pid, *(service.pid for service in self._services)]
        if self._errand is not None:
            pids.append(self._errand.pid)
        return {pid for pid in pids if pid is not None}

    def _bury(self, service: Service) -> None:
        code = service.poll()
        if service.pid is not None:
            self._watcher.forget(service.pid)
        try:
            service.bury()
        except EmbeddedError as error:
            self._postpone(service, str(error))
            return
        pause = pause_before_restart(service.failures)
        hint = f" (see {self._logs / service.name}.log)" if service.failures >= HINT_AFTER else ""
        self._say(f"  {service.name} {how_it_ended(code)}; it is started again in {pause:.1f} s{hint}")

    def _restart(self, service: Service) -> None:
        try:
            pid = service.start()
        except (EmbeddedError, OSError) as error:
            self._postpone(service, str(error))
            return
        (self._watcher.group if isinstance(service, Child) else self._watcher.server)(pid)

    def _postpone(self, service: Service, reason: str) -> None:
        service.failures += 1
        pause = pause_before_restart(service.failures)
        service.restart_at = time.monotonic() + pause
        self._say(f"  {service.name} cannot be started ({reason}); tried again in {pause:.1f} s")

    def _sweep(self) -> None:
        self._swept = time.monotonic()
        orphans.end(self._known())
        for log in sorted(self._logs.glob("*.log")):
            logs.rotate(log)
