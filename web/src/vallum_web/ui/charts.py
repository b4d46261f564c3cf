"""Geometry of the small charts: numbers in, numbers out. Templates draw them as SVG."""

from collections.abc import Mapping
from dataclasses import dataclass

SEVERITIES = ("critical", "high", "medium", "low", "info")
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
