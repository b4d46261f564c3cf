"""Killed in the middle, by `kill -9`: nothing half done stays, and the same command ends it. With the commands as typed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from vallum_web.backups import kit
from vallum_web.embedded import leftovers, quarantine
from vallum_web.embedded.postgres import Postgres

pytestmark = pytest.mark.slow
ROWS = 200_000


class Machine:
    """A state folder, and `vallum-web` over it."""

    def __init__(self, root: Path, name: str, storage: Path) -> None:
        self.home, self.storage = root / name, storage
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "VALLUM_"))}
        self.environ = {
            **kept,
            "VALLUM_HOME": str(self.home),
            "VALLUM_DATABASE_FOLDER": str(root / f"{name}-place"),
            "VALLUM_BACKUP": str(storage),
        }
        self.environ.pop("DJANGO_SETTINGS_MODULE", None)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "vallum_web.embedded.cli", *arguments],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> str:
        with self.start(*arguments) as ran:
            out, error = ran.communicate(timeout=240)
        assert ran.returncode == 0, out + error
        return out

    def killed(self, *arguments: str, when: Callable[[], bool]) -> None:
        """Starts a command, and kills it and all that it started as soon as something is so."""
        with self.start(*arguments) as ran:
            until = time.monotonic() + 120
            while not when() and ran.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            assert ran.poll() is None, f"it ended before it could be killed: {ran.communicate()}"
            os.killpg(ran.pid, signal.SIGKILL)
            ran.communicate()

    @property
    def server(self) -> Postgres:
        return Postgres(self.home, durable=False, environ=self.environ)

    def phase(self) -> str:
        return str(quarantine.note(self.home).get("phase", ""))


@pytest.fixture
def root():
    folder = Path(tempfile.mkdtemp(prefix="vallum-test-backups-"))
    folder.chmod(0o711)
    yield folder
    for data in folder.rglob("PG_VERSION"):
        if data.parent.name == "data":
            leftovers.end(data.parent)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.policy("PP-4d")
def test_backup_and_restore_are_killed_and_end_all_the_same(root):
    storage = root / "storage"
    old, new = Machine(root, "old", storage), Machine(root, "new", storage)
    old.run("migrate")
    with old.server as server, psycopg.connect(server.urls.owner) as owner:
        owner.execute("create table filler (id int primary key, words text)")
        owner.execute(f"insert into filler select n, md5(n::text) from generate_series(1, {ROWS}) n")
    blob = old.home / "blobs" / "00000000-0000-7000-8000-000000000001" / "a-report"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"a report " * 1000)

    old.killed("backup", when=lambda: any(storage.glob("main/*/database/*")))
    assert list(storage.glob("main/*/manifest/*")) == []
    old.run("backup", "kit", str(root / "kit.txt"))
    assert "Nobody has stored the recovery kit yet" in old.run("backup")
    assert old.run("backup", "verify").count(": whole") == 2
    text = (root / "kit.txt").read_text()

    restore = ("restore", "--kit", str(root / "kit.txt"))
    new.killed(*restore, when=lambda: new.phase() == "database" and (new.server.cluster.data / "base").exists())
    with new.start("up") as refused:
        assert "is in quarantine" in refused.communicate(timeout=60)[1]
    new.killed(*restore, when=lambda: new.phase() == "settling")
    said = new.run(*restore)
    assert "canary: shut without it, read with it" in said or "canary: read without it, read with it" in said
    assert new.phase() == ""
    with new.server as server, psycopg.connect(server.cluster.super_url("vallum")) as connection:
        assert connection.execute("select count(*) from filler").fetchone() == (ROWS,)
        rows = connection.execute("select kind, failure, backup <> '', rpo > 0 from backups_run where kind = 'restore'")
        assert rows.fetchall() == [("restore", "", True, True)]
    assert (new.home / blob.relative_to(old.home)).read_bytes() == blob.read_bytes()
    for name in ("keyring_key", "backup_key", "secret_key", "fingerprint_key", "audit_key"):
        assert (new.home / name).read_text().strip() == (old.home / name).read_text().strip(), name
    assert kit.Kit.parse(text).code in text
    with new.start(*restore) as again:
        assert "is not empty. Nothing is overwritten" in again.communicate(timeout=60)[1]


def test_a_wrong_kit_opens_nothing_and_leaves_the_folder_as_it_was(root):
    machine = Machine(root, "old", root / "storage")
    machine.run("migrate")
    machine.run("backup")
    other = Machine(root, "other", root / "nowhere")
    other.home.mkdir(mode=0o700)
    kit.write(kit.present(other.home, other.environ), root / "wrong.txt", other.environ)
    new = Machine(root, "new", root / "storage")
    with new.start("restore", "--kit", str(root / "wrong.txt")) as ran:
        error = ran.communicate(timeout=60)[1]
    assert "or the right recovery kit" in error
    assert new.server.cluster.major() is None
