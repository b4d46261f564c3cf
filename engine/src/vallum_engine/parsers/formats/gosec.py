"""gosec's JSON (`gosec -fmt json`)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Record, Sighting
from vallum_engine.parsers.records import each, missed
from vallum_engine.parsers.words import (
    confidence,
    cwes,
    dug,
    first_line,
    leaked,
    number,
    place,
    severity,
    squeezed,
    texts,
)

_NUMBERED = re.compile(r"(\d+): ?(.*)")


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or "Issues" not in value:
        return False
    return (
        "Golang errors" in value or isinstance(dug(value, "Stats", "nosec"), int) or _is_issue(dug(value, "Issues", 0))
    )


def _is_issue(first: object) -> bool:
    return isinstance(first, dict) and {"rule_id", "details", "confidence"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["Issues"], "Issues", _record)
    broken = document.json.get("Golang errors")
    for file, errors in broken.items() if isinstance(broken, Mapping) else ():
        at = f"Golang errors[{file}]"
        yield from missed(errors, at, lambda error: f"gosec could not read it: {first_line(dug(error, 'error'))}")


def _record(at: str, item: Mapping[str, Any]) -> Record:
    rule, details = str(item["rule_id"]), str(item.get("details") or "")
    first, _, last = str(item.get("line") or "").partition("-")
    weaknesses = cwes(number(dug(item, "cwe", "id")))
    secret = rule == "G101" or leaked(weaknesses)
    code = _code(str(item.get("code") or ""), number(first), number(last or first))
    return Sighting(
        at=at,
        kind=Kind.SECRET if secret else Kind.WEAKNESS,
        rule=rule,
        title=first_line(details),
        severity=severity(item.get("severity")),
        confidence=confidence(item.get("confidence")),
        message=details,
        locations=place(item.get("file"), first, last or first),
        cwes=weaknesses,
        evidence="" if secret else first_line(code, 400),
        steps=() if secret else texts(item.get("autofix")),
        anchor=() if secret else (squeezed(code),),
        secret=squeezed(code).encode() if secret else b"",
        mark=Mark.SUPPRESSED if item.get("nosec") is True or item.get("suppressions") else Mark.NONE,
    )


def _code(code: str, first: int, last: int) -> str:
    """Newer versions number the lines and show those around: only those it is about stay as others move."""
    numbered = [_NUMBERED.match(line) for line in code.splitlines()]
    if not all(numbered):
        return code
    return "\n".join(match[2] for match in numbered if match and first <= int(match[1]) <= last)


def tool(document: Document) -> str:
    return str(document.json.get("GosecVersion") or "")


FORMAT = Format(
    id="gosec",
    title="gosec",
    docs="https://github.com/securego/gosec#output-formats",
    recognises=recognises,
    records=records,
    tool=tool,
)
