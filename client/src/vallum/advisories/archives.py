"""OSV archives on this machine: one zip per ecosystem, proven readable before it counts."""

import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from vallum.errors import ClientError
from vallum_engine.sca.versions import ORDERS
from vallum_engine.values import immutable

KNOWN = tuple(sorted(ORDERS))
MOST_SHRUNK = 2
"""What holds fewer than one in so many of the records, or vulnerabilities, that are here is taken for a part of them."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
_MAX_RECORD = 16 << 20
_MAX_RECORDS = 2_000_000
_MAX_BYTES = 8 << 30
_MAX_RATIO = 200
_RATIO_FLOOR = 64 << 20
_SAMPLE = 200
# Some publishers write the year 1 where they know no date.
_MODIFIED = re.compile(rb'"modified"\s*:\s*"(2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d)')


class UnusableArchive(ClientError):
    """A file that is no archive of OSV records and no feed, or a damaged one."""


@immutable
class Origin:
    """Where an archive came from; kept beside it."""

    source: str
    etag: str = ""
    sha256: str
    bytes: int
    as_of: str
    """When its content was current: the moment of the download, or the newest record of an imported file."""


@immutable
class Content:
    """What reading an archive to its end has shown."""

    ecosystem: str
    """Empty when no record names one."""
    records: int
    newest: str


def records(path: Path) -> Iterator[bytes]:
    """Every record, read in memory under limits. Raises UnusableArchive where the archive is damaged."""
    try:
        with zipfile.ZipFile(path) as opened:
            allowed = min(_MAX_BYTES, max(path.stat().st_size * _MAX_RATIO, _RATIO_FLOOR))
            entries = [entry for entry in opened.infolist() if entry.filename.endswith(".json")]
            if len(entries) > _MAX_RECORDS:
                raise UnusableArchive(f"{path} holds more than {_MAX_RECORDS:,} records: it is not read.")
            for entry in sorted(entries, key=lambda entry: entry.header_offset):
                with opened.open(entry) as content:
                    data = content.read(_MAX_RECORD + 1)
                allowed -= len(data)
                if len(data) > _MAX_RECORD or allowed < 0:
                    raise UnusableArchive(f"{path} unpacks to more than an archive of advisories does: it is not read.")
                yield data
    except _DAMAGE as error:
        raise UnusableArchive(f"{path} cannot be read as a zip file ({error}): fetch it again.") from error


def examine(path: Path) -> Content:
    """Read all of it once: every checksum is proven, and the records tell which ecosystem they are about."""
    votes: Counter[str] = Counter()
    count, newest = 0, ""
    for record in records(path):
        count += 1
        if count <= _SAMPLE:
            votes.update(_ecosystems(record))
        modified = _MODIFIED.search(record)
        if modified:
            newest = max(newest, modified[1].decode() + "Z")
    if not votes:
        raise UnusableArchive(
            f"{path} holds no OSV records: give the zip files that osv.dev publishes, one per ecosystem."
        )
    # osv.dev names the file or its folder; a small archive's records may speak more of other ecosystems.
    named = next((name for name in (path.stem, path.parent.name) if name in votes), "")
    return Content(ecosystem=named or votes.most_common(1)[0][0], records=count, newest=newest)


def count(path: Path) -> int:
    """How many records an archive names, without reading them. Raises UnusableArchive."""
    try:
        with zipfile.ZipFile(path) as opened:
            return sum(name.endswith(".json") for name in opened.namelist())
    except _DAMAGE as error:
        raise UnusableArchive(f"{path} cannot be read as a zip file ({error}): fetch it again.") from error


def digest(path: Path) -> str:
    with path.open("rb") as file:
        found = sha256()
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def read_origin(folder: Path, ecosystem: str) -> Origin | None:
    """What is known about the ecosystem's archive, or None when there is none or its note is damaged."""
    if not (folder / f"{ecosystem}.zip").is_file():
        return None
    try:
        found = json.loads((folder / f"{ecosystem}.json").read_bytes())
        return Origin(
            source=str(found["source"]),
            etag=str(found["etag"]),
            sha256=str(found["sha256"]),
            bytes=int(found["bytes"]),
            as_of=str(found["as_of"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(part: Path, folder: Path, ecosystem: str, origin: Origin) -> None:
    """Make `part` the ecosystem's archive. Between the two moves there is no note: that costs a download, no more."""
    (folder / f"{ecosystem}.json").unlink(missing_ok=True)
    part.replace(folder / f"{ecosystem}.zip")
    note(folder, ecosystem, origin)


def note(folder: Path, ecosystem: str, origin: Origin) -> None:
    """Write down where the ecosystem's archive came from."""
    part = folder / f"{ecosystem}.json.part"
    part.write_text(json.dumps(asdict(origin), indent=2) + "\n", "utf-8")
    part.replace(folder / f"{ecosystem}.json")


def _ecosystems(record: bytes) -> set[str]:
    try:
        affected = json.loads(record)["affected"]
        return {str(item["package"]["ecosystem"]).partition(":")[0] for item in affected if "package" in item}
    except (ValueError, KeyError, TypeError, RecursionError):
        return set()
