"""Bandit's JSON (`bandit -f json`)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each, missed
from vallum_engine.parsers.words import (
    confidence,
    cwes,
    dug,
    first_line,
    listed,
    number,
    place,
    severity,
    squeezed,
    texts,
)

# Hard-coded passwords: as a value, as an argument, as a default. The text names the value, and so does the code.
_PASSWORDS = frozenset({"B105", "B106", "B107"})
_VALUE = re.compile(r":\s*(['\"])(.*)\1\s*$", re.DOTALL)
_NUMBERED = re.compile(r"(\d+)[ \t]?(.*)")


def recognises(document: Document) -> bool:
    value = document.json
    return (
        isinstance(value, dict)
        and isinstance(value.get("results"), list)
        and isinstance(value.get("metrics"), dict)
        and "_totals" in value["metrics"]
    )


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["results"], "results", _record)
    yield from missed(document.json.get("errors"), "errors", _error)


def _error(error: Any) -> str:
    return f"Bandit could not read {dug(error, 'filename') or 'a file'}: {first_line(dug(error, 'reason'))}"


def _record(at: str, item: Mapping[str, Any]) -> Record:
    rule, message = str(item["test_id"]), str(item.get("issue_text") or "")
    value = _VALUE.search(message) if rule in _PASSWORDS else None
    code = _code(item)
    if value:
        message = f"{message[: value.start()]}."
    line, lines = item.get("line_number"), [number(n) for n in listed(item.get("line_range"))]
    return Sighting(
        at=at,
        kind=Kind.SECRET if rule in _PASSWORDS else Kind.WEAKNESS,
        rule=rule,
        title=first_line(message),
        severity=severity(item.get("issue_severity")),
        confidence=confidence(item.get("issue_confidence")),
        message=message,
        locations=place(item.get("filename"), line, max(lines, default=number(line))),
        cwes=cwes(dug(item, "issue_cwe", "id")),
        evidence="" if rule in _PASSWORDS else first_line(code, 400),
        references=texts(item.get("more_info")),
        anchor=() if rule in _PASSWORDS else (squeezed(code),),
        secret=(value[2] if value else code).encode() if rule in _PASSWORDS else b"",
    )


def _code(item: Mapping[str, Any]) -> str:
    """The lines that it is about, without their numbers and the lines around them."""
    wanted = {number(n) for n in (item.get("line_number"), *listed(item.get("line_range")))}
    numbered = (_NUMBERED.match(line) for line in str(item.get("code") or "").splitlines())
    return "\n".join(match[2].strip() for match in numbered if match and int(match[1]) in wanted)


FORMAT = Format(
    id="bandit",
    title="Bandit",
    docs="https://bandit.readthedocs.io/en/latest/formatters/json.html",
    recognises=recognises,
    records=records,
)
