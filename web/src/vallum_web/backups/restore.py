"""From a storage and the recovery kit back to a platform: in quarantine, step by step, each of which can be repeated.

Nothing here needs a database, a key or a table to be there before: Django comes in for what is done inside the database
(`management/commands/restored.py`), in processes of its own.
"""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from vallum_web.backups import apart, kit, manifest, native, snapshot, streams
from vallum_web.backups.errors import MissingError, RestoreError
from vallum_web.backups.kit import Kit
from vallum_web.backups.manifest import KEYRING, MAIN, Manifest
from vallum_web.backups.places import Places
from vallum_web.backups.snapshot import Seen
from vallum_web.embedded import home as homes
from vallum_web.embedded import leftovers, plan, quarantine, roles
from vallum_web.embedded.bucket import SCHEME
from vallum_web.embedded.postgres import Postgres
from vallum_web.tenancy import clock

DATABASE, SETTLING = "database", "settling"
# Of the platform that is restored, none of these may speak to the world, or to another one's database.
_FOREIGN: Final = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be restored, and where."""

    home: Path
    kit: Kit
    stores: Places
    environ: Mapping[str, str]
    backup: str = ""
    """By its name; empty: the latest."""
    without_ledger: str = ""
    """The operator's reason to open although what was erased since cannot be known."""
    server: Callable[[Path, Mapping[str, str]], Postgres] = lambda home, environ: Postgres(home, environ=environ)
    say: Callable[[str], None] = lambda _words: None


@dataclass(slots=True, kw_only=True)
class Restored:
    """How it went."""

    found: Manifest
    began_at: datetime
    said: list[str] = field(default_factory=list)


def restore(wanted: Wanted) -> Restored:
    """Fill the folder, settle what changed since, and open it. Broken off anywhere, the next call ends it. Raises BackupError."""
    homes.ensure(wanted.home)
    lock = homes.Lock(wanted.home / "up.lock")
    lock.take("a restore", taken=f"Something runs over {wanted.home}: {{note}}. Stop it first.")
    try:
        return _restored(wanted)
    finally:
        lock.release()


def _restored(wanted: Wanted) -> Restored:
    note = _begun(wanted)
    shelf = wanted.stores.shelf(MAIN, note["backup"])
    done = Restored(found=manifest.read(shelf), began_at=datetime.fromisoformat(note["began_at"]))
    kit.lay_down(wanted.kit, wanted.home, wanted.environ)
    keys = manifest.latest(wanted.stores.keyring, wanted.stores.key, KEYRING)
    secret = _keyring(wanted, keys)
    server = wanted.server(wanted.home, wanted.environ)
    if note["phase"] == DATABASE:
        _emptied(wanted.home, server)
    with server:
        if note["phase"] == DATABASE:
            wanted.say(f"database: {done.found.rows:,} rows of {done.found.taken_at:%Y-%m-%d %H:%M:%S} UTC")
            native.fill(shelf, done.found, server.cluster.super_url(roles.DATABASE), server.binaries)
            _compare(server, done.found)
            for name, folder in native.FOLDERS.items():
                homes.ensure(wanted.home / folder)
                native.unpack(shelf, done.found.streams[name], wanted.home / folder)
            _ledger(wanted, keys)
            note = {**note, "phase": SETTLING}
            quarantine.hold(wanted.home, note)
        _settle(wanted, server, done, secret)
    quarantine.lift(wanted.home)
    return done


def _begun(wanted: Wanted) -> dict[str, Any]:
    """What was begun here, to go on with; else a beginning, in a folder that holds nothing yet."""
    if note := quarantine.note(wanted.home):
        if wanted.backup not in {"", note["backup"]}:
            raise RestoreError(f"A restore of {note['backup']} was begun here. End it, or choose another empty folder.")
        return note
    server = wanted.server(wanted.home, wanted.environ)
    if server.cluster.major() is not None or (wanted.home / "keyring").exists() or (wanted.home / "blobs").exists():
        raise RestoreError(f"{wanted.home} is not empty. Nothing is overwritten: set VALLUM_HOME to an empty folder.")
    names = list(manifest.whole(wanted.stores.main, MAIN))
    if not names:
        raise MissingError(f"{wanted.stores.main} holds no whole backup.")
    name = wanted.backup or names[-1]
    if name not in names:
        raise MissingError(f"{wanted.stores.main} holds no whole backup {name}. There are: {', '.join(names[-5:])}.")
    note = {"backup": name, "began_at": clock.now().isoformat(), "phase": DATABASE}
    quarantine.hold(wanted.home, note)
    return note


def _emptied(home: Path, server: Postgres) -> None:
    """What an earlier attempt left, half done: the note in the folder says that it is ours to throw away."""
    leftovers.end(server.cluster.data)
    shutil.rmtree(server.cluster.data, ignore_errors=True)
    for folder in (*native.FOLDERS.values(), "keyring"):
        shutil.rmtree(home / folder, ignore_errors=True)


def _keyring(wanted: Wanted, found: Manifest) -> bytes:
    """The newest one, whichever backup is restored: what was destroyed since stays destroyed."""
    shelf = wanted.stores.shelf(KEYRING, found.backup)
    data = b"".join(streams.read(shelf, found.streams[apart.KEYRING]))
    for name, content in apart.files(data):
        target = wanted.home / name
        if not target.exists():
            homes.ensure(target.parent)
            homes.write_private(target, content.decode())
    return data


def _ledger(wanted: Wanted, found: Manifest) -> None:
    """Its newest copy fills what the ledger lacks; one on a volume of its own, which outlived the machine, lacks nothing.

    One in a bucket is left alone: the copy then lies in the folder, for whoever has lost the bucket and unsets the setting.
    """
    named = wanted.environ.get("VALLUM_TOMBSTONES", "")
    place = wanted.home / "tombstones" if not named or named.startswith(SCHEME) else Path(named)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    native.unpack(wanted.stores.shelf(KEYRING, found.backup), found.streams[apart.LEDGER], place)


def _compare(server: Postgres, found: Manifest) -> None:
    with psycopg.connect(server.cluster.super_url(roles.DATABASE)) as connection:
        seen = snapshot.look(connection)
    if said := snapshot.differences(Seen(tables=found.tables, heads=found.heads), seen):
        raise RestoreError(f"What was restored is not what was backed up: {'; '.join(said[:5])}.")


def _settle(wanted: Wanted, server: Postgres, done: Restored, keys: bytes) -> None:
    environ = {name: value for name, value in wanted.environ.items() if name not in _FOREIGN}
    environment = plan.environment(environ, wanted.home, server.urls, owner=True)
    environment["VALLUM_POOL"] = "0"
    steps: list[tuple[list[str], bytes]] = [
        (["restored", "keyring"], keys),
        (["migrate", "--noinput", "-v", "0"], b""),
        (
            ["restored", "settle", done.found.backup, done.found.taken_at.isoformat(), done.began_at.isoformat()]
            + ([f"--without-ledger={wanted.without_ledger}"] if wanted.without_ledger else []),
            b"",
        ),
    ]
    for arguments, given in steps:
        ran = subprocess.run([*plan.MANAGE, *arguments], env=environment, input=given, capture_output=True, check=False)
        words = [line for line in ran.stdout.decode("utf-8", "replace").splitlines() if line]
        done.said += words
        for line in words:
            wanted.say(line)
        if ran.returncode != 0:
            said = ran.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
            raise RestoreError(f"{' '.join(arguments[:2])} failed, and the folder stays in quarantine: {said[-1]}")
