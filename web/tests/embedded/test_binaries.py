import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from vallum_web.embedded import account as accounts
from vallum_web.embedded import binaries
from vallum_web.embedded.errors import AccountError, BinariesError

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to an account")


def wheel() -> Path:
    found = [folder for folder in binaries.candidates({}) if binaries.WHEEL in str(folder)]
    if not found:
        pytest.skip(f"no wheel {binaries.WHEEL}")
    return found[0]


def test_the_wheel_is_preferred_and_never_imported():
    chosen = binaries.choose({}, accounts.current(os.environ))
    assert chosen.folder == wheel()
    assert chosen.major == 18
    assert binaries.WHEEL not in sys.modules


def test_a_folder_of_the_operator_is_the_only_candidate(tmp_path):
    environ = {"VALLUM_POSTGRES_BIN": str(tmp_path)}
    assert list(binaries.candidates(environ)) == [tmp_path]
    with pytest.raises(BinariesError, match=r"does not run here.*VALLUM_POSTGRES_BIN.*DATABASE_URL"):
        binaries.choose(environ, accounts.current(os.environ))


def test_the_systems_newest_comes_first(tmp_path):
    assert sorted([Path("/usr/lib/postgresql/9/bin"), Path("/usr/lib/postgresql/15/bin")], key=binaries._numbers) == [
        Path("/usr/lib/postgresql/9/bin"),
        Path("/usr/lib/postgresql/15/bin"),
    ]


@pytest.mark.parametrize(
    ("version", "reason"),
    [pytest.param("14.9", "at least 15 is needed", id="too old"), pytest.param("mine", "does not run here", id="odd")],
)
def test_a_postgres_that_will_not_do_is_named_with_the_reason(folder, version, reason):
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    if version == "mine":
        (folder / "initdb").chmod(0o644)
    account = accounts.Account(uid=os.geteuid(), gid=os.getegid(), drops=False)
    with pytest.raises(BinariesError, match=reason):
        binaries.choose({"VALLUM_POSTGRES_BIN": str(folder)}, account)


@ROOT_ONLY
def test_binaries_in_a_closed_checkout_are_copied_and_no_folder_is_opened(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    package = closed / "site-packages" / binaries.WHEEL
    original = wheel().parents[1]
    shutil.copytree(original / "pginstall18", package / "pginstall18", ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(original.with_name(f"{binaries.WHEEL}.libs"), package.with_name(f"{binaries.WHEEL}.libs"))
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (closed, *closed.rglob("*"))}
    account = accounts.current(os.environ)
    environ = {"VALLUM_POSTGRES_BIN": str(package / "pginstall18" / "bin")}

    chosen = binaries.choose(environ, account, shared=folder / "shared")
    assert chosen.folder.is_relative_to(folder / "shared")
    made = subprocess.run(
        [
            chosen.tool("initdb"),
            "--pgdata",
            str(account.folder(folder / "data")),
            "--auth=scram-sha-256",
            "--pwfile=/etc/hostname",
        ],
        capture_output=True,
        check=False,
        cwd="/",
        **account.popen_options(),
    )
    assert made.returncode == 0, made.stderr
    assert modes == {path: stat.S_IMODE(path.stat().st_mode) for path in (closed, *closed.rglob("*"))}
    before = sorted((folder / "shared").iterdir())
    assert binaries.choose(environ, account, shared=folder / "shared") == chosen
    assert sorted((folder / "shared").iterdir()) == before, "a copy is made once"


@ROOT_ONLY
def test_root_gets_an_unprivileged_account_that_cannot_log_in():
    account = accounts.current({})
    assert account.drops
    assert account.uid != 0
    entry = next(line for line in Path("/etc/passwd").read_text().splitlines() if line.startswith(f"{accounts.NAME}:"))
    assert entry.endswith("/nologin")


@ROOT_ONLY
@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("root", "is root itself", id="root"),
        pytest.param("no such name!", "could not be made", id="bad name"),
    ],
)
def test_an_account_that_will_not_do_is_refused(name, said):
    with pytest.raises(AccountError, match=said):
        accounts.current({"VALLUM_POSTGRES_USER": name})


PLAIN = """
import sys, pathlib
from vallum_web.embedded.postgres import Postgres
import psycopg
home = pathlib.Path(sys.argv[1])
for _ in range(2):
    with Postgres(home) as server:
        assert server.cluster.data.is_relative_to(home)
        with psycopg.connect(server.urls.app) as connection:
            print(connection.execute("SELECT current_user").fetchone()[0], server.account.drops)
"""


@ROOT_ONLY
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv (util-linux)")
@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is Linux's")
def test_a_plain_user_starts_it_in_their_own_folder(folder):
    account = accounts.current({})
    python = shutil.which(f"python{sys.version_info.major}.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin")
    places = [str(Path(binaries.__file__).parents[2]), str(wheel().parents[2])]
    dropped = ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    if python is None or subprocess.run([*dropped, "test", "-r", places[1]], check=False).returncode != 0:
        pytest.skip("no Python, or no environment, that a plain user can read")
    own = account.folder(folder / "user")
    ran = subprocess.run(
        [*dropped, python, "-c", PLAIN, str(own / "home")],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "HOME": str(own), "PYTHONPATH": ":".join(places), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["vallum_app", "False"] * 2
