"""Brakeman's JSON (`brakeman -f json`)."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Record, Sighting
from vallum_engine.parsers.records import each, missed
from vallum_engine.parsers.words import confidence, cves, cwes, dug, first_line, leaked, place, severity, texts


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "warnings" in value and dug(value, "scan_info", "brakeman_version") is not None


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["warnings"], "warnings", partial(_record, Mark.NONE))
    # What the project's brakeman.ignore lists, with a note or without.
    yield from each(document.json.get("ignored_warnings"), "ignored_warnings", partial(_record, Mark.SUPPRESSED))
    yield from missed(document.json.get("errors"), "errors", _error)


def _error(error: Any) -> str:
    return f"Brakeman could not read all of the code: {first_line(dug(error, 'error'))}"


def _record(mark: Mark, at: str, item: Mapping[str, Any]) -> Record:
    kind, message = str(item["warning_type"]), str(item.get("message") or "")
    where = [dug(item, "location", part) for part in ("type", "class", "method", "template", "controller", "model")]
    weaknesses = cwes(item.get("cwe_id"))
    return Sighting(
        at=at,
        kind=Kind.SECRET if leaked(weaknesses) else Kind.WEAKNESS,
        # A number is given to one message of one check, and never again.
        rule=f"{item.get('check_name') or kind}/{item.get('warning_code', '')}",
        title=f"{kind}: {message}" if message else kind,
        # It ranks by one measure, how sure it is, and its authors tell to fix the surest first.
        severity=severity(item.get("confidence"), weak=Severity.LOW),
        confidence=confidence(item.get("confidence")),
        message=message,
        locations=place(item.get("file"), item.get("line")),
        ids=cves(message),
        cwes=weaknesses,
        evidence="" if leaked(weaknesses) else str(item.get("code") or item.get("user_input") or ""),
        references=texts(item.get("link")),
        anchor=texts(item.get("fingerprint") or [*where, item.get("code"), message]),
        mark=mark,
    )


def tool(document: Document) -> str:
    return str(dug(document.json, "scan_info", "brakeman_version") or "")


FORMAT = Format(
    id="brakeman",
    title="Brakeman",
    docs="https://brakemanscanner.org/docs/output_formats/",
    recognises=recognises,
    records=records,
    tool=tool,
)
