"""The state folder: where it is, and that it is ours alone."""

import fcntl
import json
import os
import secrets
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vallum_web.embedded.errors import AlreadyRunningError, HomeError


def locate(environ: Mapping[str, str], cwd: Path) -> Path:
    """`VALLUM_HOME`, else `.vallum/home` in a checkout of ours, else the user's state folder."""
    if chosen := environ.get("VALLUM_HOME"):
        return Path(chosen).expanduser().absolute()
    if _is_checkout(cwd):
        return cwd.absolute() / ".vallum" / "home"
    state = environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "vallum"


def _is_checkout(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    if not project.is_file() or not (folder / "Makefile").is_file():
        return False
    try:
        read = tomllib.loads(project.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(read.get("project", {}).get("name") == "vallum-workspace")


def ensure(folder: Path) -> Path:
    """Makes a folder that only its owner can enter; refuses one that somebody else could have prepared."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise HomeError(
            f"Cannot make the state folder {folder}: {error.strerror}. Set VALLUM_HOME to a folder you may write to."
        ) from error
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise HomeError(f"{folder} is not a folder (a symlink is not accepted). Set VALLUM_HOME to another one.")
    if found.st_uid != os.geteuid():
        raise HomeError(
            f"{folder} belongs to uid {found.st_uid}, not to you (uid {os.geteuid()}). Set VALLUM_HOME to your own folder."
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)  # the folder itself is ours; parents are never touched
    return folder


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step; from its first byte nobody else can read it."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file of ours; empty when the file is absent, refused when it is damaged."""
    try:
        read = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise HomeError(f"{path} is damaged ({error}). Restore it from a backup of the state folder.") from error
    if not isinstance(read, dict):
        raise HomeError(f"{path} is damaged (not an object). Restore it from a backup of the state folder.")
    return read


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    write_private(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


class Lock:
    """One holder per file. The kernel lets go when the holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def take(self, note: str, *, taken: str) -> str:
        """Holds the lock and says what the last holder left, empty after an orderly end.

        While another holds it: an error that says `taken`, with the holder's note in place of `{note}`.
        """
        if self._handle is not None:
            return ""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise AlreadyRunningError(taken.format(note=self.note() or "another process")) from error
        left = self.note()
        self._handle = handle
        self.write(note)
        return left

    def write(self, note: str) -> None:
        """Replaces the note; only a holder does."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, note.encode(), 0)

    def note(self) -> str:
        """What the last holder wrote."""
        try:
            return self.path.read_text("utf-8").strip()
        except FileNotFoundError:
            return ""

    def is_held(self) -> bool:
        """Whether somebody, perhaps this process, holds it now."""
        if self._handle is not None:
            return True
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def release(self) -> None:
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None
