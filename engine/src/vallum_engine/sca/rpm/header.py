"""A header of rpm: what one package says of itself, as rpm keeps it in its database.

Two counts, an index of 16 bytes an entry, then the data that the entries point into, all big-endian:
https://rpm-software-management.github.io/rpm/manual/format_header.html.
"""

from collections.abc import Mapping

from vallum_engine.sca.rpm.damage import Damaged, number, part
from vallum_engine.values import immutable

MAX_BYTES = 64 << 20
MAX_ENTRIES = 1 << 16
"""rpm's own limits on a header are 256 MiB and 65,535 entries; a package of 100,000 files takes 20 MiB."""

_MAX_TEXT = 1000
_MAX_LICENCE = 1 << 16
_LICENCE = "licence"
_INDEX = 16
_INT32 = 4
_TEXTS = frozenset({6, 9})
"""A string, and strings in several languages, of which the first counts."""

_TAGS: Mapping[int, str] = {
    1000: "name",
    1001: "version",
    1002: "release",
    1003: "epoch",
    1014: _LICENCE,
    1022: "arch",
    1044: "source",
    5096: "module",
}


@immutable
class Header:
    name: str
    version: str
    """`[epoch:]version-release`, an epoch of 0 left out."""
    arch: str
    source: str
    """The source package's file name (`openssl-3.0.7-24.el9.src.rpm`)."""
    module: str
    """`name:stream:version:context` of a module's package."""
    licence: str
    """An SPDX expression in Fedora since 38, and before it Fedora's own names (`GPLv2+ and MIT`)."""


def read(blob: bytes) -> Header:
    """Raise Damaged for a header that is cut off, too large, or without name, version and release."""
    entries, length = number(blob, 0, 4, "big"), number(blob, 4, 4, "big")
    if entries > MAX_ENTRIES or length > MAX_BYTES:
        raise Damaged("a header in it is larger than rpm allows")
    data = 8 + entries * _INDEX
    if data + length > len(blob):
        raise Damaged("a header in it is cut off")
    found: dict[str, str] = {}
    for at in range(8, data, _INDEX):
        name = _TAGS.get(number(blob, at, 4, "big"))
        if name and name not in found:
            most = _MAX_LICENCE if name == _LICENCE else _MAX_TEXT
            found[name] = _value(blob, at, (data, data + length), most)
    if not (found.get("name") and found.get("version") and found.get("release")):
        raise Damaged("a header in it names no package")
    epoch = found.get("epoch", "")
    return Header(
        name=found["name"],
        version=(f"{epoch}:" if epoch not in ("", "0") else "") + f"{found['version']}-{found['release']}",
        arch=found.get("arch", ""),
        source=found.get("source", ""),
        module=found.get("module", ""),
        licence=found.get("licence", ""),
    )


def _value(blob: bytes, at: int, span: tuple[int, int], most: int) -> str:
    """The value of the index entry at `at`, as text; empty for a type that none of the wanted tags has."""
    data, end = span
    kind, offset = number(blob, at + 4, 4, "big"), number(blob, at + 8, 4, "big")
    place = data + offset
    if place >= end:
        raise Damaged("a header in it points outside itself")
    if kind == _INT32:
        return str(number(blob, place, 4, "big"))
    if kind not in _TEXTS:
        return ""
    stop = blob.find(b"\0", place, min(end, place + most + 1))
    if stop < 0:
        raise Damaged("a text in a header is longer than any name")
    return part(blob, place, stop - place).decode("utf-8", "replace")
