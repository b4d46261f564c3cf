"""Who PostgreSQL runs as. It refuses to run as root, and rightly so."""

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vallum_web.embedded.errors import AccountError

NAME = "vallum-postgres"
_LOCK = "/run/vallum-account.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An identity to start processes and own files with."""

    uid: int
    gid: int
    drops: bool  # whether starting a process under it means giving up root

    def popen_options(self) -> dict[str, Any]:
        """What `subprocess` needs to start a process under this account, and nothing of root's groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drops else {}

    def own(self, path: Path) -> None:
        if self.drops:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def let_in(self, folder: Path, mode: int) -> None:
        """Root's children may pass a folder of the account's: they have root's group, and none of its capabilities.

        Call it after the folder was seen to be the account's.
        """
        if self.drops:
            os.chown(folder, self.uid, 0, follow_symlinks=False)
            folder.chmod(mode)

    def folder(self, path: Path) -> Path:
        """Makes a folder that only this account (and root) can enter, and a way to it. What exists keeps its mode."""
        make_passage(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        self.own(path)
        path.chmod(0o700)
        return path


def current(environ: Mapping[str, str]) -> Account:
    """The caller's own account; for root an unprivileged one, made at first use."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), drops=False)
    name = environ.get("VALLUM_POSTGRES_USER", NAME)
    found = _look_up(name) or _made(name)
    if found.pw_uid == 0:
        raise AccountError(f"The account {name} is root itself. Set VALLUM_POSTGRES_USER to an unprivileged one.")
    return Account(uid=found.pw_uid, gid=found.pw_gid, drops=True)


def make_passage(folder: Path) -> None:
    """Makes the missing folders of a path so that other accounts may pass, whatever the umask; no existing one changes."""
    if not folder.is_dir():
        make_passage(folder.parent)
        with contextlib.suppress(FileExistsError):  # another start was faster
            folder.mkdir()
            folder.chmod(0o755)


def _look_up(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One start at a time makes the account: of two that ask at once, the loser's number would be nobody's."""
    handle = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _made(name: str) -> pwd.struct_passwd:
    with _alone():
        return _look_up(name) or _create(name)


def _create(name: str) -> pwd.struct_passwd:
    tool = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    busybox = shutil.which("adduser", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if tool:
        command = [
            tool,
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            name,
        ]
    elif busybox:
        command = [busybox, "-S", "-D", "-H", "-s", "/sbin/nologin", name]
    else:
        raise AccountError(_refusal(name, "neither useradd nor adduser is installed"))
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _look_up(name)  # a second start may have won the race: the account counts, not the exit code
    if found is None:
        raise AccountError(_refusal(name, ran.stderr.strip() or f"exit code {ran.returncode}"))
    return found


def _refusal(name: str, reason: str) -> str:
    return (
        f"PostgreSQL does not run as root, and the system account {name} could not be made ({reason}). "
        "Run as a plain user, set VALLUM_POSTGRES_USER to an existing unprivileged account, or set DATABASE_URL to a server you run."
    )
