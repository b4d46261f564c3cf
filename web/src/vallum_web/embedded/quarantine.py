"""A state folder that a restore has begun to fill: nothing serves from it, works in it or sends mail until it is opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vallum_web.embedded import home as homes
from vallum_web.embedded.errors import HomeError

_FILE = "quarantine.json"


def note(home: Path) -> dict[str, Any]:
    """What the restore has written down; empty where there is none."""
    return homes.read_json(home / _FILE)


def hold(home: Path, note: Mapping[str, Any]) -> None:
    homes.write_json(home / _FILE, note)


def lift(home: Path) -> None:
    (home / _FILE).unlink(missing_ok=True)


def refuse(home: Path) -> None:
    """Raises HomeError while a restore is not ended."""
    if held := note(home):
        raise HomeError(
            f"{home} is in quarantine: the restore of backup {held.get('backup', '?')} has not ended, so people who were removed or "
            "erased since may be in it. Run `vallum-web restore` again: it goes on where it was."
        )
