import dataclasses
import os
import subprocess

import psycopg
import pytest
import roomy

from vallum_web.embedded import roles
from vallum_web.embedded.ephemeral import clone, drop, ephemeral

ADMIN = "administrator-of-a-managed-server"
TENANTS = """
CREATE TABLE note (id int PRIMARY KEY, org int NOT NULL, text text);
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
ALTER TABLE note FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON note
  USING (org = (SELECT nullif(current_setting('app.org', true), '')::int))
  WITH CHECK (org = (SELECT nullif(current_setting('app.org', true), '')::int));
CREATE POLICY lookup ON note FOR SELECT TO vallum_lookup USING (true);
GRANT SELECT ON note TO vallum_lookup;
CREATE FUNCTION count_everywhere() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
  AS $$ SELECT count(*) FROM note $$;
ALTER FUNCTION count_everywhere() OWNER TO vallum_lookup;
SELECT set_config('app.org', '1', true);
INSERT INTO note VALUES (1, 1, 'of one');
"""


@pytest.fixture
def server(environ):
    with ephemeral(environ={**os.environ, **environ}, within=roomy.PLACE) as server:
        yield server


def test_roles_are_as_promised(server):
    with psycopg.connect(server.urls.owner) as connection:
        found = connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication"
            " FROM pg_roles WHERE rolname LIKE 'vallum%' ORDER BY rolname"
        ).fetchall()
    assert found == [
        ("vallum_app", True, False),
        ("vallum_backup", True, False),
        ("vallum_lookup", False, False),
        ("vallum_owner", True, False),
    ]


@pytest.mark.asvs("13.2.2")
def test_app_reads_and_writes_rows_and_nothing_else(server):
    with psycopg.connect(server.urls.owner) as owner:
        owner.execute("CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text)")
        owner.execute("CREATE SEQUENCE numbers")
        owner.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with psycopg.connect(server.urls.app, autocommit=True) as app:
        app.execute("INSERT INTO thing (name) VALUES ('a')")
        app.execute("UPDATE thing SET name = 'b'")
        app.execute("CREATE TEMP TABLE staged (LIKE thing)")
        assert app.execute("SELECT name, one(), nextval('numbers') FROM thing").fetchone() == ("b", 1, 1)
        app.execute("DELETE FROM thing")
        for refused in (
            "CREATE TABLE mine (id int)",
            "DROP TABLE thing",
            "ALTER TABLE thing DISABLE ROW LEVEL SECURITY",
            "TRUNCATE thing",
            "SET ROLE vallum_owner",
            "SET ROLE vallum_lookup",
            "CREATE SCHEMA mine",
            "CREATE DATABASE mine",
            "COPY (SELECT 1) TO '/tmp/out'",
            "SELECT pg_read_file('PG_VERSION')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(refused)


def test_the_role_of_backups_reads_everything_and_writes_nothing(server):
    with psycopg.connect(server.urls.owner) as owner:
        owner.execute(TENANTS)
        owner.execute("CREATE POLICY backup ON note FOR SELECT TO vallum_backup USING (true)")
    with psycopg.connect(server.urls.backup, autocommit=True) as backup:
        assert backup.execute("SELECT count(*) FROM note").fetchone() == (1,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            backup.execute("DELETE FROM note")
        backup.execute("SET default_transaction_read_only = off")
        for refused in ("DELETE FROM note", "INSERT INTO note VALUES (2, 1, '')", "UPDATE note SET text = ''"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                backup.execute(refused)


def test_owner_obeys_the_policies_it_makes_and_hands_look_ups_over(server):
    with psycopg.connect(server.urls.owner) as owner:
        owner.execute(TENANTS)
    with psycopg.connect(server.urls.owner) as owner:
        assert owner.execute("SELECT count(*) FROM note").fetchone() == (0,), "the look-up policy reached the owner"
    with psycopg.connect(server.urls.app) as app:
        assert app.execute("SELECT count(*) FROM note").fetchone() == (0,)
        assert app.execute("SELECT count_everywhere()").fetchone() == (1,)
        app.execute("SELECT set_config('app.org', '1', true)")
        assert app.execute("SELECT count(*) FROM note").fetchone() == (1,)


def test_a_function_of_the_owner_can_be_replaced_after_it_was_handed_over(server):
    with psycopg.connect(server.urls.owner) as owner:
        owner.execute(TENANTS)
        owner.execute("SET ROLE vallum_lookup")
        owner.execute(
            "CREATE OR REPLACE FUNCTION count_everywhere() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER"
            " SET search_path = public AS $$ SELECT 7::bigint $$"
        )
        owner.execute("RESET ROLE")
    with psycopg.connect(server.urls.app) as app:
        assert app.execute("SELECT count_everywhere()").fetchone() == (7,)


def test_settling_brings_an_altered_role_back(server):
    with psycopg.connect(server.cluster.super_url(), autocommit=True) as connection:
        connection.execute("ALTER ROLE vallum_app SUPERUSER BYPASSRLS")
    server.settle()
    with psycopg.connect(server.urls.app) as app:
        row = app.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
    assert row == (False,)


def test_a_clone_has_the_rows_and_the_privileges_of_its_template(server):
    with psycopg.connect(server.urls.owner) as owner:
        owner.execute("CREATE TABLE thing (id int); INSERT INTO thing VALUES (1)")
    urls = clone(server, "test_gw0")
    with psycopg.connect(urls.owner) as owner:
        owner.execute("CREATE TABLE later (id int)")
    with psycopg.connect(urls.app) as app:
        assert app.execute("SELECT count(*) FROM thing").fetchone() == (1,)
        assert app.execute("SELECT count(*) FROM later").fetchone() == (0,)
    clone(server, "test_gw0")
    with psycopg.connect(urls.app) as app:
        assert app.execute("SELECT to_regclass('later')").fetchone() == (None,)
    drop(server, "test_gw0")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(urls.app)


@pytest.mark.parametrize("weak", ["short", "quote'" * 4, ""])
@pytest.mark.asvs("13.2.3")
def test_a_password_that_could_be_guessed_or_end_a_string_is_refused(weak):
    with pytest.raises(ValueError, match="at least 16"):
        roles.Passwords(owner="o" * 16, app="a" * 16, backup=weak)


def test_an_administrator_without_superuser_can_prepare_a_managed_server(server):
    """The script an operator runs, on a server that was made for nobody: as on a managed one."""
    with psycopg.connect(server.cluster.super_url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE vallum")
        connection.execute("DROP ROLE vallum_app, vallum_owner, vallum_lookup, vallum_backup")
        connection.execute(f"CREATE ROLE admin LOGIN CREATEROLE CREATEDB PASSWORD '{ADMIN}'")
    passwords = roles.Passwords(owner="o" * 16, app="a" * 16, backup="b" * 16)
    subprocess.run(
        [server.binaries.tool("psql"), "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname=postgres"],
        input=roles.script(passwords, major=server.binaries.major),
        env={"PGHOST": str(server.cluster.socket), "PGUSER": "admin", "PGPASSWORD": ADMIN},
        text=True,
        check=True,
    )
    cluster = dataclasses.replace(server.cluster, passwords=passwords)
    with psycopg.connect(cluster.urls().owner) as owner:
        owner.execute(TENANTS)
    with psycopg.connect(cluster.urls().owner) as owner:
        assert owner.execute("SELECT count(*) FROM note").fetchone() == (0,)
    with psycopg.connect(cluster.urls().app) as app:
        assert app.execute("SELECT count_everywhere()").fetchone() == (1,)
        app.execute("CREATE TEMP TABLE staged (LIKE note)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE mine (id int)")
    with pytest.raises(psycopg.OperationalError, match="does not have CONNECT privilege"):
        psycopg.connect(cluster.url("admin", ADMIN))
