"""Geometry of the small charts: numbers in, numbers out. Templates draw them as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SEVERITIES = ("critical", "high", "medium", "low", "info")
_SMALLEST = 1.5  # of 100: a single critical among thousands must stay visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    severity: str
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    points: str
    area: str
    end_x: float
    end_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    label: str
    value: float
    x: float
    y: float
    width: float
    height: float


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


def line(values: Sequence[float], *, width: int, height: int) -> Line:
    """A line over a zero base: a change from 98 to 100 looks as small as it is."""
    inset = 2  # room for the stroke and the end point
    top = max(*values, 1) if values else 1
    step = (width - 2 * inset) / max(len(values) - 1, 1)
    spots = [
        (round(inset + index * step, 1), round(height - inset - (height - 2 * inset) * value / top, 1))
        for index, value in enumerate(values)
    ] or [(inset, height - inset)]
    if len(spots) == 1:
        spots = [(inset, spots[0][1]), (width - inset, spots[0][1])]
    points = " ".join(f"{x},{y}" for x, y in spots)
    area = f"{spots[0][0]},{height} {points} {spots[-1][0]},{height}"
    return Line(points=points, area=area, end_x=spots[-1][0], end_y=spots[-1][1])


def columns(values: Sequence[tuple[str, float]], *, height: float = 100) -> list[Column]:
    """Columns on a canvas 100 wide, a quarter of each step left free."""
    top = max([value for _, value in values] + [1])
    step = 100 / max(len(values), 1)
    return [
        Column(
            label=label,
            value=value,
            x=round(index * step + step / 8, 3),
            y=round(height - height * value / top, 2),
            width=round(step * 3 / 4, 3),
            height=round(height * value / top, 2),
        )
        for index, (label, value) in enumerate(values)
    ]
