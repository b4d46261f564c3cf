"""What is remembered of backups beside the database: a restore must not bring an old memory back."""

from datetime import datetime
from pathlib import Path
from typing import Any

from vallum_web.embedded import home as homes

_FILE = "backups.json"


def read(home: Path) -> dict[str, Any]:
    return homes.read_json(home / _FILE)


def note(home: Path, **values: Any) -> None:
    homes.write_json(home / _FILE, read(home) | values)


def when(home: Path, name: str) -> datetime | None:
    found = read(home).get(name)
    return datetime.fromisoformat(found) if isinstance(found, str) else None
