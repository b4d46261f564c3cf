"""Conftest's JSON: files, each with what its policies say."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each, leading
from vallum_engine.parsers.words import dug, first_line, place, severity, texts

# What each list holds: the rule's name where the result says none, and how bad it is where it says nothing.
_GROUPS = {
    "failures": ("deny", Severity.HIGH, Mark.NONE),
    "warnings": ("warn", Severity.MEDIUM, Mark.NONE),
    # §Exceptions: a rule that was excepted by the policy's author.
    "exceptions": ("deny", Severity.HIGH, Mark.SUPPRESSED),
}


def recognises(document: Document) -> bool:
    item = leading(document.json) if isinstance(document.json, list) else {}
    return {"filename", "namespace"} <= item.keys() and ("successes" in item or bool(_GROUPS.keys() & item.keys()))


def records(document: Document) -> Iterator[Record]:
    for number, file in enumerate(document.json):
        if not isinstance(file, dict):
            yield Rejected(at=f"[{number}]", why=NO_OBJECT)
            continue
        for group in _GROUPS:
            yield from each(file.get(group), f"[{number}].{group}", partial(_result, file, group))


def _result(file: Mapping[str, Any], group: str, at: str, result: Mapping[str, Any]) -> Record:
    name, default, mark = _GROUPS[group]
    message, metadata = str(result.get("msg") or ""), result.get("metadata") or {}
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(metadata.get("query") or f"data.{file.get('namespace') or 'main'}.{name}"),
        title=first_line(message),
        severity=severity(metadata.get("severity"), default),
        confidence=Confidence.HIGH,
        message=message,
        locations=place(dug(result, "loc", "file") or file.get("filename"), dug(result, "loc", "line")),
        references=texts(metadata.get("url")),
        # A rule of a policy may say several things of one file; its words are all that tells them apart.
        anchor=(message,),
        mark=mark,
    )


FORMAT = Format(
    id="conftest",
    title="Conftest",
    docs="https://www.conftest.dev/options/#output",
    recognises=recognises,
    records=records,
)
