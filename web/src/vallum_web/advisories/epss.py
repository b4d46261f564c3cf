"""FIRST's EPSS scores: a comment that names model and day, a header, then a vulnerability a line."""

import re
from collections.abc import Iterator
from datetime import date
from typing import IO

from vallum_web.advisories.errors import UnusableError
from vallum_web.advisories.release import LONGEST_LINE, Release, lines, looks_like

MOST = 64 << 20
"""Bytes, unpacked. 300,000 vulnerabilities are 10 MB."""
HEADER = b"cve,epss,percentile"
_COMMENT = re.compile(rb"#model_version:(v[\w.-]{1,40}),score_date:(\d{4}-\d\d-\d\d)[T ]?[\w:+.-]{0,40}")
_ROW = re.compile(rb"(CVE-\d{4}-\d{4,19}),([\d.eE+-]{1,24}),([\d.eE+-]{1,24})")


def read(file: IO[bytes]) -> Release:
    """Raises UnusableError."""
    first = file.readline(LONGEST_LINE)
    told = _COMMENT.fullmatch(first.rstrip(b"\r\n"))
    if told is None:
        raise UnusableError(f"It is {looks_like(first)} and no EPSS scores: these begin with #model_version.")
    text = lines(file, MOST)
    if next(text, b"") != HEADER:
        raise UnusableError(f"Its second line is not {HEADER.decode()}.")
    try:
        day = date.fromisoformat(told[2].decode())
    except ValueError as error:
        raise UnusableError(f"It is of no day: {error}.") from error
    return Release(version=told[1].decode(), day=day, rows=_rows(text))


def _rows(text: Iterator[bytes]) -> Iterator[tuple[str, float, float]]:
    for number, line in enumerate(text, 3):
        found = _ROW.fullmatch(line)
        if found is None:
            raise UnusableError(f"Line {number} is no CVE with two numbers.")
        try:
            score, percentile = float(found[2]), float(found[3])
        except ValueError:
            raise UnusableError(f"Line {number} has something that is no number.") from None
        if not (0 <= score <= 1 and 0 <= percentile <= 1):
            raise UnusableError(f"Line {number} has a number that is not from 0 to 1.")
        yield found[1].decode(), score, percentile
