"""Popeye's JSON: what it calls sanitizers up to version 0.11, and linters in sections since."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import dug, first_line, listed, place

_LEVELS = {1: Severity.INFO, 2: Severity.MEDIUM, 3: Severity.HIGH}
_CODE = re.compile(r"\[(POP-\d+)\]\s*")
# In the messages of these loads, restarts and counts stand, which are others each time. In others: ports and versions.
_MEASURES = re.compile(r"POP-(?:109|110|[2567]\d\d)")
_MEASURED = re.compile(r"\b\d[\d.]*(?:m|Ki|Mi|Gi|Ti)?\b")


def recognises(document: Document) -> bool:
    inner = dug(document.json, "popeye")
    return isinstance(inner, dict) and bool({"sanitizers", "sections", "score"} & inner.keys())


def records(document: Document) -> Iterator[Record]:
    inner = document.json["popeye"]
    for key, name in (("sanitizers", "sanitizer"), ("sections", "linter")):
        for number, section in enumerate(listed(inner.get(key))):
            at = f"popeye.{key}[{number}]"
            if not isinstance(section, dict):
                yield Rejected(at=at, why=NO_OBJECT)
                continue
            issues = section.get("issues") or {}
            if not isinstance(issues, dict):
                yield Rejected(at=f"{at}.issues", why="it does not say which resources it is about")
                continue
            for resource, found in issues.items():
                about = f"{section.get(name) or 'cluster'}/{resource}"
                yield from each(found, f"{at}.issues[{resource}]", partial(_issue, about))


def _issue(about: str, at: str, issue: Mapping[str, Any]) -> Record:
    level, text = issue.get("level"), str(issue.get("message") or "")
    if level == 0:
        return Passed(at=at)
    if level not in _LEVELS:
        return Rejected(at=at, why="its level is none of 0 to 3")
    code = _CODE.match(text)
    message = _CODE.sub("", text)
    group = str(issue.get("group") or "")
    steady = _MEASURED.sub("#", message) if code and _MEASURES.fullmatch(code[1]) else message
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=code[1] if code else first_line(message, 100),
        title=first_line(message),
        severity=_LEVELS[level],
        confidence=Confidence.HIGH,
        message=message,
        locations=place(about),
        # The container, for what is about one.
        evidence="" if group == "__root__" else group,
        anchor=(group, steady),
    )


FORMAT = Format(
    id="popeye",
    title="Popeye",
    docs="https://popeyecli.io/",
    recognises=recognises,
    records=records,
)
