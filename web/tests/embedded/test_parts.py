"""The small pure parts of start-up, as tables."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vallum_web.embedded import logs, plan, tuning
from vallum_web.embedded.account import Account
from vallum_web.embedded.address import Address, Certificate
from vallum_web.embedded.child import Child, pause_before_restart
from vallum_web.embedded.cluster import LONGEST_SOCKET_FOLDER, Urls, locate
from vallum_web.embedded.keeper import how_it_ended
from vallum_web.embedded.narrator import Narrator

GIB = 1024**3
URLS = Urls(app="postgresql://app", owner="postgresql://owner")


@pytest.mark.parametrize(
    ("failures", "pause"), [(0, 0.2), (1, 0.2), (2, 0.4), (3, 0.8), (8, 25.6), (9, 30.0), (10_000, 30.0)]
)
def test_restarts_are_quick_at_first_and_never_slower_than_half_a_minute(failures, pause):
    assert pause_before_restart(failures) == pause


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-signal.SIGKILL, "was ended by SIGKILL"),
        (-63, "was ended by signal 63"),
        (None, "did not start"),
    ],
)
def test_how_a_process_ended_in_words(code, said):
    assert how_it_ended(code) == said


@pytest.mark.parametrize(
    ("memory", "cache"),
    [(GIB // 8, "64MB"), (GIB, "256MB"), (4 * GIB, "1024MB"), (64 * GIB, "1024MB")],
)
def test_the_servers_cache_is_a_quarter_of_memory_within_bounds(memory, cache):
    chosen = tuning.settings(Path("/s"), durable=True, extra={}, memory_bytes=memory)
    assert chosen["shared_buffers"] == cache
    assert chosen["max_connections"] == "60"
    assert "fsync" not in chosen


def test_settings_of_the_caller_win_and_tests_are_not_durable():
    chosen = tuning.settings(Path("/s"), durable=False, extra={"jit": "on"}, memory_bytes=GIB)
    assert (chosen["jit"], chosen["fsync"], chosen["listen_addresses"]) == ("on", "off", "")
    assert list(chosen) == sorted(chosen)


def test_memory_is_known():
    assert tuning.memory() > 64 * 1024**2


@pytest.mark.parametrize("length", [10, 60, 200])
def test_the_socket_folder_is_short_wherever_the_state_lies(tmp_path, length):
    me = Account(uid=0, gid=0, drops=False)
    cluster = locate(tmp_path / "home", me, environ={}, place=Path("/") / ("p" * length))
    assert len(str(cluster.socket)) <= LONGEST_SOCKET_FOLDER
    assert cluster.socket.is_relative_to(cluster.place) is (length < 80)
    assert locate(tmp_path / "home", me, environ={}, place=cluster.place) == cluster


def test_the_operator_may_put_the_data_on_another_volume(tmp_path):
    me = Account(uid=0, gid=0, drops=False)
    assert locate(tmp_path, me, environ={"VALLUM_DATABASE_FOLDER": "/data"}).data == Path("/data/data")


def test_web_and_worker_are_told_where_they_are_and_not_who_owns_the_tables():
    inherited = {"PATH": "/bin", "DATABASE_OWNER_URL": "postgresql://secret", "GRANIAN_HOST": "0.0.0.0"}
    told = plan.environment(inherited, Path("/h"), URLS, address=Address(host="127.0.0.1", port=8000))
    assert told == {
        "PATH": "/bin",
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": URLS.app,
        "VALLUM_HOME": "/h",
        "VALLUM_BIND": "127.0.0.1",
        "VALLUM_LOOPBACK": "1",
        "VALLUM_HOSTS": "127.0.0.1,localhost,[::1]",
        "VALLUM_TLS": "0",
        "VALLUM_URL": "http://127.0.0.1:8000",
    }


def test_commands_get_both_addresses():
    told = plan.environment({}, Path("/h"), URLS, owner=True)
    assert (told["DATABASE_URL"], told["DATABASE_OWNER_URL"]) == (URLS.app, URLS.owner)


def test_with_a_certificate_the_web_server_speaks_tls_1_3_only():
    tls = Certificate(authority=Path("/a"), chain=Path("/c"), key=Path("/k"))
    address = Address(host="0.0.0.0", port=8443, names=("a.example",), certificate=tls)
    assert {"--ssl-certificate=/c", "--ssl-keyfile=/k", "--ssl-protocol-min=tls1.3"} <= set(plan.web_command(address))
    told = plan.environment({}, Path("/h"), URLS, address=address)
    assert told["VALLUM_HOSTS"].split(",")[:3] == ["a.example", "0.0.0.0", "127.0.0.1"]
    assert (told["VALLUM_TLS"], told["VALLUM_LOOPBACK"]) == ("1", "0")


@pytest.mark.parametrize(
    ("told", "loopback"),
    [
        pytest.param(
            plan.environment({}, Path("/h"), URLS, address=Address(host="127.0.0.2", port=8000)),
            "True",
            id="one of loopback's many addresses",
        ),
        pytest.param({"VALLUM_BIND": "127.0.0.1", "VALLUM_LOOPBACK": "0"}, "False", id="what `up` decided wins"),
        pytest.param({"VALLUM_BIND": "127.0.0.1"}, "True", id="without `up`, the usual address"),
        pytest.param({"VALLUM_BIND": "0.0.0.0"}, "False", id="without `up`, all addresses"),
        pytest.param({}, "True", id="nothing said"),
    ],
)
def test_pages_take_for_loopback_what_the_platform_listens_on_as_such(tmp_path, told, loopback):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VALLUM_")}
    ran = subprocess.run(
        [sys.executable, "-c", "from vallum_web.config import settings; print(settings.LOOPBACK)"],
        env={**kept, **told, "VALLUM_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == loopback


def test_a_large_log_is_set_aside_and_the_oldest_goes(tmp_path):
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        for turn in range(5):
            assert not logs.rotate(log, largest=10, kept=2)
            writer.write(f"turn {turn} is long enough".encode())
            assert logs.rotate(log, largest=10, kept=2)
        writer.write(b"still here")
    assert log.read_text() == "still here"
    assert {path.name: path.read_text()[:6] for path in tmp_path.glob("*.log.*")} == {
        "web.log.1": "turn 4",
        "web.log.2": "turn 3",
    }
    assert not logs.rotate(tmp_path / "absent.log")


def test_a_step_is_one_line_with_its_seconds():
    out = io.StringIO()
    ticks = iter([10.0, 11.26])
    with Narrator(out, clock=lambda: next(ticks)).step("database") as remarks:
        remarks.append("PostgreSQL 18.4")
    assert out.getvalue() == "  database     1.3 s  PostgreSQL 18.4\n"


def test_a_closed_terminal_does_not_stop_the_platform():
    class Closed(io.StringIO):
        def write(self, _text):
            raise BrokenPipeError

    Narrator(Closed()).say("nobody hears this")


def test_a_child_is_started_ended_and_planned_again(tmp_path):
    child = Child("sleeper", ["sleep", "600"], environment={"PATH": "/bin:/usr/bin"}, log=tmp_path / "log")
    assert (child.poll(), child.is_running(), child.last_words()) == (None, False, "")
    assert child.start() == child.pid
    assert child.is_running()
    child.ask_to_stop()
    child.bury()
    assert not child.is_running()
    assert (child.failures, child.restart_at is not None) == (1, True)


def test_what_a_child_said_last_is_kept(tmp_path):
    command = [sys.executable, "-c", "import sys; sys.exit('no reason')"]
    child = Child("broken", command, environment={}, log=tmp_path / "log")
    child.start()
    while child.poll() is None:
        pass
    assert child.last_words() == "no reason"
