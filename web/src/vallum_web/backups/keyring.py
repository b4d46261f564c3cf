"""The keyring as one text, and the state folder's other secrets with it: what no backup of the database may hold."""

import base64
import json
from pathlib import Path
from typing import Any, Final

from vallum_web.backups import apart
from vallum_web.backups.errors import RestoreError
from vallum_web.tenancy.keyring import store

_TABLES: Final = {
    "fact": ("name", "value"),
    "data_key": ("kind", "owner", "version", "wrapped", "kek", "made_at"),
    "forgotten": ("kind", "owner", "at"),
    "rotation": ("owner", "version", "begun_at", "moved", "finished_at"),
}


def gather(home: Path) -> bytes:
    """In one moment of the keyring; every data key is wrapped in it, as always."""
    with store.writing() as run:  # alone: a rotation is before it or after it
        tables = {
            name: [[_told(value) for value in row] for row in run(f"select {', '.join(columns)} from {name}")]  # noqa: S608 - constants
            for name, columns in _TABLES.items()
        }
    return json.dumps({"tables": tables, "files": apart.gather(home)}).encode()


def fill(data: bytes) -> int:
    """Into an empty keyring, or the same one again. How many data keys it holds. Raises RestoreError."""
    tables = json.loads(data)["tables"]
    with store.writing() as run:
        for name, columns in _TABLES.items():
            marks = ", ".join("?" * len(columns))
            for row in tables[name]:
                run(f"insert into {name} values ({marks}) on conflict do nothing", *map(_value, row))  # noqa: S608 - as above
        keks = {row[0] for row in run("select value from fact where name = 'kek'")}
        if tables["fact"] and keks != {value for name, value in tables["fact"] if name == "kek"}:
            raise RestoreError("The keyring here is another one than the backup's. Restore into an empty state folder.")
        return len(run("select version from data_key"))


def _told(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    return value


def _value(value: Any) -> Any:
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value
