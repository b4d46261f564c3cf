"""What comes out of an archive, of whatever kind: read in memory, counted, and cut off at the limits."""

import io
import re
from collections.abc import Iterator
from typing import IO

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import WITHIN, File, Skipped
from vallum_engine.model.text import printable, size
from vallum_engine.sources import executables
from vallum_engine.sources.content import READ_BINARY, is_binary
from vallum_engine.sources.limits import ArchiveLimits
from vallum_engine.sources.member import Member
from vallum_engine.sources.streams import DAMAGE, is_archive
from vallum_engine.values import immutable

LONGEST_NAME = 4096
NOT_ASKED = "an archive: not opened (--no-archives)"
_DRIVE = re.compile(r"[A-Za-z]:")


class TooMuch(UnreadableSource):
    """A limit on all that an archive holds, with the archives in it, was met."""


@immutable(kw_only=False)
class Packed:
    """An archive, at its path, to be opened."""

    path: str
    content: IO[bytes]
    length: int


class Reader:
    """Serves one archive, and all that lie in it: they share its limits."""

    def __init__(self, limits: ArchiveLimits, packed: int) -> None:
        self.limits = limits
        self.allowed = min(limits.total_bytes, max(packed * limits.ratio, limits.ratio_floor))
        self.packed = packed
        self.bytes = 0
        self.entries = 0
        self.held = 0
        """Bytes of archives in archives that are open: they are in memory."""

    def met(self) -> None:
        """Count an entry. Raises TooMuch when there are too many."""
        self.entries += 1
        if self.entries > self.limits.files:
            raise TooMuch(f"stopped: the archive holds more than {self.limits.files:,} files.")

    def file(self, member: Member, within: str = "") -> File | Skipped | Packed | None:
        """The member as a file; `within` is the path of the archive where this is not the outermost one.

        Nothing is ever written by these names. One that leads out of an archive in a tree is what fixtures of tests have, and
        its content is read; one in an archive that somebody sends is refused.
        """
        if len(member.name) > LONGEST_NAME:
            shown = printable(member.name[:100])
            return Skipped(_inside(within, f"{shown}…"), f"its name is longer than {LONGEST_NAME:,} letters")
        path = normalized(member.name)
        if path is None and within:
            path = _kept(member.name)
        if path is None:
            return Skipped(printable(member.name), "its name leads out of the archive")
        shown = _inside(within, printable(path))
        if member.refused:
            return Skipped(shown, member.refused, covered=member.covered)
        if path.count("/") > self.limits.depth:
            return Skipped(shown, f"deeper than {self.limits.depth} folders")
        if not path:
            return None
        return self.content(member, shown, self.limits.of(path.rpartition("/")[2]))

    def content(self, member: Member, shown: str, limit: int) -> File | Skipped | Packed:
        """Raises TooMuch, and what DAMAGE lists where nothing after it can be read."""
        blocks: list[bytes] = []
        length, binary, program = 0, False, False
        kept = shown.rpartition("/")[2] in READ_BINARY
        try:
            blocks_of = member.blocks()
            for block in blocks_of:
                length += len(block)
                self.count(len(block), shown)
                if not blocks:
                    if is_archive(block):
                        return self.archive(shown, block, blocks_of)
                    binary = is_binary(block)
                    program = binary and executables.is_executable(block)
                    limit = max(limit, self.limits.large_file_bytes) if program else limit
                if binary and not program and not kept:
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

    def archive(self, shown: str, first: bytes, rest: Iterator[bytes]) -> Packed | Skipped:
        """An archive in this one: in memory, because a zip file is read from its end."""
        if not self.limits.levels:
            return Skipped(shown, NOT_ASKED, covered=True, hidden=True)
        limit = self.limits.held_bytes
        content = io.BytesIO()
        content.write(first)
        for block in rest:
            self.count(len(block), shown)
            if self.held + content.tell() + len(block) > limit:
                return Skipped(shown, f"an archive, with those that it lies in larger than {size(limit)}: not opened")
            content.write(block)
        length = content.tell()
        content.seek(0)
        return Packed(shown, content, length)

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
        raise TooMuch(f"stopped at {place}: {why}.")


def normalized(name: str) -> str | None:
    """The member's name as a relative path with forward slashes; None when it leads out of the archive."""
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or name.startswith("/") or _DRIVE.match(name) or "\0" in name:
        return None
    return "/".join(parts)


def _kept(name: str) -> str:
    """What is left of a name without what leads out."""
    parts = _DRIVE.sub("", name).replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def _inside(within: str, shown: str) -> str:
    return f"{within}{WITHIN}{shown}" if within else shown
