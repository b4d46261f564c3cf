"""`vallum-web up`: the parent of database, web and worker. It starts them, restarts what dies, and takes all down."""

import contextlib
import os
import secrets
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from vallum_web.embedded import address as addresses
from vallum_web.embedded import (
    certificates,
    connection,
    database,
    deathwatch,
    home,
    migrations,
    plan,
    privileges,
    probe,
    quarantine,
)
from vallum_web.embedded.address import Address, Claim
from vallum_web.embedded.child import Child
from vallum_web.embedded.cluster import Urls
from vallum_web.embedded.errors import EmbeddedError, SupervisorError
from vallum_web.embedded.keeper import Keeper, how_it_ended
from vallum_web.embedded.narrator import Narrator
from vallum_web.embedded.plan import Command, Programs
from vallum_web.embedded.postgres import Postgres

TICK = 0.25
PORT_PATIENCE = 5.0
STOP_PATIENCE = 4.0  # for web and worker, then the same for the database: all is down within ten seconds
STARTS_TRIED = 3
LOWEST_FREE = 1024  # ports below are for whoever may bind them
SANDBOX = (privileges.MAP_ROOT,)  # a user namespace of root's needs it, and nothing else


class _InterruptedError(EmbeddedError):
    """The operator changed their mind before all was up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the operator asked for."""

    home: Path
    host: str = "127.0.0.1"
    port: int | None = None
    names: tuple[str, ...] = ()  # further names for the certificate
    demo: bool = False
    first_page_within: float = 90.0


class Supervisor:
    """One run of the platform over one state folder."""

    def __init__(
        self,
        options: Options,
        narrator: Narrator,
        *,
        programs: Programs = plan.PROGRAMS,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._options = options
        self._narrator = narrator
        self._programs = programs
        self._environ = {**environ, "VALLUM_DEMO": "1" if options.demo else "0"}
        self._home = options.home
        self._logs = options.home / "logs"
        self._lock = home.Lock(options.home / "up.lock")
        self._run = secrets.token_hex(16)
        self._keeper = Keeper(narrator.say, logs_folder=self._logs, mark=f"{plan.RUN}={self._run}")
        self._server: Postgres | None = None
        self._claim: Claim | None = None
        self._login_shown = False
        self._signals = 0
        self._wake = -1

    def run(self) -> int:
        """Returns when everything is down again, after Ctrl-C or SIGTERM."""
        os.umask(0o077)
        home.ensure(self._home)
        quarantine.refuse(self._home)
        home.ensure(self._logs)
        taken = f"Vallum already runs over {self._home}: {{note}}. Stop it first, or set VALLUM_HOME to another folder."
        unclean = bool(self._lock.take(f"process {os.getpid()}", taken=taken))
        deathwatch.become_subreaper()
        with self._listening_to_signals():
            try:
                self._begin(unclean=unclean)
                self._go_on()
            except _InterruptedError:
                pass
            finally:
                self._end()
        return 0

    def _begin(self, *, unclean: bool) -> None:
        say = self._narrator.say
        say(f"Vallum starts. State: {self._home}   Logs: {self._logs}")
        began = time.monotonic()
        address = self._address(unclean=unclean)
        self._keeper.open()
        urls = database.given(self._environ) or self._start_database()
        self._migrate(urls)
        environment = plan.environment(self._environ, self._home, urls, address=address)
        with self._narrator.step("web, worker"):
            low = (privileges.BIND_LOW,) if address.port < LOWEST_FREE else ()
            web = self._child("web", self._programs.web(address), environment, keeps=low)
            self._keeper.keep(web)
            self._keeper.keep(self._child("worker", self._programs.worker, environment, keeps=SANDBOX))
            self._wait_for_page(web, address)
        if self._environ.get("VALLUM_BACKUP"):
            backups = plan.environment(self._environ, self._home, urls, backup=True)
            self._keeper.keep(self._child("backups", self._programs.backups, backups, keeps=privileges.OTHER_ACCOUNT))
        home.write_json(self._home / "state.json", {"port": address.port})
        self._lock.write(f"{address.url}/ (process {os.getpid()})")
        say(f"\n  {address.url}/   (up in {time.monotonic() - began:.1f} s)")
        if address.certificate:
            say(f"  TLS 1.3 only. Clients trust it with this authority's file: {address.certificate.authority}")
        if self._options.demo:
            self._show_demo_login()
            self._keeper.send(self._child("seed", self._programs.seed, environment, keeps=SANDBOX))
        say("  Ctrl-C stops everything.\n")

    def _address(self, *, unclean: bool) -> Address:
        options = self._options
        certificate, names = None, options.names
        if not addresses.is_loopback(options.host):
            if options.demo:
                raise SupervisorError(
                    "The demo listens on loopback only: its data and its login are for one person. Leave out --host or --demo."
                )
            names = certificates.names_for(options.host, options.names)
            certificate = certificates.ensure(self._home / "tls", names)
        remembered = home.read_json(self._home / "state.json").get("port")
        port = remembered if isinstance(remembered, int) else None
        # After a kill the web processes of last time may need a moment to go; their port is ours, not taken.
        until = time.monotonic() + (PORT_PATIENCE if unclean and (options.port or port) else 0)
        while time.monotonic() < until and not addresses.is_free(options.host, options.port or port or 0):
            self._pause(0.05)
        self._claim = addresses.claim_port(options.host, wanted=options.port, remembered=port)
        return Address(host=options.host, port=self._claim.port, names=names, certificate=certificate)

    def _start_database(self) -> Urls:
        server = Postgres(self._home, environ=self._environ)
        server.log = self._logs / "database.log"
        server.notify = lambda words: self._narrator.say(f"  {words}")
        self._server = server
        with self._narrator.step("database") as remarks:
            is_new = server.cluster.major() is None
            server.start(cancelled=lambda: self._signals > 0)
            remarks.append(f"PostgreSQL {server.binaries.version}{', new' if is_new else ''}")
        self._keeper.keep(database.DatabaseService(server), is_server=True)
        return server.urls

    def _migrate(self, urls: Urls) -> None:
        with self._narrator.step("migrations") as remarks:
            migrations.refuse_mighty_app(urls)
            wanted = self._programs.schema()
            if migrations.are_applied(urls, wanted):
                remarks.append("up to date")
                return
            connection.refuse_unreachable(urls.owner, connection.OWNER)
            environment = plan.environment(self._environ, self._home, urls, owner=True)
            errand = self._child("migrate", self._programs.migrate, environment)
            self._keeper.send(errand)
            while (code := self._keeper.errand_result()) is None:
                self._pause(0.05)
            if code != 0:
                raise SupervisorError(
                    f"Migrations failed ({how_it_ended(code)}). The end of {errand.log}:\n{errand.last_words()}"
                )
            migrations.mark_applied(urls, wanted)
            remarks.append("applied")

    def _wait_for_page(self, web: Child, address: Address) -> None:
        until = time.monotonic() + self._options.first_page_within
        while (status := probe.status(address, self._programs.page)) is None or status >= 500:
            self._keeper.tick()
            if web.failures >= STARTS_TRIED or time.monotonic() > until:
                answer = "gave no answer" if status is None else f"answered {status}"
                raise SupervisorError(
                    f"The web process {answer} on {address.url}. The end of {web.log}:\n{web.last_words()}"
                )
            self._pause(0.05)

    def _go_on(self) -> None:
        while True:
            self._keeper.tick()
            if (code := self._keeper.errand_result()) is not None:
                remark = (
                    "the demo data are in place"
                    if code == 0
                    else f"seeding the demo {how_it_ended(code)}: see {self._logs / 'seed.log'}"
                )
                self._narrator.say(f"  {remark}")
                self._show_demo_login()
            self._pause(TICK)

    def _end(self) -> None:
        asked = self._signals
        self._narrator.say("  stopping (again Ctrl-C: at once)")
        try:
            self._keeper.stop(patience=STOP_PATIENCE, hurried=lambda: self._signals > max(asked, 1))
        finally:
            if self._server is not None:
                self._server.stop(patience=STOP_PATIENCE)
            if self._claim is not None and self._claim.held is not None:
                self._claim.held.close()
            self._keeper.close()
            self._lock.release()
        self._narrator.say("  stopped")

    def _child(
        self, name: str, command: Command, environment: Mapping[str, str], *, keeps: tuple[int, ...] = ()
    ) -> Child:
        marked = {**environment, plan.RUN: self._run}
        # A checkout below somebody's closed home is root's to run all the same.
        keeps += privileges.to_read(Path(sys.executable), Path(__file__), self._home)
        return Child(name, command, environment=marked, log=self._logs / f"{name}.log", keeps=keeps)

    def _show_demo_login(self) -> None:
        login = home.read_json(self._home / "demo.json")
        if login and not self._login_shown:
            self._login_shown = True
            self._narrator.say(f"  Demo login: {login.get('email')}   password: {login.get('password')}")

    def _pause(self, seconds: float) -> None:
        """Sleeps, but not through a signal; a request to stop ends whatever we were about to do."""
        if self._signals:
            raise _InterruptedError
        select.select([self._wake], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 512)
        if self._signals:
            raise _InterruptedError

    def _noted(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    @contextlib.contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        self._wake, sender = os.pipe()
        for end in (self._wake, sender):
            os.set_blocking(end, False)
        former = {
            number: signal.signal(number, self._noted) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        former[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only to wake us
        signal.set_wakeup_fd(sender, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in former.items():
                signal.signal(number, handler)
            os.close(sender)
            os.close(self._wake)
