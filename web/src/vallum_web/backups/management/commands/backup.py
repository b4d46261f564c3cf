"""`vallum-web backup`: take one now, and look after those that are there."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.backups import check, kit, manifest, pgbackrest, places, services, streams
from vallum_web.backups.errors import BackupError
from vallum_web.backups.manifest import KEYRING, MAIN, Manifest
from vallum_web.backups.places import Places
from vallum_web.tenancy import clock

_VERBS: Final = {
    "now": "take a backup of everything (the default)",
    "list": "show the backups that are whole",
    "verify": "read backups to their end, and prove every chunk",
    "prune": "delete what is to go: main backups after 75 days, those of the keyring after 5",
    "check": "look whether anything lies in the storages longer than was promised",
    "rules": "have an S3 storage delete by itself, and see that it will",
    "keys": "copy the keyring and the ledger of what must not come back, alone",
    "pgbackrest": "print the configuration for pgBackRest, with its passphrase",
    "kit": "write the recovery kit again, or say that it is stored apart",
}


class Command(BaseCommand):
    """Exit code 1 where it did not go well; the reason is one sentence."""

    help = "back up database, files and keys; list, verify, prune; the recovery kit"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", metavar="ACTION")
        made = {name: verbs.add_parser(name, help=said) for name, said in _VERBS.items()}
        made["now"].add_argument("--unattended", action="store_true", help="only when the recovery kit is stored")
        made["keys"].add_argument("--unattended", action="store_true", help="likewise")
        made["pgbackrest"].add_argument("data", help="the data folder of PostgreSQL")
        made["verify"].add_argument("backup", nargs="?", help="one by its name (default: the latest)")
        made["kit"].add_argument("file", nargs="?", type=Path, help="where to write it (default: the state folder)")
        made["kit"].add_argument("--confirm", metavar="CODE", help="the code at its end: it is stored, apart")

    def handle(self, *_: Any, verb: str | None, **options: Any) -> None:
        try:
            if verb == "kit":
                self._kit(options["file"], options["confirm"])
                return
            with services.opened() as stores:
                getattr(self, f"_{verb or 'now'}")(stores, options)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _now(self, stores: Places, options: dict[str, Any]) -> None:
        began = clock.now()
        found = services.back_up(stores, unattended=bool(options.get("unattended")))
        self.stdout.write(f"{_line(found)}, in {(clock.now() - began).total_seconds():.1f} s")
        if not kit.is_confirmed(_home(), kit.present(_home(), os.environ)):
            self.stdout.write(
                "Nobody has stored the recovery kit yet: without it this backup opens for nobody. See `vallum-web backup kit`."
            )

    def _keys(self, stores: Places, options: dict[str, Any]) -> None:
        self.stdout.write(_line(services.keys_alone(stores, unattended=options["unattended"])))

    def _pgbackrest(self, _stores: Places, options: dict[str, Any]) -> None:
        place, key = os.environ[places.SETTING], places.key(_home())
        access, secret = places.storage_keys(os.environ)
        self.stdout.write(pgbackrest.configuration(place, key, options["data"], access=access, secret=secret))

    def _list(self, stores: Places, _options: dict[str, Any]) -> None:
        for kind in (MAIN, KEYRING):
            for name in manifest.whole(stores.store(kind), kind):
                self.stdout.write(f"{kind:8}{_line(manifest.read(stores.shelf(kind, name)))}")

    def _verify(self, stores: Places, options: dict[str, Any]) -> None:
        for kind in (MAIN, KEYRING):
            names = list(manifest.whole(stores.store(kind), kind))
            wanted = options["backup"] or (names[-1] if names else "")
            if wanted in names:
                shelf = stores.shelf(kind, wanted)
                found = manifest.read(shelf)
                for stream in found.streams.values():
                    for _ in streams.read(shelf, stream):
                        pass
                self.stdout.write(f"{kind:8}{_line(found)}: whole")
            elif kind == MAIN:
                raise CommandError(f"There is no whole backup {wanted}".rstrip() + ".")

    def _prune(self, stores: Places, _options: dict[str, Any]) -> None:
        self.stdout.write(f"{check.prune(stores, clock.now()):,} objects deleted")

    def _check(self, stores: Places, _options: dict[str, Any]) -> None:
        found = services.look(stores)
        self.stdout.write(f"{found.objects:,} objects, {found.size:,} bytes, the oldest {_days(found.oldest)}")
        if found.problems:
            raise CommandError("\n".join(found.problems))

    def _rules(self, stores: Places, _options: dict[str, Any]) -> None:
        services.set_rules(stores)
        for kind in (MAIN, KEYRING):
            days = stores.store(kind).expires(f"{kind}/")
            said = "deletes nothing by itself" if days is None else f"deletes after {days} days"
            self.stdout.write(f"{stores.store(kind)}, {kind}/: {said}")

    def _kit(self, file: Path | None, code: str | None) -> None:
        held = kit.present(_home(), os.environ)
        if code:
            kit.confirm(_home(), held, code)
            self.stdout.write("Backups are taken by themselves from now on.")
            return
        place = file or _home() / kit.FILE
        if file is None:
            place.unlink(missing_ok=True)
        kit.write(held, place, os.environ)
        self.stdout.write(f"{place}: keep it apart from this machine and from the storage. The code is at its end.")


def _line(found: Manifest) -> str:
    size = f"{found.stored:,} bytes"
    rows = f", {found.rows:,} rows in {len(found.tables)} tables" if found.tables else ""
    return f"{found.backup}  {size}{rows}"


def _days(age: timedelta) -> str:
    return f"{age.total_seconds() / 86_400:.1f} days old"


def _home() -> Path:
    return Path(settings.HOME)
