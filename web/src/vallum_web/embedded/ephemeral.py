"""A server for one run of tests: fast, not durable, and nothing of it stays."""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg

from vallum_web.embedded import leftovers, roles
from vallum_web.embedded.cluster import Urls
from vallum_web.embedded.postgres import Postgres

_PREFIX = "vallum-test-"


@contextlib.contextmanager
def ephemeral(
    *,
    settings: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
    lay_out: Callable[[Path, Path], None] | None = None,
    within: Path | None = None,
) -> Iterator[Postgres]:
    """Starts a server in the folder for temporary files, or another one, and removes it at the end.

    `lay_out` may fill its two folders, of the state and of the data, before the start.
    """
    within = within or Path(tempfile.gettempdir())
    _sweep(within)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=within))
    # Apart: for root it belongs to another account.
    place = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=within))
    try:
        if lay_out is not None:
            lay_out(folder, place)
        with Postgres(folder, durable=False, settings=settings, place=place, environ=environ) as server:
            yield server
    finally:
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def clone(server: Postgres, name: str, *, template: str = roles.DATABASE) -> Urls:
    """Makes a database as a copy of another, to which nobody may be connected. Replaces one of that name."""
    drop(server, name)
    with psycopg.connect(server.cluster.super_url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_word(name)} TEMPLATE {_word(template)} OWNER {roles.OWNER}".encode())
        # What may be done inside travels with the copy; who may enter does not.
        connection.execute(f"REVOKE ALL ON DATABASE {_word(name)} FROM PUBLIC".encode())
        connection.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {_word(name)} TO {roles.APP}".encode())
        connection.execute(f"GRANT CONNECT ON DATABASE {_word(name)} TO {roles.BACKUP}".encode())
    return server.cluster.urls(name)


def drop(server: Postgres, name: str) -> None:
    """Removes a database, whoever is connected to it."""
    with psycopg.connect(server.cluster.super_url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {_word(name)} WITH (FORCE)".encode())


def _word(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise ValueError(f"{name!r} is no name for a test database: use a-z, 0-9 and _.")
    return name


def _sweep(temporary: Path) -> None:
    """Removes what a killed run left behind: its process id is in the name."""
    for folder in temporary.glob(f"{_PREFIX}[0-9]*-*"):
        pid = int(folder.name.removeprefix(_PREFIX).split("-")[0])
        if not leftovers.is_alive(pid) and not leftovers.serving(folder / "data"):
            shutil.rmtree(folder, ignore_errors=True)
