"""The set of breached passwords: one sorted file of eight bytes for each, looked up on this machine alone.

Eight bytes of the SHA-1 digest, sorted: a look-up is a binary search in mapped memory, some thirty reads among a billion. A
Bloom filter of the same billion would be a fifth of the size and refuse one good password in a thousand; this one is wrong
once in 10¹⁰. It can be written in one pass over a list of any length, also where the length is not known before.
"""

import bisect
import hashlib
import heapq
import mmap
import os
import re
import sys
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO

MAGIC = b"VLMPWD1\n"
WIDTH = 8
SHORTEST = 12
"""Letters: whatever is shorter is refused for its length."""
IN_MEMORY = 1 << 21
LONGEST_LINE = 8 << 10
_SHA1 = re.compile(rb"([0-9A-Fa-f]{40})(?::\d+)?")
_NTLM = re.compile(rb"[0-9A-Fa-f]{32}(?::\d+)?")


class BrokenSetError(ValueError):
    """The file is no set of ours, or the list is none that can be read; the message says which and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a list: `kept` + `skipped` + repeated lines are its lines."""

    kept: int
    skipped: int
    hashes: bool


def contains(path: Path, password: str) -> bool:
    """Whether the set at `path` holds the password. Raises FileNotFoundError where there is no set, BrokenSetError."""
    wanted = _digest(password.encode("utf-8", "surrogatepass"))[:WIDTH]
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(len(MAGIC)) != MAGIC or (size - len(MAGIC)) % WIDTH:
            raise BrokenSetError(f"{path} is no set of passwords: import the list again.")
        count = (size - len(MAGIC)) // WIDTH
        if not count:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:

            def at(place: int) -> bytes:
                start = len(MAGIC) + place * WIDTH
                return mapped[start : start + WIDTH]

            place = bisect.bisect_left(range(count), wanted, key=at)
            return place < count and at(place) == wanted


def write(lines: Iterable[bytes], path: Path) -> Written:
    """Make the set of a list's passwords and put it at `path`, whole or not at all. Raises BrokenSetError.

    A line is a SHA-1 digest with or without a count, or a password; the first line says which.
    """
    tally = {"skipped": 0}
    lines = iter(lines)
    first = next((line for line in lines if line.strip()), b"")
    if _NTLM.fullmatch(first.strip()):
        raise BrokenSetError("The list holds NTLM digests: take the one of SHA-1 digests, or of passwords.")
    hashes = bool(_SHA1.fullmatch(first.strip()))
    numbers = _from_digests if hashes else _from_passwords
    with ExitStack() as files:
        runs = _runs(numbers(chain([first] if first else [], lines), tally), path.parent, files)
        new = files.enter_context(tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False))
        files.callback(Path(new.name).unlink, missing_ok=True)
        kept = _merge(runs, new)
        new.flush()
        os.fsync(new.fileno())
        Path(new.name).replace(path)
    return Written(kept=kept, skipped=tally["skipped"], hashes=hashes)


def _from_digests(lines: Iterable[bytes], tally: dict[str, int]) -> Iterator[int]:
    for line in lines:
        found = _SHA1.fullmatch(line.strip())
        if found:
            yield int(found[1][: WIDTH * 2], 16)
        else:
            tally["skipped"] += 1


def _from_passwords(lines: Iterable[bytes], tally: dict[str, int]) -> Iterator[int]:
    for line in lines:
        password = line.rstrip(b"\r\n")
        if len(password) > LONGEST_LINE or len(password.decode("utf-8", "replace")) < SHORTEST:
            tally["skipped"] += 1
        else:
            yield int.from_bytes(_digest(password)[:WIDTH], "big")


def _digest(password: bytes) -> bytes:
    return hashlib.sha1(password, usedforsecurity=False).digest()  # the lists that the world shares are of SHA-1


def _runs(numbers: Iterator[int], folder: Path, files: ExitStack) -> list[IO[bytes]]:
    """Sorted files. A list that is sorted already becomes a single one, however long it is."""
    runs: list[IO[bytes]] = []
    last = 0
    while part := array("Q", sorted(islice(numbers, IN_MEMORY))):
        if not runs or part[0] < last:
            run = files.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - the caller's stack closes it
            runs.append(run)
        last = part[-1]
        _put(part, runs[-1])
    return runs


def _merge(runs: list[IO[bytes]], target: IO[bytes]) -> int:
    target.write(MAGIC)
    kept, last, part = 0, -1, array("Q")
    for number in heapq.merge(*(_read(run) for run in runs)):
        if number == last:
            continue
        last = number
        part.append(number)
        if len(part) == IN_MEMORY:
            kept += len(part)
            _put(part, target)
            part = array("Q")
    kept += len(part)
    _put(part, target)
    return kept


def _read(run: IO[bytes]) -> Iterator[int]:
    run.seek(0)
    while block := run.read(WIDTH << 13):
        part = array("Q", block)
        if sys.byteorder == "little":
            part.byteswap()
        yield from part


def _put(part: "array[int]", file: IO[bytes]) -> None:
    if sys.byteorder == "little":
        part.byteswap()
    file.write(part.tobytes())
