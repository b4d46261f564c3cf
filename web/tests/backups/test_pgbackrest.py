"""pgBackRest with the configuration that we print: backed up, expired and restored, where Debian's package is installed."""

import json
import os
import shutil
import subprocess

import psycopg
import pytest
import roomy

from vallum_web.backups.pgbackrest import STANZA, configuration
from vallum_web.backups.sealing import BackupKey
from vallum_web.embedded.binaries import candidates
from vallum_web.embedded.postgres import Postgres

CANARY = "canary-4711@example.com"
SYSTEM = next((folder for folder in candidates({}) if str(folder).startswith("/usr/")), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pgbackrest") is None, reason="no pgBackRest (Debian: apt-get install pgbackrest)"),
    pytest.mark.skipif(SYSTEM is None, reason="no PostgreSQL of the system (Debian: apt-get install postgresql)"),
]


@pytest.fixture
def place():
    folder = roomy.folder("pgbackrest")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.policy("PP-4d")
def test_a_database_comes_back_from_the_repository_that_we_configure(place):
    environ = {**os.environ, "VALLUM_POSTGRES_BIN": str(SYSTEM)}
    probe = Postgres(place / "home", durable=False, place=place / "place", environ=environ)
    for name in ("repository", "work", "copy"):
        probe.account.folder(place / name)
    file = place / "pgbackrest.conf"
    file.write_text(configuration(str(place / "repository"), BackupKey.made(), str(probe.cluster.data)))
    probe.account.own(file)
    file.chmod(0o600)
    work = {f"PGBACKREST_{name}_PATH": str(place / "work") for name in ("LOG", "LOCK", "SPOOL")}
    options = " ".join(f"--{name}-path={place / 'work'}" for name in ("log", "lock"))
    archive = f"pgbackrest --config={file} --stanza={STANZA} {options} archive-push %p"

    def run(*arguments: str) -> str:
        connection = {
            "PGHOST": str(probe.cluster.socket),
            "PGUSER": "super",
            "PGPASSWORD": probe.cluster.super_password,
            "PGBACKREST_PG1_SOCKET_PATH": str(probe.cluster.socket),
            "PGBACKREST_PG1_USER": "super",
        }
        ran = subprocess.run(
            ["pgbackrest", f"--config={file}", f"--stanza={STANZA}", *arguments],
            env={"PATH": "/usr/bin:/bin", **work, **connection},
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **probe.account.popen_options(),
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    settings = {"archive_mode": "on", "archive_command": archive, "wal_level": "replica"}
    with Postgres(place / "home", durable=False, place=place / "place", environ=environ, settings=settings) as server:
        with psycopg.connect(server.cluster.super_url("vallum")) as connection:
            connection.execute("create table kept (mail text)")
            connection.execute("insert into kept select %s from generate_series(1, 1000)", [CANARY])
        run("stanza-create")
        run("--type=full", "backup")
        run("verify")
    (told,) = json.loads(run("--output=json", "info"))
    assert (told["status"]["message"], told["cipher"]) == ("ok", "aes-256-cbc")
    assert [backup["type"] for backup in told["backup"]] == ["full"]
    objects = [path for path in (place / "repository").rglob("*") if path.is_file()]
    assert [path for path in objects if CANARY.encode() in path.read_bytes()] == []
    shutil.rmtree(probe.cluster.data)
    run("restore")
    # Ready once all of the log is replayed, and not before: until then it takes no writes.
    settings = {"hot_standby": "off"}
    with (
        Postgres(place / "home", durable=False, place=place / "place", environ=environ, settings=settings) as server,
        psycopg.connect(server.cluster.super_url("vallum")) as connection,
    ):
        assert connection.execute("select count(*) from kept where mail = %s", [CANARY]).fetchone() == (1000,)
