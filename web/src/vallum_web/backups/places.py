"""Where backups go and under which key, as the operator has set it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vallum_guard.http import Route
from vallum_web.backups import stores
from vallum_web.backups.errors import PlaceError
from vallum_web.backups.manifest import KEYRING, MAIN, new_name
from vallum_web.backups.sealing import BackupKey
from vallum_web.backups.stores import Store
from vallum_web.backups.streams import Shelf
from vallum_web.tenancy import clock
from vallum_web.tenancy.once import written_once

SETTING = "VALLUM_BACKUP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """One storage for the database and its files, one for the keyring; the same where only one is named."""

    main: Store
    keyring: Store
    key: BackupKey

    def store(self, kind: str) -> Store:
        return {MAIN: self.main, KEYRING: self.keyring}[kind]

    def shelf(self, kind: str, backup: str = "") -> Shelf:
        """Of a backup that is there, or of a new one."""
        return Shelf(store=self.store(kind), key=self.key, kind=kind, backup=backup or new_name(clock.now()))


def are_set(environ: Mapping[str, str]) -> bool:
    return bool(environ.get(SETTING))


def read(environ: Mapping[str, str], key: BackupKey, route: Route) -> Places:
    """Raises PlaceError."""
    place = environ.get(SETTING, "")
    if not place:
        raise PlaceError("Nothing says where backups go: set VALLUM_BACKUP to s3://… or a folder (docs/backups.md).")
    keys = storage_keys(environ)
    main = stores.opened(place, route, access=keys[0], secret=keys[1])
    apart = environ.get("VALLUM_BACKUP_KEYRING", "")
    if not apart:
        return Places(main=main, keyring=main, key=key)
    access = environ.get("VALLUM_BACKUP_KEYRING_ACCESS", keys[0])
    secret = environ.get("VALLUM_BACKUP_KEYRING_SECRET", keys[1])
    return Places(main=main, keyring=stores.opened(apart, route, access=access, secret=secret), key=key)


def storage_keys(environ: Mapping[str, str]) -> tuple[str, str]:
    return environ.get("VALLUM_BACKUP_ACCESS", ""), environ.get("VALLUM_BACKUP_SECRET", "")


def key_file(home: Path) -> Path:
    return home / "backup_key"


def key_in(file: Path) -> BackupKey:
    """The key in a file, made at first use. Raises KitError."""
    return BackupKey.parse(written_once(file, BackupKey.made().text + "\n", mode=0o400))


def key(home: Path) -> BackupKey:
    """What backups of this installation are encrypted under. Raises KitError."""
    return key_in(key_file(home))
