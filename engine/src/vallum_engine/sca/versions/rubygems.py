"""RubyGems: runs of digits and of letters, one by one; letters make a prerelease (Gem::Version of the RubyGems library).

What is missing counts as zero, so zeros at the end of the release, or of all, say nothing.
"""

import re

from vallum_engine.sca.versions.numbers import WRITTEN, number

_VERSION = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+", re.ASCII)
_WORD, _END, _NUMBER = b"\x01", b"\x02", b"\x03"
_STOP = b"\x00"
_INVERTED = bytes(range(255, -1, -1))
_NO_ZEROS = number("0").translate(_INVERTED)


def key(version: str) -> bytes | None:
    """A hyphen begins a prerelease, as `.pre.` would."""
    plain = version.strip()
    if not _VERSION.fullmatch(plain):
        return None
    segments = _SEGMENTS.findall(plain.replace("-", ".pre."))
    first = next((at for at, segment in enumerate(segments) if segment.isalpha()), len(segments))
    try:
        return _encoded([*_trimmed(segments[:first]), *_trimmed(segments[first:])])
    except ValueError:
        return None


def _trimmed(segments: list[str]) -> list[str]:
    end = len(segments)
    while end and not segments[end - 1].strip("0"):
        end -= 1
    return segments[:end]


def _encoded(segments: list[str]) -> bytes:
    """The end is zeros without end: a word after zeros is the earlier the fewer they are, a number the later."""
    parts: list[bytes] = []
    zeros = 0
    for segment in segments:
        if segment.isalpha():
            parts += (_WORD, number(str(zeros)), segment.encode(), _STOP)
        elif segment.strip("0"):
            before = number(str(zeros)).translate(_INVERTED) if zeros else _NO_ZEROS
            parts += (_NUMBER, before, WRITTEN.get(segment) or number(segment))
        else:
            zeros += 1
            continue
        zeros = 0
    return b"".join((*parts, _END))
