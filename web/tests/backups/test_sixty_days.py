"""A backup of sixty days ago is restored, with the commands as typed, each killed by `kill -9` where it hurts most.

What had been taken back since stays so: nobody is let in again who was shut out, nobody is there who was erased, no old mail leaves.
And nothing half done stays: the same command ends what was broken off.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import making
import psycopg
import pytest
import roomy
from allauth.mfa.models import Authenticator
from browsing import Browser
from django.conf import settings as configured
from django.db import connections

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership, SignIn, User
from vallum_web.accounts.person import services as own
from vallum_web.accounts.services import join, members, signins
from vallum_web.backups import kit, restoring, services
from vallum_web.config.settings import _database
from vallum_web.embedded import leftovers, quarantine
from vallum_web.embedded.postgres import Postgres
from vallum_web.mail import services as mails
from vallum_web.mail.letters import Letter
from vallum_web.mail.models import Message
from vallum_web.mail.recipients import Recipient
from vallum_web.privacy.erasure import purge
from vallum_web.privacy.erasure import services as erasing
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.scope import outbox, scope
from vallum_web.tenancy.tombstones import ledger

pytestmark = [pytest.mark.slow, pytest.mark.policy("PP-4c", "PP-4d", "PP-6c")]
AGO = timedelta(days=60)
ROWS = 200_000
MARK = "zyxjane"


class Machine:
    """A state folder, and `vallum-web` over it."""

    def __init__(self, home: Path, place: Path, **told: str) -> None:
        self.home = home
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "VALLUM_"))}
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        self.environ = {**kept, "VALLUM_HOME": str(home), "VALLUM_DATABASE_FOLDER": str(place), **told}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "vallum_web.embedded.cli", *arguments],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> str:
        with self.start(*arguments) as ran:
            out, error = ran.communicate(timeout=240)
        assert ran.returncode == 0, out + error
        return out

    def killed(self, *arguments: str, when) -> None:
        """Starts a command, and kills it and all that it started as soon as something is so."""
        with self.start(*arguments) as ran:
            until = time.monotonic() + 120
            while not when() and ran.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            assert ran.poll() is None, f"it ended before it could be killed: {ran.communicate()}"
            os.killpg(ran.pid, signal.SIGKILL)
            ran.communicate()

    @property
    def server(self) -> Postgres:
        return Postgres(self.home, durable=False, environ=self.environ)

    def phase(self) -> str:
        return str(quarantine.note(self.home).get("phase", ""))


@pytest.fixture
def root():
    """Where the account of the database may enter."""
    folder = roomy.folder("backups")
    yield folder
    for data in folder.rglob("PG_VERSION"):
        if data.parent.name == "data":
            leftovers.end(data.parent)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def past(live_database):
    """Sixty days ago, by all clocks."""

    @contextmanager
    def go():
        with psycopg.connect(live_database.owner, autocommit=True) as owner:
            owner.execute("insert into vallum_clock (moved) values (%s)", [-AGO])
            try:
                with clock.travelled(-AGO):
                    yield
            finally:
                owner.execute("delete from vallum_clock")

    return go


@contextmanager
def looking_into(url, home):
    """Django over another database and state folder."""
    link, before, folder = connections["default"], dict(connections["default"].settings_dict), configured.HOME
    link.close()
    link.settings_dict.update(_database(url))
    configured.HOME = home
    try:
        yield
    finally:
        link.close()
        link.settings_dict.update(before)
        configured.HOME = folder


def member(org, user):
    with scope(org.pk):
        return Membership.objects.of(org).select_related("user").filter(user=user).first()


def told(address, kind="security"):
    mails.queue(kind=kind, to=Recipient(address=address), letter=Letter(subject="Old", text="An old mail."))


def before_the_backup(people, signed_in):
    """People and things of which each will be taken back, and some that stay."""
    named = {name: making.person(f"{name}@example.test") for name in ("dora", "gina", "hana", "ivan")}
    jane = making.person(f"{MARK}@example.test", name=f"{MARK.capitalize()} Quill")
    for user in (*named.values(), jane):
        join(people.org, user, "admin")
    Authenticator.objects.create(user=named["ivan"], type="totp", data={"secret": "x"})
    wanted = tokens.Wanted(name="ci", role="admin")
    kept_token, lost_token = (tokens.make(people.org, people.alice, wanted)[1] for _ in range(2))
    browser = signed_in(people.alice)
    assert browser.get("/acme/").status_code == 200
    told("bob@example.test")
    report = _stored(people.org.pk, b"a report of ours")
    theirs = _stored(people.elsewhere.pk, b"a report of theirs")
    return SimpleNamespace(
        **named, jane=jane, kept=kept_token, lost=lost_token, session=browser.cookies["session"].value, report=report,
        theirs=theirs,
    )  # fmt: skip


def _stored(org, data):
    with blobs.create(org, limit=1000) as blob:
        blob.write(data)
    return blob.id


def since_the_backup(people, held):
    alice = member(people.org, people.alice)
    members.change_role(people.org, alice, member(people.org, held.dora).pk, "auditor")
    members.remove(people.org, alice, member(people.org, held.gina).pk)
    held.hana.set_password("a new horse battery")
    held.hana.save()
    signins.note(held.hana, SignIn.Kind.PASSWORD_RESET)
    own.remove_factors(held.ivan)
    tokens.revoke(tokens.find(held.lost))
    purge.purge(erasing.ask_for_person(held.jane).pk, now=True)
    purge.purge(erasing.ask_for_org(people.elsewhere, people.charlie).pk, now=True)


def test_what_was_taken_back_since_stays_so_whatever_is_killed(
    platform, live_database, stores, folder, home, held, past, root, signed_in, capsys, monkeypatch
):
    people = platform
    ledger._ends.clear()
    monkeypatch.setattr(configured, "TOMBSTONES", str(home / "tombstones"))
    with psycopg.connect(live_database.owner) as owner:
        owner.execute("create table filler (id int primary key, words text)")
        owner.execute(f"insert into filler select n, md5(n::text) from generate_series(1, {ROWS}) n")
    ours = {"DATABASE_URL": live_database.app, "DATABASE_OWNER_URL": live_database.owner}
    old = Machine(home, root / "none", VALLUM_BACKUP=str(folder), DATABASE_BACKUP_URL=live_database.backup, **ours)
    old.killed("backup", when=lambda: any(folder.glob("main/*/database/*")))
    assert list(folder.glob("main/*/manifest/*")) == []

    then = lived_through(people, signed_in, past, stores)
    kit.write(held, root / "kit.txt", {})

    refuse_another_kit(root, folder, capsys, monkeypatch)
    new = Machine(root / "new", root / "place", VALLUM_BACKUP=str(folder))
    restore = ("restore", "--kit", str(root / "kit.txt"))
    new.killed(*restore, when=lambda: new.phase() == "database" and (new.server.cluster.data / "base").exists())
    with new.start("up") as refused:
        assert "is in quarantine" in refused.communicate(timeout=60)[1]
    new.killed(*restore, when=lambda: new.phase() == "settling")
    said = new.run(*restore)
    assert new.phase() == ""
    with new.start(*restore) as again:
        assert "is not empty. Nothing is overwritten" in again.communicate(timeout=60)[1]

    assert re.search(r"canary: (shut|read) without it, read with it", said), said
    assert "erased: 2 looked up, 0 there" in said
    with new.server as server:
        restored(server.cluster.super_url("vallum"))
        with looking_into(server.urls.app, new.home):
            nobody_is_let_in_again(people, then)
            nothing_old_leaves()
            assert making.stored(people.org.pk, then.report) == b"a report of ours"
        assert not (new.home / "blobs" / str(people.elsewhere.pk)).exists()
    for path in new.home.rglob("*"):
        assert not path.is_file() or MARK.encode() not in path.read_bytes().lower(), path


def lived_through(people, signed_in, past, stores):
    """A backup, what happened since, and today's copy of keyring and ledger."""
    with past():
        then = before_the_backup(people, signed_in)
    with clock.travelled(-AGO):
        services.back_up(stores, unattended=False)
    with past():
        since_the_backup(people, then)
    services.keys_alone(stores, unattended=False)
    ledger._ends.clear()
    return then


def refuse_another_kit(root, folder, capsys, monkeypatch):
    """A wrong kit opens nothing, and leaves the folder as it was."""
    other = root / "other"
    other.mkdir(mode=0o700)
    kit.write(kit.present(other, {}), root / "wrong.txt", {})
    with monkeypatch.context() as told_otherwise:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL"):
            told_otherwise.delenv(name, raising=False)
        told_otherwise.setenv("VALLUM_HOME", str(root / "refused"))
        told_otherwise.setenv("VALLUM_BACKUP", str(folder))
        assert restoring.main(["--kit", str(root / "wrong.txt")]) == 1
    assert "or the right recovery kit" in capsys.readouterr().err
    assert Postgres(root / "refused", environ={}).cluster.major() is None


def restored(url):
    """The rows are there, the row of the restore is, and nobody's name and address are who was erased."""
    with psycopg.connect(url) as everything:
        assert everything.execute("select count(*) from filler").fetchone() == (ROWS,)
        run = everything.execute(
            "select failure, rpo > 86400 * 59, erased, resurrected from backups_run where kind = 'restore'"
        )
        assert run.fetchall() == [("", True, 2, 0)]
        tables = everything.execute(
            "select format('%I', relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (name,) in tables:
            # The log of a deleted organization has twelve months of its own.
            gone = (MARK,) if name == "audit_entry" else (MARK, "elsewhere")
            query = f"select t::text from {name} t where t::text ilike any(%s)"
            assert everything.execute(query, [[f"%{each}%" for each in gone]]).fetchall() == [], name


def nobody_is_let_in_again(people, then):
    assert member(people.org, then.gina) is None
    assert member(people.org, then.dora).role == "auditor"
    assert not User.objects.filter(pk=then.jane.pk).exists()
    assert not Authenticator.objects.filter(user=then.ivan).exists()
    assert tokens.authenticate(then.lost) is None
    assert tokens.authenticate(then.kept) is not None
    browser = Browser("alice@example.test")
    browser.cookies["session"] = then.session
    assert browser.get("/acme/").status_code == 302
    for name in ("hana", "ivan", MARK):
        stranger = Browser(f"{name}@example.test")
        stranger.sign_in()
        assert stranger.get("/acme/").status_code == 302, name
    bob = Browser("bob@example.test")
    bob.sign_in()
    assert bob.get("/acme/").status_code == 200


def nothing_old_leaves():
    with outbox():
        old = Message.objects.filter(written_at__lt=clock.now() - timedelta(days=1))
        assert old.filter(state="dropped").exists()
        assert not old.filter(state__in=("queued", "sending")).exists()
