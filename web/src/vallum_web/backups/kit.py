"""The recovery kit: what it takes to restore where nothing is left but the storage. To be kept apart from it.

Unattended backups wait until somebody has said, with the code that only the kit shows, that it is stored.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from vallum_web.backups import places, state
from vallum_web.backups.errors import KitError
from vallum_web.backups.sealing import BackupKey
from vallum_web.tenancy import clock
from vallum_web.tenancy.once import written_once

FILE: Final = "recovery-kit.txt"
_LINES: Final = {"kek": "key-encryption key", "key": "backup key"}
_TEXT: Final = """\
VALLUM RECOVERY KIT

With this file and the storage of the backups, everything comes back. With the storage alone, nothing does: without these
two keys nobody can read it, you neither. Print it, or keep it in a password manager or a safe. Keep it apart from this
machine and from the storage, and show it to nobody who may not read everything that is in Vallum.

key-encryption key: {kek}
backup key: {key}

The backups lie in {place}
Keys of that storage are not in here: keep them where you keep this.

To restore, on a machine with Vallum installed and an empty state folder:

    export VALLUM_HOME=/path/of/an/empty/folder
    export VALLUM_BACKUP='{place}'
    export VALLUM_BACKUP_ACCESS=...  VALLUM_BACKUP_SECRET=...     (for s3:// alone)
    vallum-web restore --kit THIS-FILE

Then `vallum-web up`. What else can be chosen: docs/backups.md.

When it is stored, say so:  vallum-web backup kit --confirm {code}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The two keys: what data keys are wrapped under (its file is as ours), and what backups are encrypted under."""

    kek: BackupKey
    key: BackupKey

    @property
    def code(self) -> str:
        """Proves that somebody has looked at the kit of these keys; of other keys there is another one."""
        digest = base64.b32encode(sha256(f"vallum kit|{self.kek.id}|{self.key.id}".encode()).digest()).decode()
        return f"{digest[:4]}-{digest[4:8]}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises KitError."""
        found = {}
        for name, label in _LINES.items():
            match = re.search(rf"^\s*{label}:\s*([A-Za-z0-9_=-]+)\s*$", text, re.MULTILINE)
            if match is None:
                raise KitError(f"This is no whole recovery kit: it has no line `{label}: …`.")
            found[name] = BackupKey.parse(match[1])  # both are 32 bytes in base64
        return cls(kek=found["kek"], key=found["key"])


def present(home: Path, environ: Mapping[str, str]) -> Kit:
    """The keys of this installation, made at first use."""
    return Kit(kek=places.key_in(_kek_file(home, environ)), key=places.key_in(places.key_file(home)))


def text(kit: Kit, environ: Mapping[str, str]) -> str:
    place = environ.get(places.SETTING) or "(set VALLUM_BACKUP: nothing is backed up yet)"
    return _TEXT.format(kek=kit.kek.text, key=kit.key.text, code=kit.code, place=place)


def first(home: Path, environ: Mapping[str, str]) -> Path | None:
    """Leave the kit in the state folder, unless it is stored or lies there. Where it was left."""
    kit, place = present(home, environ), home / FILE
    if is_confirmed(home, kit) or place.exists():
        return None
    write(kit, place, environ)
    return place


def write(kit: Kit, place: Path, environ: Mapping[str, str]) -> None:
    """Raises KitError where a file is there."""
    if place.exists():
        raise KitError(f"{place} exists already. Name a new file.")
    written_once(place, text(kit, environ), mode=0o400)


def confirm(home: Path, kit: Kit, code: str) -> None:
    """Take an operator's word that the kit is stored apart; ours goes. Raises KitError."""
    if code.strip().upper() != kit.code:
        raise KitError(
            f"{code} is not the code at the end of the recovery kit of these keys. `vallum-web backup kit` writes it again."
        )
    state.note(home, confirmed=kit.code, confirmed_at=clock.now().isoformat())
    (home / FILE).unlink(missing_ok=True)


def is_confirmed(home: Path, kit: Kit) -> bool:
    return state.read(home).get("confirmed") == kit.code


def refuse_unconfirmed(home: Path, kit: Kit) -> None:
    """Raises KitError: a backup that nobody could read is none, and looks like one."""
    if not is_confirmed(home, kit):
        raise KitError(
            f"No backup by itself before somebody has stored the recovery kit: it lies in {home / FILE} (`vallum-web backup kit` "
            "writes it again). Keep it apart, then run `vallum-web backup kit --confirm CODE` with the code at its end."
        )


def lay_down(kit: Kit, home: Path, environ: Mapping[str, str]) -> None:
    """Put the keys where an installation has them; other keys there are never replaced. Raises KitError."""
    for place, key in ((_kek_file(home, environ), kit.kek), (places.key_file(home), kit.key)):
        if BackupKey.parse(written_once(place, key.text + "\n", mode=0o400)) != key:
            raise KitError(f"{place} holds another key than the kit. Restore into an empty folder.")


def _kek_file(home: Path, environ: Mapping[str, str]) -> Path:
    return Path(environ.get("VALLUM_KEK_FILE") or home / "keyring_key")
