"""A migrated cluster at rest: migrating takes ten seconds, copying a fifth of one."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import roomy

from vallum_web.embedded import migrations
from vallum_web.embedded.postgres import Postgres

PLACE = Path(__file__).resolve().parents[2] / ".vallum" / "tests"
# What migrations import of ours besides each other, and what makes the roles and the cluster.
SOURCES = ("tenancy/**/*.py", "embedded/*.py", "**/models.py", "**/models/*.py", "**/apps.py")
KEPT = 3


def key() -> str:
    """Changes with all that a fresh cluster is made of."""
    digest = hashlib.sha256(migrations.fingerprint().encode())
    for path in sorted({path for pattern in SOURCES for path in migrations.PACKAGE.glob(pattern)}):
        digest.update(path.read_bytes())
    digest.update(f"{os.geteuid()} {os.environ.get('VALLUM_POSTGRES_BIN', '')}".encode())
    return digest.hexdigest()[:32]


def lay_out(folder: Path, place: Path) -> None:
    """Fills the empty folders of a server that was not yet started. The first who asks makes what is copied; others wait."""
    with _alone():
        rest = PLACE / key()
        if not rest.is_dir():
            _make(rest)
        os.utime(rest)
        for name, to in (("folder", folder), ("place", place)):
            _copy(rest / name, to)
        for old in sorted(PLACE.iterdir(), key=lambda path: path.stat().st_mtime)[: -KEPT - 1]:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _alone() -> Iterator[None]:
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(PLACE / "lock")
        yield


def _make(rest: Path) -> None:
    fresh = rest.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    # Made where the account of the database may enter, which it may not where people keep their work.
    with (
        tempfile.TemporaryDirectory(prefix="vallum-test-", dir=roomy.PLACE) as folder,
        tempfile.TemporaryDirectory(prefix="v-", dir=roomy.PLACE) as place,
    ):
        with Postgres(Path(folder), durable=False, place=Path(place)) as server:
            environment = {
                **os.environ,
                "DATABASE_URL": server.urls.app,
                "DATABASE_OWNER_URL": server.urls.owner,
            }
            command = [sys.executable, "-m", "vallum_web.config.manage", "migrate", "-v", "0", "--skip-checks"]
            subprocess.run(command, env=environment, check=True)
        for name, made in (("folder", folder), ("place", place)):
            (fresh / name).mkdir(parents=True)
            _copy(Path(made), fresh / name)
    fresh.rename(rest)


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", f"{source}/.", f"{target}/"], check=True)
