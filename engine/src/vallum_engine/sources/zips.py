"""Zip files: the central directory is believed only as far as it agrees with itself."""

import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from struct import unpack_from
from typing import IO

from vallum_engine.errors import UnreadableSource
from vallum_engine.sources.limits import ArchiveLimits
from vallum_engine.sources.member import Member

_CHUNK = 1 << 20
_TAIL = 22 + 65535
_DIRECTORY_BYTES = 64 << 20
_LOCAL_HEADER = 30
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2})


def members(packed: IO[bytes], limits: ArchiveLimits) -> Iterator[Member]:
    """The entries by their place in the file. Raises UnreadableSource when they overlap or are too many."""
    _refuse_long_directory(packed, limits)
    try:
        opened = zipfile.ZipFile(packed)
    except (NotImplementedError, ValueError, struct.error, UnicodeDecodeError) as error:
        raise UnreadableSource(f"the zip file is damaged ({error}): fetch it again.") from error
    with opened:
        entries = sorted(opened.infolist(), key=lambda entry: entry.header_offset)
        for entry, following in pairwise(entries):
            least = entry.header_offset + _LOCAL_HEADER + len(entry.orig_filename) + entry.compress_size
            if least > following.header_offset:
                raise UnreadableSource("two entries of the zip file overlap, as only an archive bomb's do.")
        for entry in entries:
            yield _member(opened, entry)


def _refuse_long_directory(packed: IO[bytes], limits: ArchiveLimits) -> None:
    """Judge the directory's length before `zipfile` reads all of it."""
    length = packed.seek(0, os.SEEK_END)
    packed.seek(max(length - _TAIL, 0))
    tail = packed.read(_TAIL)
    packed.seek(0)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + 22 > len(tail):
        raise UnreadableSource("the zip file has no directory at its end: it was cut off. Fetch it again.")
    count, directory = unpack_from("<HL", tail, place + 10)
    wide = tail.rfind(b"PK\x06\x06", 0, place)
    if (count == 0xFFFF or directory == 0xFFFFFFFF) and wide >= 0 and wide + 56 <= len(tail):
        count, directory = unpack_from("<QQ", tail, wide + 32)
    if count > limits.files or (directory > _DIRECTORY_BYTES and directory != 0xFFFFFFFF):
        raise UnreadableSource(f"the archive holds more than {limits.files:,} files.")


def _member(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    name = entry.orig_filename
    if name.endswith("/"):
        return Member(name=name, folder=True)
    if kind == stat.S_IFLNK:
        return Member(name=name, refused="symbolic link", covered=True)
    if kind not in (0, stat.S_IFREG):
        return Member(name=name, refused="neither file nor folder", covered=True)
    if entry.flag_bits & 0x1:
        return Member(name=name, refused="encrypted")
    if entry.compress_type not in _METHODS:
        return Member(name=name, refused=f"packed by method {entry.compress_type}, which Vallum does not read")
    return Member(name=name, size=entry.file_size, blocks=lambda: _blocks(opened, entry))


def _blocks(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with opened.open(entry) as content:
            while block := content.read(_CHUNK):
                yield block
    except (RuntimeError, NotImplementedError, struct.error, ValueError, OSError) as error:
        raise zipfile.BadZipFile(str(error)) from error
