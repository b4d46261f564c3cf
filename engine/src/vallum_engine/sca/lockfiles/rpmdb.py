"""rpm's database in its three forms: SQLite (`rpmdb.sqlite`), its own (`Packages.db`) and Berkeley DB (`Packages`)."""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, licence_of
from vallum_engine.sca.rpm import bdb, header, ndb, sqlite
from vallum_engine.sca.rpm.damage import Damaged
from vallum_engine.sca.rpm.header import Header

TODO = "Build rpm's database anew (`rpm --rebuilddb`)."
MAX_BYTES = 256 << 20
_SOURCE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+-[^-]+)\.(?:no)?src\.rpm")
_KEYS = "gpg-pubkey"
"""Keys that packages are signed with stand there like packages."""


def extract(file: File) -> Iterator[Entry]:
    """Yield what is installed. Raises BrokenData. A database has no lines: all stand on its first."""
    if not file.data:
        return
    try:
        for blob in _blobs(file.data):
            found = header.read(blob)
            if found.name != _KEYS:
                yield _package(file, found)
    except Damaged as error:
        raise broken(1, f"the database cannot be read: {error}", TODO) from error


def _blobs(data: bytes) -> Iterator[bytes]:
    if len(data) > MAX_BYTES:
        raise Damaged(f"{len(data):,} bytes are more than the limit of {MAX_BYTES:,}")
    if data.startswith(sqlite.MAGIC):
        return sqlite.blobs(data)
    if data.startswith(ndb.MAGIC):
        return ndb.blobs(data)
    if bdb.is_hash(data):
        return bdb.blobs(data)
    raise Damaged("it is in none of the forms that rpm has used")


def _package(file: File, found: Header) -> Package:
    """The source's epoch stands nowhere: it is the package's own, but for a handful of packages."""
    told = _SOURCE.fullmatch(found.source)
    source, version = (told["name"], told["version"]) if told else ("", "")
    epoch, colon, _ = found.version.partition(":")
    if version and colon:
        version = f"{epoch}:{version}"
    return Package(
        ecosystem="Red Hat",
        name=found.name,
        version=found.version,
        location=Location(path=file.path),
        source="" if source == found.name else source,
        source_version="" if version == found.version else version,
        arch=found.arch,
        module=":".join(found.module.split(":")[:2]),
        licence=licence_of(found.licence),
    )
