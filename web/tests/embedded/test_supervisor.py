"""The platform as an operator meets it, with small programs in place of Django: start, kill anything, stop."""

import contextlib
import os
import queue
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vallum_web.embedded import leftovers, privileges
from vallum_web.embedded.address import Address, Certificate
from vallum_web.embedded.child import Child
from vallum_web.embedded.probe import status

FAKES = Path(__file__).parent / "fakes"
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
pytestmark = [pytest.mark.slow, LINUX_ONLY]


class Run:
    """One `up`, seen from outside."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.home = folder / "home"
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")},
            "PYTHONPATH": str(FAKES),
            "VALLUM_DATABASE_FOLDER": str(folder / "place"),
            "VALLUM_HOME": str(self.home),
        }
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, str(FAKES / "up.py"), str(self.home), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environ,
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self.process.stdout as out:
            for line in out:
                self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, pattern: str, *, seconds: float = 30.0) -> re.Match[str]:
        until = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(until - time.monotonic(), 0.01))
            except queue.Empty:
                pytest.fail(f"{pattern!r} was not said in time. Said: {''.join(self.said)}")
            if line is None:
                pytest.fail(f"It ended without {pattern!r}. Said: {''.join(self.said)}")
            self.said.append(line)
            if found := re.search(pattern, line):
                return found

    def up(self) -> "Run":
        self.url = self.wait_for(r"(https?://\S+?:(\d+))/\s+\(up in")[1]
        self.address = Address(host="127.0.0.1", port=int(self.url.rsplit(":", 1)[1]))
        return self

    def page(self) -> tuple[int, int] | None:
        """Who answered, and the beats it saw; none when nobody did."""
        with contextlib.suppress(OSError), contextlib.closing(socket.socket()) as link:
            link.settimeout(2)
            link.connect((self.address.host, self.address.port))
            link.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: link.recv(4096), b"")).decode()
            if " 200 " in answer.splitlines()[0]:
                pid, beats = answer.rpartition("\r\n\r\n")[2].split()
                return int(pid), int(beats)
        return None

    def beats(self) -> int:
        return eventually(self.page)[1]

    def is_alive_and_well(self) -> None:
        """Pages are answered and the worker's beats go on."""
        before = self.beats()
        eventually(lambda: (seen := self.page()) is not None and seen[1] > before)

    def processes(self) -> dict[int, str]:
        """All that belongs to this run, by its environment; the database by where it works."""
        found = dict.fromkeys(leftovers.serving(self.home.parent / "place" / "data"), "postgres")
        mark = f"VALLUM_HOME={self.home}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def children(self, word: str) -> list[int]:
        """Direct children of the supervisor whose command holds a word, in order of their start."""
        ours = []
        for pid, command in sorted(self.processes().items()):
            with contextlib.suppress(OSError):  # gone meanwhile
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and word in command:
                    ours.append(pid)
        return ours

    def stop(self, number: signal.Signals = signal.SIGINT) -> float:
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - began


def eventually(look: Callable[[], object], *, seconds: float = 15.0) -> object:
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.05)
    return seen


@pytest.fixture
def up(folder: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(*options: str) -> Run:
        runs.append(Run(folder, *options))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.wait()
        for pid in run.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_it_starts_answers_and_ctrl_c_leaves_nothing_running(up):
    run = up().up()
    run.is_alive_and_well()
    assert len(run.processes()) > 8
    assert run.stop() < 10
    assert run.process.returncode == 0
    assert run.processes() == {}


def test_a_second_start_keeps_port_and_data_skips_migrations_and_is_quick(up):
    first = up("port=18123").up()
    eventually(lambda: first.beats() > 3)
    first.stop(signal.SIGTERM)
    second = up().up()
    took = time.monotonic() - second.began
    assert second.url == first.url
    assert second.beats() > 3
    assert any("migrations" in line and "up to date" in line for line in second.said)
    assert took < 5


def test_web_and_worker_never_see_the_owners_password(up):
    run = up().up()
    owner = (run.home / "database" / "server.json").read_text().split('"owner": "')[1].split('"')[0]
    read = []
    for pid, command in run.processes().items():
        if pid != run.process.pid:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that ended meanwhile
                assert owner.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
                read.append(command)
    assert all(any(part in command for command in read) for part in ("granian", "worker.py"))


def rights(pid: int) -> tuple[bool, int, int]:
    """Whether a process is root's, its capabilities, and whether it is kept from new ones."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert int(fields["CapInh"], 16) == int(fields["CapAmb"], 16) == 0
    return (
        fields["Uid"].split()[0] == "0",
        int(fields["CapEff"], 16) | int(fields["CapPrm"], 16),
        int(fields["NoNewPrivs"]),
    )


@pytest.mark.policy("PP-5e")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
def test_what_root_starts_holds_no_capability_that_it_does_not_need(up):
    run = up().up()
    run.is_alive_and_well()
    reading = sum(1 << each for each in privileges.to_read(Path(sys.executable), Path(privileges.__file__), run.home))
    supervisor = run.process.pid
    seen = {}
    for pid, command in run.processes().items():
        if pid != supervisor and "sleep" not in command:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that ended meanwhile
                seen[pid] = command, rights(pid)
    for command, (is_root, held, closed) in seen.values():
        assert closed == 1, command
        if "postgres" in command:
            assert (is_root, held) == (False, 0)
        elif "watcher.py" in command:
            assert held == 1 << privileges.KILL | 1 << privileges.TRACE
        else:
            assert held == reading | (1 << privileges.MAP_ROOT if "worker.py" in command else 0), command
    words = " ".join(command for command, _ in seen.values())
    assert all(part in words for part in ("granian", "worker.py", "postgres", "watcher.py"))


@pytest.mark.policy("PP-5e")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
def test_what_a_child_of_root_executes_gets_nothing_back(tmp_path):
    log = tmp_path / "log"
    child = Child(
        "shell", ["sh", "-c", "sh -c 'grep Cap /proc/self/status'"], environment={"PATH": "/bin:/usr/bin"}, log=log
    )
    child.start()
    assert eventually(lambda: child.poll() is not None)
    sets = dict(line.split(":\t") for line in log.read_text().splitlines())
    assert set(sets) == {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}
    assert {int(value, 16) for value in sets.values()} == {0}


def test_a_killed_web_server_is_replaced_with_all_its_workers(up):
    run = up().up()
    answering = eventually(run.page)[0]
    (main,) = run.children("granian")
    os.kill(main, signal.SIGKILL)
    run.wait_for("web was ended by SIGKILL")
    eventually(lambda: not leftovers.is_alive(answering))
    run.is_alive_and_well()
    assert main not in run.processes()


def test_a_killed_web_worker_is_replaced(up):
    run = up().up()
    for _ in range(2):
        answering = eventually(run.page)[0]
        os.kill(answering, signal.SIGKILL)
        run.is_alive_and_well()
        assert answering not in run.processes()


def test_a_killed_worker_is_replaced_and_what_it_had_started_is_ended(up):
    run = up().up()
    (worker,) = run.children("worker.py")
    eventually(lambda: sum("sleep" in command for command in run.processes().values()) == 2)
    sleepers = [pid for pid, command in run.processes().items() if "sleep" in command]
    os.kill(worker, signal.SIGKILL)
    run.wait_for("worker was ended by SIGKILL")
    run.is_alive_and_well()
    assert not set(sleepers) & set(run.processes()), "the killed worker's own processes live on"


def test_a_killed_database_is_replaced_and_everybody_reconnects(up):
    run = up().up()
    seen = run.beats()
    (server,) = run.children("postgres")
    os.kill(server, signal.SIGKILL)
    run.wait_for("database was ended by SIGKILL")
    run.is_alive_and_well()
    assert run.beats() >= seen


def test_nothing_is_left_after_the_parent_is_killed(up):
    run = up().up()
    assert len(run.processes()) > 8
    run.process.kill()
    run.process.wait()
    eventually(lambda: not run.processes(), seconds=5)


def test_after_a_killed_parent_the_next_start_has_the_same_port_and_data(up):
    run = up().up()
    eventually(lambda: run.beats() > 3)
    run.process.kill()
    run.process.wait()
    again = up().up()
    assert again.url == run.url
    assert again.beats() > 3


def test_the_watcher_is_replaced_and_the_end_of_the_watched_stays_certain(up):
    run = up().up()
    (watcher,) = run.children("watcher.py")
    os.kill(watcher, signal.SIGKILL)
    eventually(lambda: run.children("watcher.py") not in ([], [watcher]))
    run.process.kill()
    eventually(lambda: not run.processes(), seconds=5)


def test_a_second_start_over_the_same_state_says_where_the_first_runs(up):
    run = up().up()
    second = up()
    second.wait_for(re.escape(f"already runs over {run.home}: {run.url}/ (process {run.process.pid})"))
    assert second.process.wait(10) == 1
    run.is_alive_and_well()


def test_a_taken_port_moves_a_start_that_named_none_and_refuses_one_that_did(up):
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = up(f"port={port}")
        refused.wait_for(f"Port {port} on 127.0.0.1 is taken. Choose another")
        assert refused.process.wait(10) == 1
    run = up(f"port={port}").up()
    assert run.address.port == port


def test_demo_shows_its_login_after_the_first_page(up):
    run = up("demo=1").up()
    run.wait_for("the demo data are in place")
    run.wait_for("Demo login: alice@demo.invalid   password: correct-horse")
    run.is_alive_and_well()


@pytest.mark.parametrize("part", ["web", "migrate"])
def test_a_part_that_cannot_start_ends_the_start_with_its_last_words(up, part):
    run = up(f"broken={part}")
    run.wait_for("this program is broken")
    assert run.process.wait(15) == 1
    assert run.processes() == {}


def test_a_worker_that_cannot_live_is_tried_again_ever_more_slowly(up):
    run = up("broken=worker")
    for pause in ("0.2", "0.4", "0.8"):
        run.wait_for(f"worker ended with exit code 1; it is started again in {pause} s")
    assert run.stop() < 5


@pytest.mark.policy("PP-5a")
@pytest.mark.asvs("12.1.1")
def test_any_address_but_loopback_speaks_tls_1_3_and_nothing_else(up):
    run = up("host=0.0.0.0")
    authority = Path(run.wait_for(r"this authority's file: (\S+)")[1])
    port = int(re.search(r"https://\S+:(\d+)/", "".join(run.said))[1])
    certificate = Certificate(authority=authority, chain=authority, key=authority)
    assert status(Address(host="127.0.0.1", port=port, certificate=certificate), "/") == 200
    assert status(Address(host="127.0.0.1", port=port), "/") is None
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection(("127.0.0.1", port)) as link,
        context.wrap_socket(link, server_hostname="localhost") as safe,
    ):
        assert safe.version() == "TLSv1.3"
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", port)) as link,
        pytest.raises(ssl.SSLError, match=r"(?i)alert protocol version"),
    ):
        context.wrap_socket(link, server_hostname="localhost")


def test_the_demo_never_listens_beyond_loopback(up):
    run = up("host=0.0.0.0", "demo=1")
    run.wait_for("The demo listens on loopback only")
    assert run.process.wait(10) == 1
