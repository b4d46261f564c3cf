"""The command as an operator types it; Django's commands are covered where Django is."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from vallum_web.embedded.errors import DatabaseError
from vallum_web.embedded.postgres import Postgres


@pytest.fixture
def vallum_web(folder, environ):
    def run(*arguments: str, **further: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "VALLUM_"))}
        places = {"VALLUM_HOME": str(folder / "home"), "VALLUM_DATABASE_FOLDER": str(folder / "place")}
        return subprocess.run(
            [sys.executable, "-m", "vallum_web.embedded.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**inherited, **environ, **places, **further},
            cwd=folder,
        )

    return run


def open_database(folder: Path, environ: dict[str, str]) -> Postgres:
    return Postgres(folder / "home", environ={**environ, "VALLUM_DATABASE_FOLDER": str(folder / "place")})


SECRETS = """
CREATE TABLE kept (id int PRIMARY KEY, org int NOT NULL);
ALTER TABLE kept ENABLE ROW LEVEL SECURITY;
ALTER TABLE kept FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON kept USING (org = nullif(current_setting('app.org', true), '')::int);
SELECT set_config('app.org', '1', true);
INSERT INTO kept SELECT n, 1 FROM generate_series(1, 1000) AS n;
"""


def test_a_dump_holds_every_tenants_rows_and_fills_a_new_database(vallum_web, folder, environ):
    with open_database(folder, environ) as server:
        with psycopg.connect(server.urls.owner) as owner:
            owner.execute(SECRETS)
        while_running = vallum_web("database", "dump", str(folder / "running.dump"))
        assert while_running.returncode == 0, while_running.stderr
    dumped = vallum_web("database", "dump", str(folder / "vallum.dump"))
    assert dumped.returncode == 0, dumped.stderr
    assert (folder / "vallum.dump").stat().st_mode & 0o077 == 0
    assert vallum_web("database", "dump", str(folder / "vallum.dump")).stderr.startswith("vallum-web: ")

    full = vallum_web("database", "restore", str(folder / "vallum.dump"))
    assert full.returncode == 1
    assert "is not empty" in full.stderr
    (folder / "place" / "data").rename(folder / "place" / "data.old")
    restored = vallum_web("database", "restore", str(folder / "vallum.dump"))
    assert restored.returncode == 0, restored.stderr
    with open_database(folder, environ) as server, psycopg.connect(server.urls.app) as app:
        assert app.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        app.execute("SELECT set_config('app.org', '1', true)")
        assert app.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_data_without_their_passwords_are_refused_with_the_file_that_is_missing(folder, environ):
    with open_database(folder, environ):
        pass
    (folder / "home" / "database" / "server.json").unlink()
    with (
        pytest.raises(DatabaseError, match=r"Its passwords are kept in .*server\.json"),
        open_database(folder, environ),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param([], 2, "usage: vallum-web", id="nothing"),
        pytest.param(["fly"], 2, "invalid choice", id="no such verb"),
        pytest.param(["up", "--port", "99999"], 2, "give a number from 1 to 65535", id="no such port"),
        pytest.param(["up", "--demo", "--host", "0.0.0.0"], 1, "The demo listens on loopback only", id="open demo"),
        pytest.param(["up", "--host", "192.0.2.1"], 1, "Cannot listen on 192.0.2.1", id="another machine's address"),
        pytest.param(["database", "restore", "absent"], 1, "absent is not a file", id="no such dump"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(vallum_web, arguments, code, said):
    ran = vallum_web(*arguments)
    assert (ran.returncode, said in ran.stderr) == (code, True), ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_sql_for_a_server_of_your_own_has_new_passwords_each_time(vallum_web):
    first, second = vallum_web("database", "roles"), vallum_web("database", "roles", "--major", "15")
    assert "CREATE ROLE vallum_app NOSUPERUSER NOBYPASSRLS" in first.stdout
    assert "INHERIT FALSE" in first.stdout
    assert "INHERIT FALSE" not in second.stdout
    assert len({line for ran in (first, second) for line in ran.stdout.splitlines() if "DATABASE_URL=" in line}) == 2


def test_a_server_of_your_own_needs_both_addresses(vallum_web):
    ran = vallum_web("migrate", DATABASE_URL="postgresql://app@/x")
    assert (ran.returncode, "DATABASE_OWNER_URL (migrations) is not set" in ran.stderr) == (1, True)


def test_doctor_of_a_new_installation_says_so_and_makes_nothing(vallum_web, folder):
    ran = vallum_web("doctor")
    assert ran.returncode == 0, ran.stdout
    assert "none yet: the first start makes it" in ran.stdout
    assert not (folder / "home").exists()


def test_a_list_of_breached_passwords_is_kept_without_starting_a_database(vallum_web, folder):
    (folder / "list.txt").write_text("seventeen quiet lamps\n")
    said = vallum_web("passwords", "import", str(folder / "list.txt"))
    assert said.returncode == 0, said.stderr
    assert "1 are kept in" in said.stdout
    assert (folder / "home" / "breached_passwords").stat().st_mode & 0o077 == 0
    assert not (folder / "place").exists()
    assert vallum_web("passwords", "import", str(folder / "nowhere.txt")).returncode == 1
