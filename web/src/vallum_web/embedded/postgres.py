"""A PostgreSQL of our own: made at first use, reachable through a Unix socket by password only, and gone when we are."""

import contextlib
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psycopg

from vallum_web.embedded import account as accounts
from vallum_web.embedded import binaries as suppliers
from vallum_web.embedded import cluster as clusters
from vallum_web.embedded import deathwatch, home, initdb, leftovers, roles, tuning
from vallum_web.embedded.binaries import CLEAN_ENVIRONMENT, Binaries
from vallum_web.embedded.cluster import Cluster, Urls
from vallum_web.embedded.errors import DatabaseError

READY = "ready"  # what the server writes in the eighth line of its pid file, and pg_ctl waits for
RECOVERING_AFTER = 2.0
SILENT = "-c log_min_duration_statement=-1 -c log_min_error_statement=panic"  # these statements hold passwords


def _nobody_listens(_message: str) -> None:
    return


class Postgres:
    """The server of one state folder, for as long as this object is started.

    `durable=False` trades safety for speed: tests only. `place` puts data and socket elsewhere than by default.
    """

    def __init__(
        self,
        home_folder: Path,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        place: Path | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.account = accounts.current(environ)
        self.cluster: Cluster = clusters.locate(home_folder, self.account, environ=environ, place=place)
        self.log = self.cluster.home / "database" / "server.log"
        self.notify: Callable[[str], None] = _nobody_listens
        self._durable = durable
        self._extra = dict(settings or {})
        self._environ = environ
        self._lock = home.Lock(self.cluster.home / "database" / "lock")
        self._process: subprocess.Popen[bytes] | None = None
        self._binaries: Binaries | None = None
        self._watcher = deathwatch.Watcher("")

    @property
    def urls(self) -> Urls:
        return self.cluster.urls()

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The server's main process, once launched."""
        return self._process

    @property
    def binaries(self) -> Binaries:
        if self._binaries is None:
            self._binaries = suppliers.choose(self._environ, self.account, data_major=self.cluster.major())
        return self._binaries

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Returns when connections are accepted and the roles are as promised. Crash recovery is waited for, however long."""
        try:
            self.launch()
            self._wait_until_ready(cancelled)
            self.settle()
        except BaseException:
            self.stop()
            raise

    def launch(self) -> int:
        """Starts the process, says its id and returns at once; `is_ready` says when it accepts connections."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        taken = f"The database of {self.cluster.home} is in use by process {{note}}. Stop it first."
        self._lock.take(str(os.getpid()), taken=taken)
        self._make_folders()
        if self.cluster.major() is None:
            initdb.initialize(self.cluster, self.binaries, self.account, durable=self._durable)
        leftovers.end(self.cluster.data)
        with self.log.open("ab") as log:
            self._process = self._spawn(log)
        if not deathwatch.LINUX:  # no parent-death signal there
            self._watcher.start()
            self._watcher.server(self._process.pid)
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code of a server that ended by itself; none while it lives or before it was launched."""
        return None if self._process is None else self._process.poll()

    def is_ready(self) -> bool:
        lines = leftovers.pid_file(self.cluster.data)
        mine = self._process is not None and bool(lines) and lines[0].strip() == str(self._process.pid)
        return mine and len(lines) > 7 and lines[7].strip() == READY

    def settle(self) -> None:
        """Makes roles, database and privileges what they should be; changes nothing where they are."""
        cluster = self.cluster
        try:
            with psycopg.connect(cluster.super_url(), autocommit=True, options=SILENT) as connection:
                connection.execute(roles.role_sql(cluster.passwords, major=self.binaries.major).encode())
                connection.execute(roles.bound_sql().encode())
                if (
                    connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [roles.DATABASE]).fetchone()
                    is None
                ):
                    connection.execute(roles.create_database_sql().encode())
            with psycopg.connect(cluster.super_url(roles.DATABASE), options=SILENT) as connection:
                connection.execute(roles.schema_sql().encode())
        except psycopg.Error as error:
            raise DatabaseError(
                f"The database in {cluster.data} runs, but its roles could not be set up: {error}. "
                f"Its passwords are kept in {cluster.home / 'database' / 'server.json'}: data and file belong together."
            ) from error

    def stop(self, *, patience: float = 10.0) -> None:
        """Ends sessions and writes a checkpoint; after `patience` seconds less politely, at last by force."""
        process = self._process
        if process is not None:
            for number, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
                if process.poll() is not None:
                    break
                process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
            self._process = None
        self._watcher.close()
        self._lock.release()

    def _wait_until_ready(self, cancelled: Callable[[], bool]) -> None:
        began = time.monotonic()
        told = False
        while not self.is_ready():
            if (code := self.poll()) is not None:
                raise DatabaseError(
                    f"PostgreSQL ended at start (exit code {code}). The last lines of {self.log}:\n{self._log_tail()}"
                )
            if cancelled():
                raise DatabaseError("Interrupted while the database was starting.")
            if not told and time.monotonic() - began > RECOVERING_AFTER:
                told = True
                self.notify("the database is recovering from an unclean end; this takes as long as it takes")
            time.sleep(0.01)

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        options = tuning.settings(
            self.cluster.socket,
            durable=self._durable,
            extra={**({"unix_socket_permissions": "0770"} if self.account.drops else {}), **self._extra},
            memory_bytes=tuning.memory(),
        )
        command = [self.binaries.tool("postgres"), "-D", str(self.cluster.data)]
        return subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in options.items())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            process_group=0,  # Ctrl-C in the terminal is for the supervisor, which stops us in order
            preexec_fn=deathwatch.tied_to_me(signal.SIGINT),  # noqa: PLW1509 - one prctl call, in a parent without threads
            **self.account.popen_options(),
        )

    def _make_folders(self) -> None:
        cluster = self.cluster
        self.account.folder(cluster.place)
        with contextlib.suppress(FileExistsError):
            cluster.socket.mkdir(mode=0o700)
            self.account.own(cluster.socket)
        found = cluster.socket.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid or stat.S_IMODE(found.st_mode) & 0o027:
            raise DatabaseError(f"The socket folder {cluster.socket} is not ours alone. Remove it and start again.")
        self.account.let_in(cluster.place, 0o710)
        self.account.let_in(cluster.socket, 0o2710)  # what is made in it, the socket, is of its group

    def _log_tail(self) -> str:
        try:
            return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-15:])
        except FileNotFoundError:
            return "(no log)"
