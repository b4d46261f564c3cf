"""The database as a service to keep running; and the way commands reach it, running or not."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from vallum_web.embedded import account as accounts
from vallum_web.embedded import cluster as clusters
from vallum_web.embedded import connection, leftovers
from vallum_web.embedded import home as homes
from vallum_web.embedded.child import STEADY, pause_before_restart
from vallum_web.embedded.cluster import Urls
from vallum_web.embedded.errors import DatabaseError
from vallum_web.embedded.postgres import Postgres


class DatabaseService:
    """Restarts the server like any other child. Web and worker reconnect by themselves."""

    name = "database"

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self.failures = 0
        self.restart_at: float | None = None
        self._started = time.monotonic()

    @property
    def pid(self) -> int | None:
        return None if self.server.process is None else self.server.process.pid

    def start(self) -> int:
        self.restart_at = None
        self._started = time.monotonic()
        return self.server.launch()

    def poll(self) -> int | None:
        return self.server.poll()

    def is_running(self) -> bool:
        return self.server.process is not None and self.server.poll() is None

    def bury(self) -> None:
        """Its sessions live on in groups of their own: they are ended by where they work."""
        leftovers.end(self.server.cluster.data)
        self.failures = 1 if time.monotonic() - self._started > STEADY else self.failures + 1
        self.restart_at = time.monotonic() + pause_before_restart(self.failures)


def given(environ: Mapping[str, str]) -> Urls | None:
    """A server that the operator runs; it wins over ours."""
    app, owner = environ.get("DATABASE_URL"), environ.get("DATABASE_OWNER_URL")
    if not app and not owner:
        return None
    if not app or not owner:
        missing = "DATABASE_OWNER_URL (migrations)" if app else "DATABASE_URL (web and worker)"
        raise DatabaseError(f"Two addresses are needed for a server of your own, and {missing} is not set.")
    return Urls(app=app, owner=owner, backup=environ.get("DATABASE_BACKUP_URL", ""))


@contextlib.contextmanager
def attached(home: Path, *, environ: Mapping[str, str] = os.environ) -> Iterator[Urls]:
    """The running database, or ours started for the time of one command."""
    if urls := given(environ):
        connection.refuse_unreachable(urls.app, connection.APP)
        connection.refuse_unreachable(urls.owner, connection.OWNER)
        yield urls
        return
    with attached_cluster(home, environ=environ) as cluster:
        yield cluster.urls()


@contextlib.contextmanager
def attached_cluster(home: Path, *, environ: Mapping[str, str] = os.environ) -> Iterator[clusters.Cluster]:
    """Our own database with its administrator's password, running or started for the time of one command."""
    homes.ensure(home)
    if homes.Lock(home / "database" / "lock").is_held():
        yield clusters.locate(home, accounts.current(environ), environ=environ)
    else:
        with Postgres(home, environ=environ) as server:
            yield server.cluster
