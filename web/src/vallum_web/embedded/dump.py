"""The embedded database as one file, and back: for moving to another version, machine, or a managed server.

It is written as the administrator: a dump made by the owner of tables with forced row-level security holds no rows,
and says nothing about it.
"""

import os
import subprocess
from pathlib import Path

from vallum_web.embedded import account as accounts
from vallum_web.embedded import binaries as suppliers
from vallum_web.embedded import database, home, roles
from vallum_web.embedded.binaries import CLEAN_ENVIRONMENT
from vallum_web.embedded.cluster import SUPER, Cluster
from vallum_web.embedded.connection import connected
from vallum_web.embedded.errors import DatabaseError
from vallum_web.embedded.narrator import Narrator


def dump(folder: Path, target: Path, narrator: Narrator) -> None:
    """Writes everything into a new file; never over an old one."""
    if target.exists():
        raise DatabaseError(f"{target} exists already. Name a new file.")
    with narrator.step("dump") as remarks, database.attached_cluster(folder) as cluster:
        part = target.with_name(f"{target.name}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            ran = subprocess.run(
                [_tool(cluster, "pg_dump"), "--format=custom", roles.DATABASE],
                stdout=out,
                stderr=subprocess.PIPE,
                env=_environment(cluster),
                check=False,
            )
        if ran.returncode != 0:
            part.unlink()
            raise DatabaseError(f"pg_dump could not write {target}: {ran.stderr.decode('utf-8', 'replace').strip()}")
        part.rename(target)
        remarks.append(f"{target}, {target.stat().st_size:,} bytes")


def restore(folder: Path, source: Path, narrator: Narrator) -> None:
    """Fills an empty database. One that holds tables is refused: nothing is overwritten."""
    if not source.is_file():
        raise DatabaseError(f"{source} is not a file. Name one that `vallum-web database dump` wrote.")
    if home.Lock(folder / "up.lock").is_held():
        raise DatabaseError("The platform is running. Stop it, then restore.")
    with narrator.step("restore") as remarks, database.attached_cluster(folder) as cluster:
        with connected(cluster.super_url(roles.DATABASE), str(folder / "database" / "server.json")) as connection:
            row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        if row != (0,):
            raise DatabaseError(f"The database in {cluster.data} is not empty. Move that folder away, then restore.")
        with source.open("rb") as stream:
            ran = subprocess.run(
                [_tool(cluster, "pg_restore"), "--single-transaction", "--exit-on-error", f"--dbname={roles.DATABASE}"],
                stdin=stream,
                capture_output=True,
                env=_environment(cluster),
                check=False,
            )
        if ran.returncode != 0:
            raise DatabaseError(f"pg_restore could not read {source}: {ran.stderr.decode('utf-8', 'replace').strip()}")
        remarks.append("complete; `vallum-web up` migrates it where needed")


def _tool(cluster: Cluster, name: str) -> str:
    account = accounts.current(os.environ)
    return suppliers.choose(os.environ, account, data_major=cluster.major()).tool(name)


def _environment(cluster: Cluster) -> dict[str, str]:
    return {**CLEAN_ENVIRONMENT, "PGHOST": str(cluster.socket), "PGUSER": SUPER, "PGPASSWORD": cluster.super_password}
