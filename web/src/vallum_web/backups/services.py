"""Taking a backup, looking after the storages, and a row for each of them, however it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from vallum_web.backups import apart, canary, check, keep, keyring, kit, manifest, native, places, state
from vallum_web.backups.check import Looked
from vallum_web.backups.errors import BackupError, SourceError
from vallum_web.backups.manifest import KEYRING, MAIN, Manifest
from vallum_web.backups.models import Run
from vallum_web.backups.native import Source
from vallum_web.backups.places import Places
from vallum_web.backups.streams import Writer
from vallum_web.embedded import account as accounts
from vallum_web.embedded import binaries
from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.objects.leaving import Tally


@contextmanager
def opened() -> Iterator[Places]:
    """The storages of this installation; what leaves for them is in the ledger when the block ends. Raises BackupError."""
    with Tally() as tally:
        yield places.read(os.environ, places.key(_home()), tally.route())


@contextmanager
def noted(kind: Run.Kind) -> Iterator[Run]:
    """A row for what the block does: also for how it failed, before the error goes on."""
    run = Run(kind=kind, began_at=clock.now())
    try:
        yield run
    except (BackupError, OSError, DatabaseError) as error:
        run.failure = str(error)[:2000] or type(error).__name__
        raise
    finally:
        run.ended_at = clock.now()
        run.save(force_insert=True)
        state.note(_home(), **{f"{kind.value}_tried": run.began_at.isoformat()})
        if not run.failure:
            state.note(_home(), **{kind.value: run.began_at.isoformat()})


def back_up(stores: Places, *, unattended: bool) -> Manifest:
    """Database and files, then the keyring: every key that the database names is in it. Raises BackupError."""
    home = _home()
    held = kit.present(home, os.environ)
    with noted(Run.Kind.BACKUP) as run:
        if unattended:
            kit.refuse_unconfirmed(home, held)
        canary.ensure()
        shelf = stores.shelf(MAIN)
        run.backup = shelf.backup
        found = native.take(source(home), shelf, run.began_at, {"kit": held.code})
        run.size, run.rows = found.stored, found.rows
        back_up_keyring(stores)
        check.prune(stores, clock.now())
    return found


def keys_alone(stores: Places, *, unattended: bool) -> Manifest:
    """Keyring and ledger between two backups: what is forgotten or taken back is known elsewhere within the hour."""
    if unattended:
        kit.refuse_unconfirmed(_home(), kit.present(_home(), os.environ))
    found = back_up_keyring(stores)
    check.prune(stores, clock.now())
    state.note(_home(), keys=found.taken_at.isoformat())
    return found


def back_up_keyring(stores: Places) -> Manifest:
    """Apart from the rest, and for a week at most; the ledger of tombstones with it."""
    shelf, at = stores.shelf(KEYRING), clock.now()
    writer = Writer(shelf, apart.KEYRING)
    writer.write(keyring.gather(_home()))
    with tombstones.as_folder() as ledger:
        written = [writer.end(), native.packed(ledger, shelf, apart.LEDGER)]
    streams = {stream.name: stream for stream in written}
    facts = {"kit": kit.present(_home(), os.environ).code}
    found = Manifest(backup=shelf.backup, kind=KEYRING, taken_at=at, streams=streams, tables={}, heads="", facts=facts)
    manifest.write(shelf, found)
    return found


def look(stores: Places) -> Looked:
    """Raises BackupError where something lies there that should not, or a storage would not delete by itself."""
    with noted(Run.Kind.CHECK) as run:
        found = check.look(stores, clock.now())
        run.size, run.oldest = found.size, found.oldest.total_seconds() / 86_400
        run.failure = "; ".join(found.problems)[:2000]
    return found


def set_rules(stores: Places) -> None:
    """Have the storages delete by themselves what we did not. Raises PlaceError."""
    for prefix, days in keep.STORAGES.items():
        store = stores.store(prefix.rstrip("/"))
        wanted = {prefix: days}
        if stores.main is stores.keyring:
            wanted = dict(keep.STORAGES)
        store.expire(wanted)


def source(home: Path) -> Source:
    """Raises SourceError."""
    url = os.environ.get("DATABASE_BACKUP_URL", "")
    if not url:
        raise SourceError(
            "A backup reads the database as a role of its own: set DATABASE_BACKUP_URL (`vallum-web database roles` has its SQL)."
        )
    major = native.major(url)
    return Source(
        url=url, home=home, binaries=binaries.choose(os.environ, accounts.current(os.environ), data_major=major)
    )


def _home() -> Path:
    return Path(settings.HOME)
