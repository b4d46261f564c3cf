"""Other tools' words for severity, confidence, places and weaknesses, as ours."""

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

from vallum_engine.model import cvss, cvss4
from vallum_engine.model.finding import Confidence, Location, Severity

_SEVERITIES = {
    Severity.CRITICAL: ("critical", "crit", "blocker", "very high", "veryhigh", "urgent", "emergency", "fatal"),
    Severity.HIGH: ("high", "error", "important", "major", "severe", "serious", "err", "danger"),
    Severity.MEDIUM: ("medium", "moderate", "warning", "warn", "med", "average", "mid"),
    Severity.LOW: ("low", "minor", "note", "notice", "negligible", "style", "minimal"),
    Severity.INFO: (
        "info",
        "informational",
        "information",
        "none",
        "unknown",
        "undefined",
        "unassigned",
        "log",
        "hint",
    ),
}
UNRATED = Severity.MEDIUM
"""Of a known vulnerability that the report does not rate: what our own detector takes it for."""
_BY_WORD = {word: severity for severity, words in _SEVERITIES.items() for word in words}
_CVSS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
_CONFIDENCES = {
    "high": Confidence.HIGH,
    "certain": Confidence.HIGH,
    "confirmed": Confidence.HIGH,
    "firm": Confidence.MEDIUM,
    "medium": Confidence.MEDIUM,
    "low": Confidence.LOW,
    "tentative": Confidence.LOW,
    "weak": Confidence.LOW,
}
_CWE = re.compile(r"(?:^|\bCWE)[-_: ]{0,2}(\d{1,5})\b", re.IGNORECASE | re.ASCII)
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b", re.IGNORECASE | re.ASCII)
_HARDCODED = frozenset({259, 321, 798})
_SECTION = re.compile(r"^#+ *(.+?) *$", re.MULTILINE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BLANKS = re.compile(r"[ \t]*\n\s*\n\s*")


def severity(word: object, default: Severity = Severity.INFO, **own: Severity) -> Severity:
    """The severity that a tool's word stands for; `own` are words (small letters) that mean something else to this tool."""
    plain = str(word or "").strip().lower()
    return own.get(plain) or _BY_WORD.get(plain, default)


def of_score(score: object, default: Severity = Severity.INFO) -> Severity:
    """By a CVSS base score, as its specification names ranges (FIRST, CVSS v3.1 §5)."""
    try:
        number = float(str(score))
    except ValueError:
        return default
    return next((severity for least, severity in _CVSS if number >= least), Severity.INFO)


def vector(*values: object) -> str:
    """The first that is a CVSS vector of version 3 or 4; empty when none is."""
    found = (str(value).strip() for value in values if value)
    return next((text for text in found if text.startswith(("CVSS:3.", "CVSS:4.0/"))), "")


def of_vector(text: str, default: Severity = Severity.INFO) -> Severity:
    """By the base score of a CVSS vector of version 3 or 4."""
    score = cvss.base_score(text)
    score = cvss4.base_score(text) if score is None else score
    return default if score is None else cvss.rating(score)


def confidence(word: object, default: Confidence = Confidence.MEDIUM) -> Confidence:
    return _CONFIDENCES.get(str(word or "").strip().lower(), default)


def cwes(*values: object) -> tuple[int, ...]:
    """The numbers of weaknesses named in texts, numbers or lists of them: `CWE-79`, `79`, `["CWE-79: XSS"]`."""
    found: list[int] = []
    for value in values:
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int):
            found.append(value)
        elif isinstance(value, list | tuple | set):
            found.extend(cwes(*value))
        else:
            found.extend(int(match[1]) for match in _CWE.finditer(str(value)))
    return tuple(dict.fromkeys(number for number in found if number > 0))


def cves(*texts: object) -> tuple[str, ...]:
    """The CVE ids that stand in texts, in order, in capitals."""
    return tuple(dict.fromkeys(match[0].upper() for text in texts for match in _CVE.finditer(str(text or ""))))


def leaked(numbers: Iterable[int]) -> bool:
    """Whether the weaknesses are a password or key in the open: then extracts of code hold its value."""
    return not _HARDCODED.isdisjoint(numbers)


def squeezed(text: object, most: int = 400) -> str:
    """Code as what stays when it is indented or wrapped anew: single blanks, one line."""
    return " ".join(str(text or "").split())[:most]


def plain(text: object) -> str:
    """HTML as text: tags go, entities are resolved, runs of empty lines become one."""
    bare = html.unescape(_TAG.sub(" ", str(text or "").replace("<br>", "\n").replace("</p>", "\n")))
    return _BLANKS.sub("\n\n", bare).strip()


def sections(markdown: object) -> Mapping[str, str]:
    """The parts of a text in Markdown by heading in small letters; what stands before the first has the empty one."""
    lead, *rest = _SECTION.split(str(markdown or ""))
    return {"": lead.strip(), **{n.lower(): t.strip() for n, t in zip(rest[::2], rest[1::2], strict=True)}}


def first_line(text: object, most: int = 200) -> str:
    """A title out of a longer text."""
    line = str(text or "").strip().partition("\n")[0].strip()
    return line if len(line) <= most else line[: most - 1] + "…"


def texts(value: object) -> tuple[str, ...]:
    """A text, or a list of them, without the empty ones; whatever else there is becomes text."""
    if value is None or value == "":
        return ()
    items = value if isinstance(value, list | tuple) else (value,)
    return tuple(dict.fromkeys(text for item in items if item is not None and (text := str(item).strip())))


def number(value: object, default: int = 0) -> int:
    """A count or a line number, however it is written; never negative."""
    try:
        return max(int(str(value).strip()), 0)
    except ValueError:
        return default


def place(path: object, line: object = 1, end: object = None) -> tuple[Location, ...]:
    """One place, or none where no path is given. Paths lose `file://` and `./`, lines below 1 become 1."""
    plain_path = str(path or "").strip().replace("\\", "/").removeprefix("file://")
    while plain_path.startswith("./"):
        plain_path = plain_path[2:]
    if not plain_path:
        return ()
    start = number(line, 1) or 1
    return (Location(path=plain_path, line=start, end_line=max(number(end, start), start)),)


def listed(value: Any) -> Iterable[Any]:
    """What should be a list: `null` and a missing one are empty, a single object is a list of one."""
    if value is None or value == "":
        return ()
    return value if isinstance(value, list) else (value,)


def dug(value: Any, *path: str | int) -> Any:
    """What lies at a path through objects and lists; None where there is nothing."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value
