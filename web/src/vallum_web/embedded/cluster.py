"""Where a database of ours lies, and its passwords: what it takes to find it again, running or not."""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from vallum_web.embedded import home as homes
from vallum_web.embedded import roles
from vallum_web.embedded.account import Account
from vallum_web.embedded.binaries import SHARED
from vallum_web.embedded.errors import DatabaseError

SUPER = "super"
# sun_path holds 107 bytes and an end mark; the name PostgreSQL gives its socket, with the lock beside it, takes 19.
_SECRETS = {"id": 6, "super": 24, "owner": 24, "app": 24, "backup": 24}  # bytes each
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """What the kinds of process get. Web and workers see neither the owner's nor that of backups."""

    app: str
    owner: str
    backup: str = ""
    """Empty where an operator runs the server, and has given none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The places and passwords of one database server."""

    home: Path
    place: Path  # belongs to the account: data and socket lie below it
    data: Path
    socket: Path
    super_password: str
    passwords: roles.Passwords

    def url(self, role: str, password: str, database: str = roles.DATABASE) -> str:
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={quote(str(self.socket), safe='')}"

    def urls(self, database: str = roles.DATABASE) -> Urls:
        return Urls(
            app=self.url(roles.APP, self.passwords.app, database),
            owner=self.url(roles.OWNER, self.passwords.owner, database),
            backup=self.url(roles.BACKUP, self.passwords.backup, database),
        )

    def super_url(self, database: str = "postgres") -> str:
        return self.url(SUPER, self.super_password, database)

    def major(self) -> int | None:
        """The major version that wrote the data; none when there are none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text("ascii").split(".")[0])
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise DatabaseError(
                f"{self.data / 'PG_VERSION'} names no version. Restore the data folder from a backup."
            ) from error


def locate(home: Path, account: Account, *, environ: Mapping[str, str], place: Path | None = None) -> Cluster:
    """Reads, and at first use makes, what identifies the server of this state folder.

    Root's state folder is closed to the account, and stays closed: its data lie below /var/lib/vallum, under a random
    name, so that a new state folder at an old path never meets somebody else's data. `VALLUM_DATABASE_FOLDER` puts
    them on a volume of the operator's choice.
    """
    folder = homes.ensure(homes.ensure(home) / "database")
    known = folder / "server.json"
    kept = homes.read_json(known)
    if _SECRETS.keys() - kept.keys():  # all of them at first; the younger ones in a folder that is older than they are
        kept = {name: secrets.token_hex(size) for name, size in _SECRETS.items()} | kept
        homes.write_json(known, kept)
    if place is None and (chosen := environ.get("VALLUM_DATABASE_FOLDER")):
        place = Path(chosen).absolute()
    if place is None:
        place = SHARED / str(kept["id"]) if account.drops else folder
    return Cluster(
        home=home,
        place=place,
        data=place / "data",
        socket=_socket_folder(place, str(kept["id"])),
        super_password=str(kept["super"]),
        passwords=roles.Passwords(owner=str(kept["owner"]), app=str(kept["app"]), backup=str(kept["backup"])),
    )


def _socket_folder(place: Path, identity: str) -> Path:
    near = place / "socket"
    if len(os.fsencode(near)) <= LONGEST_SOCKET_FOLDER:
        return near
    key = hashlib.sha256(f"{identity}:{place}".encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir() if len(tempfile.gettempdir()) < 60 else "/tmp") / f"vallum-{key}"  # noqa: S108 - a short path is the point; made 0700, and refused when not ours
