"""The weekly proof: the latest backup restored into nothing, compared, its secrets tried without and with the keyring."""

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

from django.conf import settings

from vallum_web.backups import kit, manifest, services
from vallum_web.backups.canary import Answer
from vallum_web.backups.errors import RestoreError
from vallum_web.backups.manifest import MAIN
from vallum_web.backups.models import Run
from vallum_web.backups.places import Places
from vallum_web.backups.restore import Restored, Wanted, restore
from vallum_web.embedded.postgres import Postgres
from vallum_web.tenancy import clock

# All that the copy is told of the world: neither where backups go, nor another keyring or ledger, nor how mails leave.
_TOLD: Final = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "VIRTUAL_ENV",
    "VALLUM_POSTGRES_BIN",
    "VALLUM_POSTGRES_USER",
    "VALLUM_SECRET_KEY",
    "VALLUM_FINGERPRINT_KEY",
    "VALLUM_AUDIT_KEY",
)
_LOOKED_UP: Final = re.compile(r"erased: (\d+) looked up, (\d+) there")
_PROVED: Final = f"canary: {Answer.SHUT} without it, {Answer.READ} with it"


def drill(stores: Places) -> Run:
    """Raises BackupError, after it was written down."""
    home = Path(settings.HOME)
    with services.noted(Run.Kind.DRILL) as run:
        found = manifest.latest(stores.main, stores.key, MAIN)
        run.backup, run.size, run.rows = found.backup, found.stored, found.rows
        run.rpo = (run.began_at - found.taken_at).total_seconds()
        with _scratch() as scratch:
            done = restore(
                Wanted(
                    home=scratch / "home",
                    kit=kit.present(home, os.environ),
                    stores=stores,
                    environ={name: os.environ[name] for name in _TOLD if name in os.environ},
                    backup=found.backup,
                    server=lambda folder, environ: Postgres(
                        folder, durable=False, place=scratch / "place", environ=environ
                    ),
                )
            )
        _prove(done)
        run.erased, run.resurrected = _looked_up(done)
        run.rto = (clock.now() - run.began_at).total_seconds()
    return run


def _prove(done: Restored) -> None:
    if not any(_PROVED in line for line in done.said):
        said = next((line for line in done.said if "canary" in line), "nothing was said of it")
        raise RestoreError(f"The canary should open with the keyring, and with it alone: {said}.")


def _looked_up(done: Restored) -> tuple[int, int]:
    """As `settle` said it: how many that were erased it looked for, and how many it found. Raises RestoreError."""
    found = next((match for line in done.said if (match := _LOOKED_UP.fullmatch(line))), None)
    if found is None:
        raise RestoreError("Nobody looked whether people who were erased are in the copy.")
    return int(found[1]), int(found[2])


class _scratch:  # noqa: N801 - used as a word
    """A folder that the database's account may pass through, and that is gone at the end."""

    def __enter__(self) -> Path:
        self._folder = Path(tempfile.mkdtemp(prefix="vallum-drill-"))
        self._folder.chmod(0o711)
        return self._folder

    def __exit__(self, _kind: object, _error: object, _trace: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
