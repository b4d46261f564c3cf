"""Compressed streams: what a stream unpacks to, by how it begins."""

import bz2
import gzip
import io
import lzma
import zlib
from typing import IO

import zstandard

from vallum_engine.sources import tarballs, zips

DAMAGE = (zlib.error, lzma.LZMAError, EOFError, zips.Damaged, zstandard.ZstdError, gzip.BadGzipFile)
CHUNK = 1 << 20
HEAD = 512
_MEMORY = 128 << 20


def is_compressed(head: bytes) -> bool:
    return (
        head.startswith((b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"))
        # The mark of bzip2 is three letters that text may begin with; behind them stands the size of its blocks, and pi.
        or (head.startswith(b"BZh") and head[4:10] == b"1AY&SY")
    )


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so (its first 512 bytes, or all) is an archive or a compressed file that Vallum opens."""
    return zips.is_zip(head) or is_compressed(head) or (head[257:262] == b"ustar" and tarballs.is_header(head[:HEAD]))


def unpacked(packed: IO[bytes], head: bytes) -> tarballs.Stream | None:
    """What the stream unpacks to, by its first 512 bytes: a tar stream, or None when it begins like none."""
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=packed)
    if head.startswith(b"BZh"):
        return bz2.BZ2File(packed)
    if head.startswith(b"\xfd7zXZ\x00"):
        return io.BufferedReader(_Xz(packed), CHUNK)
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


class Begun:
    """A stream of which the beginning was read already."""

    def __init__(self, head: bytes, rest: tarballs.Stream) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        block, self._head = self._head[:size], self._head[size:]
        return block
