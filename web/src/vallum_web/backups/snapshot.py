"""One moment of the database, seen by the role of backups: what is counted in it is what is dumped from it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, cast

import psycopg
from psycopg import sql

from vallum_web.backups.errors import SourceError
from vallum_web.backups.manifest import Table
from vallum_web.embedded.connection import Connection

EMPTIED: Final = frozenset({"config_cache", "django_session"})
"""Dumped without their rows: a cache, and sign-ins that no restore may bring back."""
SAMPLED: Final = 100
"""Rows of either end of a table that its digest covers."""
_TABLES: Final = """
select c.relname, array(select a.attname::text from pg_index i, unnest(i.indkey) with ordinality k(attnum, n)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum where i.indrelid = c.oid and i.indisprimary order by k.n)
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1
"""
# A table that hides a row from this role would be dumped without it, and pg_dump would say that all went well.
_HIDDEN: Final = """
select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and (
  not has_table_privilege(c.oid, 'select') or c.relrowsecurity and (
    not exists (select from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*')
      and pg_get_expr(p.polqual, p.polrelid) = 'true'
      and (0 = any(p.polroles) or (select oid from pg_roles where rolname = current_user) = any(p.polroles)))
    or exists (select from pg_policy p where p.polrelid = c.oid and not p.polpermissive and p.polcmd in ('r', '*')))
) order by 1
"""
# The text of a row depends on these, and is to be the same wherever it is read.
_SETTINGS: Final = """
set local timezone = 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'iso_8601'; set local bytea_output = 'hex'
"""
_HEADS: Final = "select org_id::text, seq::text, encode(hash, 'hex') from audit_head order by 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What can be compared with a restored copy."""

    tables: Mapping[str, Table]
    heads: str


@contextmanager
def held(url: str) -> Iterator[tuple[Connection, str]]:
    """A transaction that stays in one moment, and that moment's name for pg_dump. Raises SourceError."""
    try:
        with psycopg.connect(url, connect_timeout=10, options="-c idle_in_transaction_session_timeout=0") as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            row = connection.execute("select pg_export_snapshot()").fetchone()
            yield connection, str(row[0]) if row else ""
    except psycopg.Error as error:
        raise SourceError(f"The database cannot be read for a backup: {error}") from error


def refuse_hidden(connection: Connection) -> None:
    """Raises SourceError where rows would be left out."""
    names = [str(row[0]) for row in connection.execute(_HIDDEN.encode())]
    if names:
        raise SourceError(
            f"The role of backups does not see all rows of {', '.join(names)}: nothing was backed up. `vallum-web migrate` "
            "makes the policy that each such table needs, unless one of its own restricts everybody."
        )


def look(connection: Connection) -> Seen:
    """Count every table, and digest a sample of it and where the audit logs end."""
    connection.execute(_SETTINGS.encode())
    found = {}
    for name, key in cast("list[tuple[str, list[str]]]", connection.execute(_TABLES.encode()).fetchall()):
        found[name] = Table(rows=0, sample="") if name in EMPTIED else _table(connection, name, key)
    return Seen(tables=found, heads=_heads(connection) if "audit_head" in found else "")


def differences(wanted: Seen, found: Seen) -> list[str]:
    """In which tables the two differ, and how; empty where they are the same."""
    said = [
        f"{name}: {found.tables[name].rows:,} rows instead of {table.rows:,}"
        if found.tables[name].rows != table.rows
        else f"{name}: as many rows, and others"
        for name, table in wanted.tables.items()
        if name in found.tables and found.tables[name] != table
    ]
    said += [f"{name}: missing" for name in wanted.tables.keys() - found.tables.keys()]
    if wanted.heads != found.heads:
        said.append("the audit logs end elsewhere")
    return sorted(said)


def _table(connection: Connection, name: str, key: list[str]) -> Table:
    table = sql.Identifier(name)
    row = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
    rows = int(str(row[0])) if row else 0
    order: list[sql.Composable] = [sql.Identifier(part) for part in key] or [sql.SQL("t::text")]
    digest = sha256()
    for direction in ("asc", "desc"):
        by = sql.SQL(", ").join(sql.SQL("{} {}").format(part, sql.SQL(direction)) for part in order)
        asked = sql.SQL("select t::text from {} t order by {} limit {}").format(table, by, sql.Literal(SAMPLED))
        for (text,) in connection.execute(asked):
            digest.update(str(text).encode() + b"\n")
    return Table(rows=rows, sample=digest.hexdigest())


def _heads(connection: Connection) -> str:
    digest = sha256()
    for row in connection.execute(_HEADS.encode()):
        digest.update(" ".join(map(str, row)).encode() + b"\n")
    return digest.hexdigest()
