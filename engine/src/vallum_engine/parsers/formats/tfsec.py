"""tfsec's JSON, of version 1 and of those before, whose rules go by other ids."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import dug, first_line, listed, place, severity, texts

# As words in early versions, as numbers since 1.0.
_PASSED = frozenset({"passed", "1"})
_IGNORED = frozenset({"ignored", "2"})


def recognises(document: Document) -> bool:
    value = document.json
    if value == {"results": None}:  # Go's empty list: no other tool leaves this alone in a file
        return True
    result = leading(dug(value, "results"))
    return {"rule_id", "rule_provider", "location"} <= result.keys() and "rule_description" in result


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["results"], "results", _result)


def _result(at: str, result: Mapping[str, Any]) -> Record:
    status = str(result.get("status", "")).lower()
    if status in _PASSED or result.get("passed") is True:
        return Passed(at=at)
    where = result.get("location") or {}
    message, impact = str(result.get("description") or ""), str(result.get("impact") or "")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(result.get("long_id") or result.get("rule_id") or ""),
        title=first_line(result.get("rule_description") or message),
        severity=severity(result.get("severity"), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([message, impact])),
        locations=place(where.get("filename"), where.get("start_line"), where.get("end_line")),
        evidence=str(result.get("resource") or ""),
        steps=texts(result.get("resolution")),
        references=texts([*listed(result.get("links")), *_link(result.get("link"))]),
        # The description names the resource, and with it the module it is used in.
        anchor=(str(result.get("resource") or ""), message),
        mark=Mark.SUPPRESSED if status in _IGNORED else Mark.NONE,
    )


def _link(sentence: object) -> tuple[str, ...]:
    """Early versions wrote “See https://…” instead of a list of links."""
    return tuple(word for word in str(sentence or "").split() if word.startswith("https://"))


FORMAT = Format(
    id="tfsec",
    title="tfsec",
    docs="https://aquasecurity.github.io/tfsec/",
    recognises=recognises,
    records=records,
)
