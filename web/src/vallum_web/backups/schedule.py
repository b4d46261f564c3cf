"""The clock of backups, under `vallum-web up`: a small process that asks each minute what is due, and has it done.

It needs neither Django nor the database: what was done when stands in the state folder, and each errand is a command.
"""

import logging
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from vallum_web.backups import state
from vallum_web.embedded import home, plan
from vallum_web.tenancy import clock

log = logging.getLogger(__name__)
_TICK: Final = 60.0
AGAIN: Final = timedelta(hours=1)
"""After one that failed."""
EVERY: Final = "VALLUM_BACKUP_EVERY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is done again and again; `name` is where the state folder remembers it."""

    name: str
    every: timedelta
    command: tuple[str, ...]


def errands(environ: Mapping[str, str]) -> tuple[Errand, ...]:
    """In the order in which they are done when all are due. `VALLUM_BACKUP_EVERY`: hours between two backups."""
    hours = float(environ.get(EVERY, "24"))
    return (
        Errand(name="backup", every=timedelta(hours=hours), command=("backup", "now", "--unattended")),
        Errand(name="keys", every=timedelta(hours=1), command=("backup", "keys", "--unattended")),
        Errand(name="check", every=timedelta(days=1), command=("backup", "check")),
        Errand(name="drill", every=timedelta(days=7), command=("drill",)),
    )


def due(wanted: tuple[Errand, ...], kept: Mapping[str, Any], now: datetime) -> list[Errand]:
    """What has not gone well for as long as it may, and was not tried within the hour. A drill waits for a backup."""
    found = []
    for errand in wanted:
        done, tried = _at(kept, errand.name), _at(kept, f"{errand.name}_tried")
        waits = tried is not None and timedelta() <= now - tried < min(AGAIN, errand.every)
        is_late = done is None or now - done >= errand.every or done > now + AGAIN
        if is_late and not waits and (errand.name != "drill" or _at(kept, "backup") is not None):
            found.append(errand)
    return found


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    os.umask(0o077)
    folder, wanted = home.locate(os.environ, Path.cwd()), errands(os.environ)
    while True:
        for errand in due(wanted, state.read(folder), clock.now()):
            _run(folder, errand)
        time.sleep(_TICK)


def _run(folder: Path, errand: Errand) -> None:
    # First, so that an errand that dies without a word is not begun again a minute later.
    state.note(folder, **{f"{errand.name}_tried": clock.now().isoformat()})
    ran = subprocess.run([*plan.MANAGE, *errand.command], capture_output=True, text=True, check=False)
    said = " ".join((ran.stdout + ran.stderr).split())[-1000:]
    log.log(logging.ERROR if ran.returncode else logging.INFO, "%s: %s", errand.name, said)


def _at(kept: Mapping[str, Any], name: str) -> datetime | None:
    found = kept.get(name)
    return datetime.fromisoformat(found) if isinstance(found, str) else None


if __name__ == "__main__":
    main()
