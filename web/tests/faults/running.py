"""One real platform on a state folder of its own, seen from outside: its API, its record, its processes."""

import contextlib
import http.client
import json
import os
import queue
import re
import secrets
import signal
import string
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import prepared
import psycopg

from vallum_web.embedded import database, leftovers

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
# Without vowels: among thousands of tokens one would hold "fake", and be taken for an example.
LETTERS = "".join(letter for letter in BASE62 if letter not in "AEIOUaeiou")
SETUP = """
import json, sys
from pathlib import Path
from vallum_web.accounts import services, tokens
from vallum_web.accounts.legal.services import settle
from vallum_web.accounts.models import Acceptance, Membership, User
from vallum_web.repositories import services as repositories
alice = User.objects.create_user("alice@example.test", None, name="Alice")
settle(alice, Acceptance.Method.LATER)
org = services.found("Acme", "acme", alice)
_, token = tokens.make(org, alice, tokens.Wanted(name="tests", role=Membership.Role.OWNER))
folders = {folders}
assets = {{name: str(repositories.add_folder(org, name=name, folder=Path(path)).asset_id) for name, path in folders.items()}}
print(json.dumps({{"org": str(org.pk), "token": token, "assets": assets}}))
"""


class Platform:
    """`vallum-web up`, and what a person and an operator see of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "VALLUM_"))}
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        self.environ = {
            **kept,
            "VALLUM_DATABASE_FOLDER": str(folder / "place"),
            "VALLUM_HOME": str(self.home),
        }
        self.said: list[str] = []
        self.org = self.token = ""
        self.assets: dict[str, str] = {}

    def up(self, *, seconds: float = 120.0) -> float:
        """Start it, at first over a migrated database; the seconds until it said that it is up."""
        if not self.home.exists():
            self.home.mkdir(mode=0o700)
            (self.folder / "place").mkdir(mode=0o700)
            prepared.lay_out(self.home, self.folder / "place")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vallum_web.embedded.cli", "up"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environ,
            cwd=self.folder,
        )
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        until = began + seconds
        while True:
            line = lines.get(timeout=max(until - time.monotonic(), 0.01))
            self.said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/\s+\(up in", line):
                self.port = int(found[1])
                return time.monotonic() - began

    def _read(self, lines: queue.Queue[str]) -> None:
        with self.process.stdout as out:
            for line in out:
                lines.put(line)

    def fill(self, folders: dict[str, Path]) -> None:
        """An organization with a token, and these folders as assets."""
        script = SETUP.format(folders=json.dumps({name: str(path) for name, path in folders.items()}))
        command = [sys.executable, "-m", "vallum_web.embedded.cli", "manage", "shell", "-c", script]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=True, cwd=self.folder)
        made = json.loads(done.stdout.splitlines()[-1])
        self.org, self.token, self.assets = made["org"], made["token"], made["assets"]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One call of the API; None while nobody answers as they should."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as link:
            try:
                data = None if body is None else json.dumps(body)
                head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
                link.request(method, f"/api/v1/{path}", data, head)
                answer = link.getresponse()
                read = answer.read()
            except (OSError, http.client.HTTPException):
                return None
            return json.loads(read) if answer.status < 300 else None

    def request(self, asset: str) -> str:
        return str(eventually(lambda: self.ask("POST", "scans", {"asset": self.assets[asset]}))["id"])

    def scan(self, key: str) -> Any:
        return self.ask("GET", f"scans/{key}")

    def wait_for_phase(self, key: str, phase: str) -> None:
        """Raises at once when the scan is over: then the moment was missed."""

        def look() -> bool:
            scan = self.scan(key)
            assert scan is None or not scan["finished_at"], f"it was over before {phase!r} was seen: {scan}"
            return scan is not None and scan["phase"] == phase

        eventually(look, every=0.005)

    def end_of(self, key: str, *, seconds: float = 60.0) -> Any:
        return eventually(lambda: (scan := self.scan(key)) and scan["finished_at"] and scan, seconds=seconds)

    def findings(self, asset: str) -> dict[str, list[tuple[str, int]]] | None:
        """Every finding's place by status, in one look; None while the database is away."""
        with contextlib.suppress(psycopg.OperationalError), self.connected() as link:
            rows = link.execute(
                "select status, path, line from findings_finding where asset_id = %s order by 1, 2, 3",
                [self.assets[asset]],
            ).fetchall()
            return {status: [(p, line) for s, p, line in rows if s == status] for status in {row[0] for row in rows}}
        return None

    def resolved_events(self, scan: str) -> int:
        with self.connected() as link:
            sql = "select count(*) from tenancy_event where kind = 'finding.resolved' and data->>'scan' = %s"
            return int(link.execute(sql, [scan]).fetchone()[0])

    @contextlib.contextmanager
    def connected(self) -> Iterator[psycopg.Connection[Any]]:
        with (
            database.attached(self.home, environ=self.environ) as urls,
            psycopg.connect(urls.app, autocommit=True) as link,
        ):
            link.execute("select set_config('app.org_id', %s, false)", [self.org])
            yield link

    def processes(self) -> dict[int, str]:
        """All that belongs to this run: by its environment, the database by where it works."""
        found = dict.fromkeys(leftovers.serving(self.folder / "place" / "data"), "postgres")
        mark = f"VALLUM_HOME={self.home}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(entry.name)] = command or "(gone)"
        return {pid: command for pid, command in found.items() if command != "(gone)"}

    def named(self, word: str) -> list[int]:
        """Processes whose command holds a word, oldest first."""
        return sorted(pid for pid, command in self.processes().items() if word in command)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)

    def sweep(self) -> None:
        """Whatever a failed test left."""
        self.process.kill()
        self.process.wait()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        leftovers.end(self.folder / "place" / "data")


def eventually(look: Callable[[], Any], *, seconds: float = 20.0, every: float = 0.05) -> Any:
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(every)
    return seen


def token() -> str:
    """A well-formed token that opens nothing, made at test time."""
    body = "".join(secrets.choice(LETTERS) for _ in range(30))
    value, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, rest = divmod(value, 62)
        check = BASE62[rest] + check
    return f"ghp_{body}{check}"


def write_leaks(folder: Path, name: str, count: int) -> list[tuple[str, int]]:
    """A file with a fresh token on each line, replaced in one step; where the findings will be."""
    folder.mkdir(exist_ok=True)
    part = folder / "part"
    part.write_text("".join(f"GH_TOKEN={token()}\n" for _ in range(count)))
    part.replace(folder / name)
    return [(name, line) for line in range(1, count + 1)]
