"""An archive as a source: read in memory as a stream, never unpacked to a disk, and never into another archive."""

import bz2
import gzip
import io
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

import zstandard

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.text import printable, size
from vallum_engine.sources import executables, tarballs, zips
from vallum_engine.sources.content import READ_BINARY, is_binary
from vallum_engine.sources.limits import ArchiveLimits
from vallum_engine.sources.member import Member

DAMAGE = (zlib.error, lzma.LZMAError, EOFError, zipfile.BadZipFile, zstandard.ZstdError, gzip.BadGzipFile)
_CHUNK = 1 << 20
_MEMORY = 128 << 20
LONGEST_NAME = 4096
_DRIVE = re.compile(r"[A-Za-z]:")
DEFAULT_LIMITS = ArchiveLimits()
ENDINGS = (".zip", ".whl", ".jar", ".crate", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst")
"""For messages only: an archive is known by its first bytes, whatever its name."""


def read(path: str, *, limits: ArchiveLimits = DEFAULT_LIMITS) -> Iterator[File | Skipped]:
    """Every file in the archive, in the archive's order.

    Raises UnreadableSource when it is no archive, when it is cut off or damaged, and when a limit on the whole is
    met: what came before that stands, and the walk is incomplete.
    """
    try:
        with open(path, "rb", opener=regular) as packed:
            length = os.fstat(packed.fileno()).st_size
            if length > limits.packed_bytes:
                raise UnreadableSource(f"the archive is larger than {size(limits.packed_bytes)}: {size(length)}.")
            reader = Reader(limits, length)
            yield from reader.files(_members(packed, limits, reader.spend))
    except DAMAGE as error:
        raise UnreadableSource(f"{printable(path)} is damaged or cut off ({error}): fetch it again.") from error
    except OSError as error:
        raise UnreadableSource(f"{printable(path)} cannot be read: {error.strerror or error}.") from error


def regular(path: str, flags: int) -> int:
    """Open what is a regular file; a device or a pipe would never end."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableSource(f"{printable(path)} is neither a folder nor a file.")
    return descriptor


def _members(packed: IO[bytes], limits: ArchiveLimits, spend: Callable[[int], None]) -> Iterator[Member]:
    head = packed.read(512)
    packed.seek(0)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return zips.members(packed, limits)
    if stream := unpacked(packed, head):
        return tarballs.members(stream, spend)
    raise UnreadableSource(f"this is no archive that Vallum reads. It reads {', '.join(ENDINGS)}")


def unpacked(packed: IO[bytes], head: bytes) -> tarballs.Stream | None:
    """What the stream unpacks to, by its first 512 bytes: a tar stream, or None when it begins like none."""
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=packed)
    if head.startswith(b"BZh"):
        return bz2.BZ2File(packed)
    if head.startswith(b"\xfd7zXZ\x00"):
        return io.BufferedReader(_Xz(packed), _CHUNK)
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MEMORY)
        found: tarballs.Stream = decompressor.stream_reader(packed, read_across_frames=True)
        return found
    return packed if tarballs.is_header(head) else None


class _Xz(io.RawIOBase):
    """`lzma.LZMAFile` with a limit on memory: a dictionary of 4 GiB is the file's wish, not ours."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._unpack = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower than typeshed's Buffer
        data = b""
        while not data:
            block = self._packed.read(1 << 16) if self._unpack.needs_input or self._unpack.eof else b""
            if self._unpack.eof:
                block = self._unpack.unused_data + block
                if not block.strip(b"\0"):
                    return 0
                self._unpack = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
            elif self._unpack.needs_input and not block:
                raise EOFError("the compressed stream ends early")
            data = self._unpack.decompress(block, len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Reader:
    """Counts what comes out, whatever kind of archive it comes out of."""

    def __init__(self, limits: ArchiveLimits, packed: int) -> None:
        self.limits = limits
        self.allowed = min(limits.total_bytes, max(packed * limits.ratio, limits.ratio_floor))
        self.packed = packed
        self.bytes = 0
        self.entries = 0

    def files(self, members: Iterator[Member]) -> Iterator[File | Skipped]:
        for member in members:
            self.met()
            if member.folder:
                continue
            item = self.file(member)
            if item:
                yield item

    def met(self) -> None:
        """Count an entry. Raises UnreadableSource when there are too many."""
        self.entries += 1
        if self.entries > self.limits.files:
            raise UnreadableSource(f"stopped: the archive holds more than {self.limits.files:,} files.")

    def file(self, member: Member) -> File | Skipped | None:
        if len(member.name) > LONGEST_NAME:
            shown = printable(member.name[:100])
            return Skipped(f"{shown}…", f"its name is longer than {LONGEST_NAME:,} letters")
        path = normalized(member.name)
        if path is None:
            return Skipped(printable(member.name), "its name leads out of the archive")
        shown = printable(path)
        if member.refused:
            return Skipped(shown, member.refused, covered=member.covered)
        if path.count("/") > self.limits.depth:
            return Skipped(shown, f"deeper than {self.limits.depth} folders")
        if not path:
            return None
        return self.content(member, shown, self.limits.of(path.rpartition("/")[2]))

    def content(self, member: Member, shown: str, limit: int) -> File | Skipped:
        blocks: list[bytes] = []
        length, binary, program = 0, False, False
        try:
            for block in member.blocks():
                length += len(block)
                self.count(len(block), shown)
                if not blocks:
                    binary = is_binary(block)
                    program = binary and executables.is_executable(block)
                    limit = max(limit, self.limits.large_file_bytes) if program else limit
                if binary and not program and shown.rpartition("/")[2] not in READ_BINARY:
                    return Skipped(shown, "binary", covered=True)
                if length > limit or member.size > limit:
                    return Skipped(shown, f"larger than {size(limit)}: {size(max(member.size, length))}")
                blocks.append(block)
        except DAMAGE as error:
            if member.stream:
                raise
            return Skipped(shown, f"damaged: {error}")
        data = b"".join(blocks)
        if program:
            return executables.told_of(shown, data) or Skipped(shown, "binary", covered=True)
        return File(shown, data, binary)

    def spend(self, more: int) -> None:
        """Count what was unpacked without being anyone's content."""
        self.count(more, "what lies between its files")

    def count(self, more: int, place: str) -> None:
        self.bytes += more
        if self.bytes <= self.allowed:
            return
        if self.allowed == self.limits.total_bytes:
            why = f"it unpacks to more than {size(self.allowed)}"
        else:
            why = f"{size(self.packed)} unpack to more than {size(self.allowed)}, as only an archive bomb does"
        raise UnreadableSource(f"stopped at {place}: {why}.")


def normalized(name: str) -> str | None:
    """The member's name as a relative path with forward slashes; None when it leads out of the archive."""
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or name.startswith("/") or _DRIVE.match(name) or "\0" in name:
        return None
    return "/".join(parts)
