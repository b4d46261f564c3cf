"""An operator's own server that cannot be used: one sentence with its host, never a traceback, never the password."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest
import roomy

from vallum_web.embedded import connection, database
from vallum_web.embedded.connection import APP, connected
from vallum_web.embedded.ephemeral import ephemeral
from vallum_web.embedded.errors import DatabaseError

WORD = "Correct" + "Horse"


@pytest.fixture
def closed_port() -> Iterator[int]:
    with contextlib.closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take it meanwhile
        yield held.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepts and says nothing, as behind a firewall that swallows what comes."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    with ephemeral(within=roomy.PLACE) as started:
        yield started


def refusal(url: str) -> str:
    with pytest.raises(DatabaseError) as raised, connected(url, APP):
        pass
    assert raised.value.__cause__ is None
    return str(raised.value)


def test_a_closed_port_names_host_and_setting(closed_port):
    said = refusal(f"postgresql://vallum_app:{WORD}@127.0.0.1:{closed_port}/vallum")
    assert "The database at 127.0.0.1 (DATABASE_URL) cannot be used: " in said
    assert "refused" in said
    assert WORD not in said
    assert "\n" not in said


def test_a_host_that_never_answers_is_given_up(silent_port, monkeypatch):
    assert connection.PATIENCE == 10
    monkeypatch.setattr(connection, "PATIENCE", 2)
    began = time.monotonic()
    assert "timeout" in refusal(f"postgresql://vallum_app:{WORD}@127.0.0.1:{silent_port}/vallum")
    assert time.monotonic() - began < 8


def test_the_operators_own_patience_wins(silent_port):
    began = time.monotonic()
    assert "timeout" in refusal(f"postgresql://vallum_app@127.0.0.1:{silent_port}/vallum?connect_timeout=2")
    assert time.monotonic() - began < 8


def test_a_wrong_password_is_not_repeated(server):
    said = refusal(server.cluster.url("vallum_app", WORD))
    assert "password authentication failed" in said
    assert WORD not in said


def test_a_password_that_a_message_happens_to_hold_is_hidden(closed_port):
    said = refusal(f"postgresql://vallum_app:refused@127.0.0.1:{closed_port}/vallum")
    assert "refused" not in said
    assert "Connection ***" in said


def test_a_question_that_the_server_refuses_is_a_sentence_too(server):
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        connected(server.urls.app, APP) as link,
    ):
        link.execute("SELECT rolpassword FROM pg_authid")


def test_what_was_done_is_kept(server):
    with connected(server.urls.owner, APP) as link:
        link.execute("CREATE TABLE kept (id int)")
    with psycopg.connect(server.urls.owner) as link:
        assert link.execute("SELECT count(*) FROM kept").fetchone() == (0,)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("postgresql://app:aaa@WORD@127.0.0.1/vallum", id="an @ in the password"),
        pytest.param("postgresql://app:WORD/bbb@127.0.0.1/vallum", id="a slash, so that a port is read"),
        pytest.param("postgresql://app:12/WORD@127.0.0.1/vallum", id="a slash after digits"),
        pytest.param("postgresql://app:aaa@bbb/WORD@127.0.0.1/vallum", id="an @ and a slash"),
        pytest.param("postgresql://app:WORD%zz@127.0.0.1/vallum", id="a percent sign"),
        pytest.param("postgresql:/app:WORD@127.0.0.1/vallum", id="one slash too few"),
        pytest.param("mysql://app:WORD@127.0.0.1/vallum", id="another scheme"),
        pytest.param("host=127.0.0.1 password=WORD", id="keywords, which Django does not read"),
        pytest.param("postgresql://app:WORD@127.0.0.1/vallum?connect_timeout=soon", id="a patience that is no number"),
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(address):
    said = refusal(address.replace("WORD", WORD))
    assert said.startswith("DATABASE_URL cannot be read. It looks like postgresql://ROLE:PASSWORD@HOST")
    assert WORD not in said


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("postgresql://app@[::1]:5/vallum", id="version 6"),
        pytest.param("postgresql://app@/vallum?host=/run/a%20b", id="a socket in a folder with a space"),
        pytest.param("postgresql://app@db-1.example:1,db-2.example:2/vallum", id="two hosts"),
        pytest.param("postgres://app:p%40%2Fw@db.example/vallum", id="an escaped password"),
    ],
)
def test_addresses_that_an_operator_may_write(address):
    assert connection._read(address, APP)["user"] == "app"


def test_commands_try_both_addresses_before_they_start(server, tmp_path):
    wrong = server.cluster.url("vallum_owner", WORD)
    given = {"DATABASE_URL": server.urls.app, "DATABASE_OWNER_URL": wrong}
    with (
        pytest.raises(DatabaseError, match=r"\(DATABASE_OWNER_URL\) cannot be used"),
        database.attached(tmp_path, environ=given),
    ):
        pass


@pytest.mark.parametrize("verb", ["up", "migrate", "doctor"])
def test_no_verb_ends_in_a_traceback(verb, closed_port, folder):
    address = f"postgresql://vallum:{WORD}@127.0.0.1:{closed_port}/vallum"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "VALLUM_"))}
    own = {"VALLUM_HOME": str(folder / "home"), "DATABASE_URL": address, "DATABASE_OWNER_URL": address}
    ran = subprocess.run(
        [sys.executable, "-m", "vallum_web.embedded.cli", verb],
        capture_output=True,
        text=True,
        check=False,
        env={**inherited, **own},
        cwd=folder,
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 1, said
    assert "The database at 127.0.0.1 (DATABASE_URL) cannot be used" in said
    assert "Traceback" not in said
    assert WORD not in said
    assert "server.log" not in said
