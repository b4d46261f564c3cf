"""Encoded parts of a text, decoded, with the way back from every byte to where it was written."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from vallum_engine.compiling import expression
from vallum_engine.secrets.bases import from_base64url
from vallum_engine.secrets.encoding import Encoding
from vallum_engine.values import immutable

MOST = 10_000
"""Encoded parts decoded per text: beyond, the detector says that it did not look."""

_BASE64 = rb"(?<!\\)[A-Za-z0-9+/_-]{12,}"  # the n of a line's end that is written as \\n is not part of the next line
_LINE_END = rb"(?:\\r|\\n|[\r\n]){1,4}[ \t]{0,60}|\"[ \t]{0,4}[+.,\\]?[ \t]{0,4}\r?\n?[ \t]{0,60}[+.]?[ \t]{0,4}\""
_HEXADECIMAL = rb"[0-9A-Fa-f]{12,}"
_FULL_LINE = 40
_AROUND = 2_000
_GAP = 140
_REACH = 1 << 14
"""Bytes around a place whose stretches are looked for at first."""
_PEEK = 16
_PRINTABLE = bytes((*range(32, 127), 0, 9, 10, 13))
_ESCAPE = rb"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrtbf\"'\\/]))"
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

Place = tuple[Encoding, int]
"""An encoding and where a sign of it ends."""


@immutable(kw_only=False)
class Decoded:
    """A decoded part. `starts` and `origins`: from `starts[i]` on, byte n was written at `origins[i] + (n - starts[i]) * scale`."""

    data: bytes
    encoding: str
    starts: Sequence[int]
    origins: Sequence[int]
    scale: float = 1.0

    def origin(self, position: int) -> int:
        """Where in the encoded text a byte of the decoded one begins."""
        at = max(bisect_right(self.starts, position) - 1, 0)
        return self.origins[at] + int((position - self.starts[at]) * self.scale)


def decoded(data: bytes, places: Iterable[Place]) -> Iterator[Decoded]:
    """What is encoded around these places (in order of their ends), each part once."""
    base64, hexadecimal = _Runs(data, _BASE64), _Runs(data, _HEXADECIMAL)
    done = dict.fromkeys(Encoding, 0)
    for encoding, end in places:
        if end <= done[encoding]:
            continue
        if encoding is Encoding.BASE64:
            part, done[encoding] = _from_base64(base64.around(end), end)
        elif encoding is Encoding.HEXADECIMAL:
            part, done[encoding] = _from_hexadecimal(hexadecimal, end)
        else:
            start, done[encoding] = _line(data, done[encoding], end)
            part = _UNESCAPED[encoding](data[start : done[encoding]], start)
        if part is not None:
            yield part


class _Runs:
    """The stretches of a file that an alphabet can have written, found where one is asked for and on the lines around."""

    def __init__(self, data: bytes, pattern: bytes) -> None:
        self.data = data
        self.pattern = pattern
        self.start = self.stop = 0
        """Where the lines begin and end whose stretches are known."""
        self.spans: list[tuple[int, int]] = []
        self.block = _Block()

    def look(self, place: int, reach: int) -> None:
        """Find the stretches of whole lines around a place: no stretch goes over the end of a line."""
        self.start = self.data.rfind(b"\n", 0, max(place - reach, 0)) + 1
        stop = self.data.find(b"\n", place + reach)
        self.stop = stop if stop >= 0 else len(self.data)
        find = expression(self.pattern).finditer
        self.spans = [found.span() for found in find(self.data, self.start, self.stop)]

    def at(self, end: int) -> int:
        """The number of the stretch that holds the byte before `end`; -1 when there is none."""
        if not self.start < end <= self.stop:
            self.look(end, _REACH)
        at = bisect_right(self.spans, (end - 1, len(self.data))) - 1
        return at if at >= 0 and self.spans[at][1] >= end else -1

    def around(self, end: int) -> "_Block":
        """The encoded block that holds the byte before `end`; empty when there is none."""
        if self.block.lines and self.block.lines[0][0] < end <= self.block.lines[-1][1]:
            return self.block
        at, reach = self.at(end), _REACH
        if at < 0:
            return _Block()
        first, last = self.block_of(at)
        # A block may go on where nobody looked yet.
        while (not first and self.start) or (last + 1 == len(self.spans) and self.stop < len(self.data)):
            reach *= 4
            self.look(end, reach)
            first, last = self.block_of(self.at(end))
        lines = self.spans[first : last + 1]
        sums = [0, *accumulate(stop - start for start, stop in lines)]
        self.block = _Block(lines, sums, b"".join(self.data[start:stop] for start, stop in lines))
        return self.block

    def block_of(self, at: int) -> tuple[int, int]:
        """The numbers of the first and the last of the stretches that together are one text."""
        first = last = at
        while first and self._continues(first - 1):
            first -= 1
        while last + 1 < len(self.spans) and self._continues(last):
            last += 1
        return first, last

    def _continues(self, at: int) -> bool:
        """Whether a full line is followed by nothing but a line's end and another line that is no longer."""
        (start, end), (after, last) = self.spans[at], self.spans[at + 1]
        full = end - start >= _FULL_LINE and (end - start) % 4 == 0 and last - after <= end - start
        return full and after - end < _GAP and bool(expression(_LINE_END).fullmatch(self.data[end:after]))


@immutable(kw_only=False)
class _Block:
    lines: Sequence[tuple[int, int]] = ()
    sums: Sequence[int] = ()
    """How much of the text stands before each line."""
    text: bytes = b""

    def index(self, place: int) -> int:
        """How much of the text stands before a place in the file."""
        at = bisect_right(self.lines, (place - 1, place)) - 1
        return self.sums[at] + place - self.lines[at][0]


def _from_base64(block: _Block, end: int) -> tuple[Decoded | None, int]:
    if not block.lines:
        return None, end
    text, before = block.text, block.index(end)
    for shift in range(4):  # a name or a path may stand right before: what is legible tells where the text begins
        peek = (before - shift) // 4 * 4 + shift - 4
        sample = text[max(peek, shift) : peek + _PEEK]
        sample = sample[: len(sample) & ~3]
        if sample and not from_base64url(sample).translate(None, _PRINTABLE):
            body = text[shift:]
            plain = from_base64url(body[:-1] if len(body) % 4 == 1 else body + b"=" * (-len(body) % 4))
            starts, origins = _mapped(block.lines, shift)
            return _narrow(Decoded(plain, Encoding.BASE64, starts, origins, 4 / 3)), block.lines[-1][1]
    return None, end


def _mapped(lines: Sequence[tuple[int, int]], shift: int) -> tuple[list[int], list[int]]:
    starts, origins, read = [], [], -shift
    for start, stop in lines:
        starts.append(max(read, 0) * 3 // 4)
        origins.append(start + max(-read, 0))
        read += stop - start
    return starts, origins


def _from_hexadecimal(runs: _Runs, end: int) -> tuple[Decoded | None, int]:
    at = runs.at(end)
    if at < 0:
        return None, end
    start, stop = runs.spans[at]
    start += (end - start) % 2
    text = runs.data[start : stop - (stop - start) % 2]
    return _narrow(Decoded(bytes.fromhex(text.decode()), Encoding.HEXADECIMAL, [0], [start], 2.0)), stop


def _narrow(part: Decoded) -> Decoded:
    """The same part read as UTF-16 where it is that: what `powershell -EncodedCommand` takes."""
    if not wide(part.data):
        return part
    text = part.data[: len(part.data) & ~1].decode("utf-16-le", "replace").encode("latin-1", "replace")
    starts = [start // 2 for start in part.starts]
    return Decoded(text, f"{Encoding.UTF_16} in {part.encoding}", starts, part.origins, part.scale * 2)


def wide(data: bytes) -> bool:
    """Whether this is UTF-16 without a mark, low byte first: every other byte is zero, and no other."""
    head = data[:256]
    return len(head) >= _PEEK and not head[0::2].count(0) and head[1::2].count(0) * 10 >= len(head) // 2 * 9


def unmarked(data: bytes) -> tuple[bytes, str]:
    """A text in UTF-16 or UTF-32 as UTF-8, and what it was written in."""
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return data.decode("utf-32", "replace").encode("utf-8", "replace"), "UTF-32"
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    name = "utf-16" if marked else ("utf-16-be" if data.startswith(b"\0") else "utf-16-le")
    return data.decode(name, "replace").encode("utf-8", "replace"), Encoding.UTF_16


def _line(data: bytes, done: int, end: int) -> tuple[int, int]:
    """The line around a place, as far as is useful; nothing that was decoded before."""
    start = max(data.rfind(b"\n", max(end - _AROUND, 0), end) + 1, done, end - _AROUND)
    stop = data.find(b"\n", end, end + _AROUND)
    return start, stop if stop >= 0 else min(end + _AROUND, len(data))


def _without_escapes(text: bytes, start: int) -> Decoded:
    return _replaced(text, start, _ESCAPE, _unescaped, Encoding.ESCAPES)


def _without_url_escapes(text: bytes, start: int) -> Decoded:
    return _replaced(text, start, rb"(?:%[0-9A-Fa-f]{2})+", _unquoted, Encoding.URL)


def _replaced(
    text: bytes, start: int, pattern: bytes, plain: Callable[[re.Match[bytes]], bytes], encoding: Encoding
) -> Decoded:
    pieces, starts, origins, size, at = [], [0], [start], 0, 0
    for found in expression(pattern).finditer(text):
        piece = text[at : found.start()] + plain(found)
        pieces.append(piece)
        size += len(piece)
        at = found.end()
        starts.append(size)
        origins.append(start + at)
    return Decoded(b"".join([*pieces, text[at:]]), encoding, starts, origins)


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[3]:
        return _CONTROLS.get(found[3], found[3])
    return chr(int(found[1] or found[2], 16)).encode("utf-8", "replace")


def _unquoted(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[0].replace(b"%", b"").decode())


_UNESCAPED = {Encoding.ESCAPES: _without_escapes, Encoding.URL: _without_url_escapes}
