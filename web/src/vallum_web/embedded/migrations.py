"""Whether the schema is what this code wants, without loading Django: a start that migrates nothing costs milliseconds."""

import hashlib
import sysconfig
from pathlib import Path

import psycopg
from psycopg import sql

from vallum_web.embedded import connection as connections
from vallum_web.embedded.cluster import Urls
from vallum_web.embedded.connection import Connection, connected
from vallum_web.embedded.errors import DatabaseError

PACKAGE = Path(__file__).resolve().parents[1]
_MARK = "vallum migrations"


def fingerprint(package: Path = PACKAGE, libraries: Path | None = None) -> str:
    """Changes with any migration of ours, the list of apps, and the version of any installed package."""
    digest = hashlib.sha256()
    own = [path for path in package.rglob("migrations/**/*") if path.is_file() and path.suffix != ".pyc"]
    for path in sorted([*own, package / "config" / "settings.py"]):
        if path.is_file():
            digest.update(f"{path.relative_to(package)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    installed = libraries or Path(sysconfig.get_paths()["purelib"])
    for folder in sorted(path.name for path in installed.glob("*.dist-info")):
        digest.update(f"{folder}\0".encode())
    return digest.hexdigest()[:32]


def are_applied(urls: Urls, wanted: str) -> bool:
    """Whether the database says that exactly these migrations ran, and nobody migrated it since.

    The mark lies in the database itself, so that a restored dump or an emptied database cannot be mistaken for it.
    """
    with connected(urls.app, connections.APP) as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        return row is not None and row[0] is not None and row[0] == _mark(connection, wanted)


def mark_applied(urls: Urls, applied: str) -> bool:
    """Leaves the mark; says whether it could. A server that refuses comments only costs the time of a check at each start."""
    with connected(urls.owner, connections.OWNER) as connection:
        mark = _mark(connection, applied)
        name = sql.Identifier(connection.info.dbname)
        try:
            with connection.transaction():
                connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(mark)))
        except psycopg.errors.InsufficientPrivilege:
            return False
    return mark is not None


def _mark(connection: Connection, applied: str) -> str | None:
    if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT count(*), max(id) FROM django_migrations").fetchone()
    return f"{_MARK} {applied} {row[0]}:{row[1]}" if row else None


def refuse_mighty_app(urls: Urls) -> None:
    """Row-level security does not bind superusers: with such a role every tenant would see every other."""
    with connected(urls.app, connections.APP) as connection:
        row = connection.execute(
            "SELECT rolsuper OR rolbypassrls, rolname FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    if row is None or row[0]:
        name = row[1] if row else "?"
        raise DatabaseError(
            f"The role {name} of DATABASE_URL is superuser or has BYPASSRLS, so row-level security would not bind it. "
            "Use a plain role there (docs/operations.md has the SQL)."
        )
