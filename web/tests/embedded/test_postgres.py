import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from vallum_web.embedded import leftovers, roles
from vallum_web.embedded.errors import AlreadyRunningError, BinariesError, DatabaseError
from vallum_web.embedded.postgres import Postgres

ROWS = 1000


def fill(server: Postgres) -> None:
    with psycopg.connect(server.urls.owner) as connection:
        connection.execute("CREATE TABLE kept (id int PRIMARY KEY)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, %s)", [ROWS])


def count(server: Postgres) -> int:
    with psycopg.connect(server.urls.app) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def kill(server: Postgres) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait()


def test_data_survive_an_orderly_restart(postgres):
    with postgres() as server:
        fill(server)
    with postgres() as again:
        assert count(again) == ROWS


def test_committed_rows_survive_kill_9_of_the_server(postgres):
    server = postgres(durable=True)
    server.start()
    fill(server)
    kill(server)
    assert server.poll() == -signal.SIGKILL
    server.start()
    assert count(server) == ROWS


def test_a_session_that_outlives_its_server_does_not_keep_the_next_from_starting(postgres):
    server = postgres(durable=True)
    server.start()
    fill(server)
    with psycopg.connect(server.urls.app) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)  # a backend that cannot notice the end of its main process
        kill(server)
        server.start()
        assert backend not in leftovers.serving(server.cluster.data)
        assert count(server) == ROWS


def test_a_killed_session_leaves_the_server_running(postgres):
    with postgres(durable=True) as server:
        fill(server)
        with psycopg.connect(server.urls.app) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
        until = time.monotonic() + 10
        while True:
            try:
                assert count(server) == ROWS
                break
            except psycopg.OperationalError:
                assert time.monotonic() < until
                time.sleep(0.05)
        assert server.poll() is None


def test_a_pid_given_to_a_stranger_after_a_reboot_does_not_keep_the_server_from_starting(postgres):
    server = postgres(durable=True)
    server.start()
    fill(server)
    kill(server)
    stale = server.cluster.data / "postmaster.pid"
    lines = stale.read_text().splitlines()
    stale.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    server.start()
    assert count(server) == ROWS


def test_two_launchers_never_share_one_state_folder(postgres):
    with postgres(), pytest.raises(AlreadyRunningError, match=f"in use by process {os.getpid()}"):
        postgres().start()


def test_only_a_password_opens_the_database(postgres):
    with postgres() as server:
        socket = server.cluster.socket
        # Below root's group stands nobody but root's own children: they hold no capability to pass with.
        assert stat.S_IMODE(socket.stat().st_mode) == (0o2710 if server.account.drops else 0o700)
        assert not server.account.drops or socket.stat().st_gid == 0
        for role in ("super", roles.OWNER, roles.APP):
            with pytest.raises(psycopg.OperationalError, match="no password supplied"):
                psycopg.connect(host=str(socket), user=role, dbname=roles.DATABASE)
        kept = server.cluster.home / "database" / "server.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert stat.S_IMODE(server.cluster.home.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.cluster.data.stat().st_mode) == 0o700


def test_passwords_never_reach_the_log(postgres):
    with postgres(settings={"log_min_duration_statement": "0"}) as server:
        server.settle()
        with psycopg.connect(server.urls.app) as connection:
            connection.execute("SELECT 1")
        log = server.log.read_text()
    assert "SELECT 1" in log
    for password in (server.cluster.super_password, server.cluster.passwords.app, server.cluster.passwords.owner):
        assert password not in log


def test_text_is_ordered_by_code_point_and_pages_have_checksums(postgres):
    with postgres() as server, psycopg.connect(server.urls.app) as connection:
        words = connection.execute("SELECT w FROM unnest(array['a', 'B', 'ä', '-b']) AS t(w) ORDER BY w").fetchall()
        assert [word for (word,) in words] == ["-b", "B", "a", "ä"]
        assert connection.execute("SELECT upper('ä')").fetchone() == ("Ä",)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_data_of_another_major_version_are_refused_with_a_way_out(postgres):
    with postgres() as server:
        version = server.cluster.data / "PG_VERSION"
        known = version.read_text()
    version.write_text("9\n")
    with pytest.raises(BinariesError, match=r"written by PostgreSQL 9.*vallum-web database restore"):
        postgres().start()
    version.write_text(known)


def test_a_server_that_cannot_start_says_why(postgres):
    with pytest.raises(DatabaseError, match=r"exit code 1(.|\n)*max_connections"):
        postgres(settings={"max_connections": "many"}).start()


def test_a_long_state_folder_gets_a_short_socket_folder(folder, environ):
    deep = folder / "/".join(["a-folder-name-of-thirty-letters"] * 4)
    with Postgres(folder / "home", place=deep, environ=environ, durable=False) as server:
        assert not server.cluster.socket.is_relative_to(folder)
        with psycopg.connect(server.urls.app) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    server.cluster.socket.rmdir()


LAUNCH = """
import sys, time
from pathlib import Path
from vallum_web.embedded.postgres import Postgres
server = Postgres(Path(sys.argv[1]), place=Path(sys.argv[2]) if sys.argv[2] else None)
server.start()
print(server.cluster.data, server.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_the_server_ends_when_its_launcher_is_killed(folder):
    command = [sys.executable, "-c", LAUNCH, str(folder / "home"), str(folder / "place")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        data, pid = launcher.stdout.readline().split()
        launcher.kill()
    until = time.monotonic() + 10
    while leftovers.serving(Path(data)):
        assert time.monotonic() < until, f"process {pid} still serves {data}"
        time.sleep(0.05)
    assert "database system is shut down" in (folder / "home" / "database" / "server.log").read_text()
