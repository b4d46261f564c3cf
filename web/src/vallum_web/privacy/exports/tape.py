"""An archive (ZIP) that is written in parts of which each is a blob of its own; one after the other they are the file.

Only the last holds the directory, so what earlier parts hold is remembered by whoever writes.
"""

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol


class Sink(Protocol):
    """What bytes go into."""

    def write(self, data: bytes) -> object: ...


class _Tape:
    """A file that only grows, and that began before this part."""

    def __init__(self, sink: Sink, begins: int) -> None:
        self._sink, self._at = sink, begins
        self.running = True

    def write(self, data: bytes) -> int:
        if self.running:
            self._sink.write(bytes(data))
            self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """The blob is flushed as a whole."""

    def close(self) -> None:
        """Whoever made the blob closes it."""

    def seek(self, *_: int) -> int:
        raise OSError("This archive is written from its beginning to its end.")


class Part:
    """A part while it is written."""

    def __init__(self, archive: zipfile.ZipFile, at: datetime) -> None:
        self._archive, self._at = archive, at
        self.files: list[dict[str, Any]] = []
        self.is_last = False

    def end(self, earlier: Iterable[Mapping[str, Any]]) -> None:
        """The archive ends with this part: its directory names the files of the earlier ones too."""
        self._archive.infolist()[:0] = [_remembered(each, self._at) for each in earlier]
        self.is_last = True

    @contextmanager
    def file(self, name: str) -> Iterator["Entry"]:
        """A file of the archive, of any length."""
        told = zipfile.ZipInfo(name, self._at.timetuple()[:6])
        told.compress_type = zipfile.ZIP_DEFLATED
        told.external_attr = 0o600 << 16
        with self._archive.open(told, "w", force_zip64=True) as out:
            entry = Entry(out)
            yield entry
        self.files.append(
            {
                "name": name,
                "sha256": entry.digest,
                "size": told.file_size,
                "packed": told.compress_size,
                "crc": told.CRC,
                "offset": told.header_offset,
            }
        )


class Entry:
    """One file of the archive while it is written."""

    def __init__(self, out: Sink) -> None:
        self._out, self._hash = out, sha256()

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._out.write(data)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def part(sink: Sink, *, begins: int, at: datetime) -> Iterator[Part]:
    """Write a part that begins at this byte of the file."""
    tape = _Tape(sink, begins)
    with zipfile.ZipFile(tape, "w", zipfile.ZIP_DEFLATED) as archive:
        written = Part(archive, at)
        try:
            yield written
        finally:
            # The directory that closing writes is the whole archive's: in a part in between it would be in the way.
            tape.running = written.is_last


def _remembered(file: Mapping[str, Any], at: datetime) -> zipfile.ZipInfo:
    told = zipfile.ZipInfo(file["name"], at.timetuple()[:6])
    told.compress_type = zipfile.ZIP_DEFLATED
    told.external_attr = 0o600 << 16
    # As the files themselves say: sizes follow the bytes, in eight of them each.
    told.flag_bits, told.extract_version, told.create_version = 0x08, 45, 45
    told.file_size, told.compress_size = file["size"], file["packed"]
    told.CRC, told.header_offset = file["crc"], file["offset"]
    return told
