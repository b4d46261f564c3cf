"""A report as bytes between the scanner and the platform: NDJSON in one zstd frame, versioned.

The first line is `{"wire": 1, …}`, the last `{"end": n}` with the number of lines between: a report without it was
cut off. A reader accepts this version and the one before, ignores fields and line kinds it does not know, and
refuses any other version before reading on. Limits count both compressed and decompressed bytes.
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import IO, Any, TypeVar

import zstandard

from vallum_engine import VERSION
from vallum_engine.errors import BrokenWire, UnknownWireVersion
from vallum_engine.model import plain
from vallum_engine.model.finding import Finding, Location
from vallum_engine.model.known import from_known, to_known
from vallum_engine.model.report import Coverage, Report
from vallum_engine.values import immutable, replace

T = TypeVar("T")

WIRE = 1
READABLE = frozenset({1})
MAX_LINE = 4 << 20
# A character of a path takes twelve bytes at most, so that a line of so many stays below MAX_LINE.
PORTION = 1 << 18
LOCATION_COST = 80


@immutable
class Limits:
    """What a reader takes, in bytes and lines."""

    compressed: int = 256 << 20
    decompressed: int = 2 << 30
    lines: int = 5_000_000
    values: int = 20_000_000
    """Commas, which is to say values: a list of empty texts takes ten times its bytes in memory."""


DEFAULT_LIMITS = Limits()


def write(report: Report, out: IO[bytes]) -> None:
    """Write `report` to `out` as wire, in one pass; the same report gives the same bytes."""
    with zstandard.ZstdCompressor(level=3).stream_writer(out, closefd=False) as frame:
        count = -1
        for line in _lines(report):
            frame.write(json.dumps(line, separators=(",", ":"), ensure_ascii=True).encode() + b"\n")
            count += 1
        frame.write(b'{"end":%d}\n' % count)


def dump(report: Report) -> bytes:
    """The report as wire, in memory."""
    out = io.BytesIO()
    write(report, out)
    return out.getvalue()


def _lines(report: Report) -> Iterator[dict[str, Any]]:
    yield {
        "wire": WIRE,
        "engine": report.engine or VERSION,
        "target": dict(report.target),
        "complete": report.coverage.complete,
        "stats": plain.from_stats(report.stats),
        **({"advisories": from_known(report.advisories)} if report.advisories else {}),
    }
    yield from ({"ruleset": plain.from_ruleset(item)} for item in report.coverage.rulesets)
    yield from ({"exclusion": plain.from_exclusion(item)} for item in report.coverage.exclusions)
    yield from ({"paths": list(paths)} for paths in _portions(report.coverage.paths, _path_cost) if paths)
    yield from ({"error": plain.from_problem(item)} for item in report.errors)
    yield from ({"layer": plain.from_layer(item)} for item in report.layers)
    yield from ({"package": plain.from_package(item)} for item in report.packages)
    for kind, findings in (("suppressed", report.suppressed), ("finding", report.findings)):
        yield from chain.from_iterable(_finding_lines(kind, finding) for finding in findings)


def _finding_lines(kind: str, finding: Finding) -> Iterator[dict[str, Any]]:
    """One line, and further ones where its places are too many for it."""
    first, *further = _portions(finding.locations, _location_cost)
    whole = finding if not further else replace(finding, locations=tuple(first))
    yield {kind: plain.from_finding(whole)}
    yield from ({"further": [plain.from_location(place) for place in places]} for places in further)


def _portions(items: Sequence[T], cost: Callable[[T], int]) -> Iterator[Sequence[T]]:
    start = spent = 0
    for at, item in enumerate(items):
        more = cost(item)
        if spent + more > PORTION and at > start:
            yield items[start:at]
            start, spent = at, 0
        spent += more
    yield items[start:]


def _path_cost(path: str) -> int:
    return len(path) + 1


def _location_cost(location: Location) -> int:
    return len(location.path) + len(location.layer) + LOCATION_COST


def read(source: IO[bytes], limits: Limits = DEFAULT_LIMITS) -> Report:
    """Read a whole report.

    Raises UnknownWireVersion for a version outside `READABLE`, and BrokenWire for anything truncated, malformed or
    over a limit: there is no half a report.
    """
    lines = _decoded(source, limits)
    head = next(lines, None)
    if head is None or "wire" not in head:
        raise BrokenWire(
            "Not a Vallum report: the first line carries no wire version. Upload what `vallum scan --format wire` wrote."
        )
    if type(head["wire"]) is not int or head["wire"] not in READABLE:
        raise UnknownWireVersion(f"Report version {head['wire']}, expected {WIRE}: update the side that is older.")
    body = _Body()
    try:
        for line in lines:
            body.take(line)
        if body.end != body.count:
            raise BrokenWire(f"The report was cut off after {body.count} lines: upload it again.")
        body.whole()
        return _assemble(head, body.parts, body.paths)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise BrokenWire(
            f"Line {body.count + 1} of the report is malformed ({type(error).__name__}: {error})."
        ) from error


class _Body:
    """The lines between the first and the last, by kind."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Any]] = {name: [] for name in _READERS}
        self.paths: list[str] = []
        self.last: tuple[str, int] | None = None
        self.further: dict[tuple[str, int], list[Location]] = {}
        self.count = 0
        self.end: int | None = None

    def take(self, line: Mapping[str, Any]) -> None:
        if self.end is not None:
            raise BrokenWire("The report goes on after its end: upload it again.")
        if "end" in line:
            self.end = line["end"]
            return
        self.count += 1
        for name, value in line.items():
            if name in _READERS:
                self.parts[name].append(_READERS[name](value))
                self.last = (name, len(self.parts[name]) - 1) if name in _FINDINGS else None
            elif name == "paths":
                self.paths.extend(str(path) for path in value)
            elif name == "further":
                self.more(value)

    def more(self, places: Iterable[Mapping[str, Any]]) -> None:
        """Places of the finding in the lines before."""
        if self.last is None:
            raise ValueError("places that belong to no finding")
        self.further.setdefault(self.last, []).extend(plain.to_location(place) for place in places)

    def whole(self) -> None:
        for (kind, at), places in self.further.items():
            finding: Finding = self.parts[kind][at]
            self.parts[kind][at] = replace(finding, locations=(*finding.locations, *places))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "ruleset": plain.to_ruleset,
    "exclusion": plain.to_exclusion,
    "error": plain.to_problem,
    "layer": plain.to_layer,
    "package": plain.to_package,
    "suppressed": plain.to_finding,
    "finding": plain.to_finding,
}
_FINDINGS = ("finding", "suppressed")


def _assemble(head: Mapping[str, Any], parts: Mapping[str, list[Any]], paths: list[str]) -> Report:
    return Report(
        findings=tuple(parts["finding"]),
        suppressed=tuple(parts["suppressed"]),
        coverage=Coverage(
            rulesets=tuple(parts["ruleset"]),
            complete=head["complete"] is True,
            exclusions=tuple(parts["exclusion"]),
            paths=tuple(paths),
        ),
        errors=tuple(parts["error"]),
        stats=plain.to_stats(head.get("stats", {})),
        layers=tuple(parts["layer"]),
        packages=tuple(parts["package"]),
        engine=str(head.get("engine", "")),
        advisories=to_known(head.get("advisories")),
        target={str(key): str(value) for key, value in head.get("target", {}).items()},
    )


def _decoded(source: IO[bytes], limits: Limits) -> Iterator[dict[str, Any]]:
    values = 0
    for number, line in enumerate(_split(_decompressed(source, limits))):
        if number >= limits.lines:
            raise BrokenWire(f"The report has more than {limits.lines:,} lines: split the scan.")
        values += line.count(b",")
        if values > limits.values:
            raise BrokenWire(f"The report holds more than {limits.values:,} values: split the scan.")
        try:
            value = json.loads(line, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise BrokenWire(f"Line {number + 1} of the report is not JSON.") from error
        if not isinstance(value, dict):
            raise BrokenWire(f"Line {number + 1} of the report is not an object.")
        yield value


def _refuse(constant: str) -> None:
    """NaN and the infinities are Python's addition to JSON; no figure of ours is one."""
    raise ValueError(constant)


def _split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        if len(rest) > MAX_LINE:
            raise BrokenWire(f"A line of the report is longer than {MAX_LINE:,} bytes.")
        yield from (line for line in whole if line)
    if rest:
        raise BrokenWire("The report was cut off inside a line: upload it again.")


def _decompressed(source: IO[bytes], limits: Limits) -> Iterator[bytes]:
    packed = plain_bytes = 0
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    try:
        while block := source.read(1 << 18):
            packed += len(block)
            # 256 KiB of zstd can hold gigabytes: it is fed in slices, so that no single step can exceed the limit by much.
            for start in range(0, len(block), 4096):
                out = decompressor.decompress(block[start : start + 4096])
                plain_bytes += len(out)
                if packed > limits.compressed or plain_bytes > limits.decompressed:
                    raise BrokenWire(
                        f"The report is larger than allowed ({limits.compressed:,} bytes packed, {limits.decompressed:,} unpacked)."
                    )
                yield out
                if decompressor.eof:
                    return
    except zstandard.ZstdError as error:
        raise BrokenWire("The report is not a zstd stream, or a damaged one: upload it again.") from error
    raise BrokenWire("The report was cut off: upload it again.")
