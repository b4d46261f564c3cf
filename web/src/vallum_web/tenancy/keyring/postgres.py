"""The keyring on a PostgreSQL server of its own (`KEYRING_URL`), for platforms of several machines."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from vallum_web.embedded.address import is_loopback
from vallum_web.embedded.connection import APP, Connection, connected
from vallum_web.embedded.errors import DatabaseError
from vallum_web.tenancy.keyring.errors import StoreError

SETTING: Final = "KEYRING_URL"
_LOCK: Final = 0x6B657972


@contextmanager
def opened(url: str, tables: str, *, alone: bool = False) -> Iterator[Any]:
    """A function that runs statements, in one transaction; `alone`: no other writer meanwhile. Raises StoreError."""
    try:
        _prepared(url, tables)
        with connected(url, SETTING) as connection:
            if alone:
                connection.execute("lock table fact in exclusive mode")
            yield _runner(connection)
    except DatabaseError as error:
        raise StoreError(str(error)) from error


def scrub(url: str) -> None:
    """Have the server reuse the room of what was deleted, instead of keeping it until it comes by."""
    try:
        with connected(url, SETTING) as connection:
            connection.autocommit = True
            connection.execute("vacuum data_key")
    except DatabaseError as error:
        raise StoreError(str(error)) from error


def _runner(connection: Connection) -> Any:
    def run(statement: str, *values: object) -> list[tuple[Any, ...]]:
        # Statements are constants of this package, written once for both stores.
        ran = connection.execute(statement.replace("?", "%s"), values)
        return ran.fetchall() if ran.description else []

    return run


@cache
def _prepared(url: str, tables: str) -> None:
    """Once a process: refuse a place where the keyring must not be, and make its tables."""
    if _leads_into_the_open(url):
        raise StoreError(
            f"{SETTING} leads over a network without checking whose server it is: add ?sslmode=verify-full."
        )
    with connected(os.environ.get(APP, ""), APP) as main:
        ours = _identity(main)
    with connected(url, SETTING) as connection:
        if _identity(connection) == ours:
            raise StoreError(
                f"{SETTING} names the server that {APP} names: a backup of it would hold the keys beside what they open. "
                "Name another server."
            )
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(tables.replace("blob", "bytea"))


def _leads_into_the_open(url: str) -> bool:
    try:
        options = conninfo_to_dict(url)
    except psycopg.Error:
        return False  # what cannot be read leads nowhere; whoever connects says so
    host = str(options.get("host") or "/")
    return not host.startswith("/") and not is_loopback(host) and options.get("sslmode") != "verify-full"


def _identity(connection: Connection) -> object:
    """What a cluster is from its first start on, its copies included."""
    row = connection.execute("select system_identifier from pg_control_system()").fetchone()
    return row[0] if row else None
