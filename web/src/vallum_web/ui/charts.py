"""Geometry of the small charts: numbers in, numbers out. Templates draw them as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SEVERITIES = ("critical", "high", "medium", "low", "info")
WIDTH, HEIGHT = 600, 120
_SMALLEST = 1.5  # of 100: a single critical among thousands must stay visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    severity: str
    count: int
    x: float
    width: float


def segments(counts: Mapping[str, int]) -> list[Segment]:
    """The bar from worst to least, 100 wide; whatever exists is at least visible."""
    present = [(severity, counts.get(severity, 0)) for severity in SEVERITIES if counts.get(severity, 0) > 0]
    total = sum(count for _, count in present)
    free = 100 - _SMALLEST * len(present)
    bar, x = [], 0.0
    for severity, count in present:
        width = _SMALLEST + free * count / total
        bar.append(Segment(severity=severity, count=count, x=round(x, 2), width=round(width, 2)))
        x += width
    return bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of numbers in a chart: its pieces, each an SVG path; where a number is missing it breaks."""

    name: str
    paths: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    """Numbers with none beside them: a path of one point draws nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One step of the lines: where its middle is, the strip around it, and what is said of it."""

    middle: float
    x: float
    width: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Several lines over the same places, from nought to `top`."""

    top: int
    lines: tuple[Line, ...]
    places: tuple[Place, ...]


def lines(rows: Mapping[str, Sequence[float | None]], names: Sequence[str]) -> Lines:
    """Lines over equal steps, `WIDTH` by `HEIGHT`, all to one scale; `names` are those of the steps."""
    top = ceiling(max((value for values in rows.values() for value in values if value is not None), default=0))
    return Lines(
        top=top,
        lines=tuple(_line(name, values, top) for name, values in rows.items()),
        places=tuple(_place(number, names, rows) for number in range(len(names))),
    )


def _place(number: int, names: Sequence[str], rows: Mapping[str, Sequence[float | None]]) -> Place:
    step = WIDTH / max(1, len(names) - 1)
    left, right = max(0.0, (number - 0.5) * step), min(float(WIDTH), (number + 0.5) * step)
    known = [f"{name} {values[number]:,}" for name, values in rows.items() if values[number] is not None]
    return Place(
        middle=round(number * step, 1),
        x=round(left, 1),
        width=round(right - left, 1),
        said=f"{names[number]}: {', '.join(known) or 'not measured'}",
    )


def _line(name: str, values: Sequence[float | None], top: int) -> Line:
    step = WIDTH / max(1, len(values) - 1)
    pieces: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((round(number * step, 1), round(HEIGHT * (1 - value / top), 1)))
    paths = ("M" + " L".join(f"{x:g} {y:g}" for x, y in piece) for piece in pieces if len(piece) > 1)
    return Line(name=name, paths=tuple(paths), dots=tuple(piece[0] for piece in pieces if len(piece) == 1))


def ceiling(value: float) -> int:
    """The next of 10, 20, 50, 100, … at or above: where an axis ends."""
    top = 10
    while top < value:
        top = top * 5 // 2 if str(top).startswith("2") else top * 2
    return top
