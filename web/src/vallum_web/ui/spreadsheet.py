"""Lines of CSV (RFC 4180) that a spreadsheet shows as text and never computes."""

import csv
import io
from collections.abc import Sequence

# What begins a formula, or lets one begin; spreadsheets read the full-width forms alike.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - these are what is meant


def cell(value: str | int) -> str | int:
    """A number stays one; a text that would be a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS) else value


def line(cells: Sequence[str | int]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([cell(value) for value in cells])
    return out.getvalue()
