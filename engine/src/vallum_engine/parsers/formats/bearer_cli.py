"""Bearer's JSON (`bearer scan -f json`): the security report, by severity."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import cwes, dug, first_line, leaked, place, sections, severity, squeezed, texts

# Worst first; a warning is below "low" and fails no pipeline.
_LEVELS = ("critical", "high", "medium", "low", "warning")


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not value or not value.keys() <= set(_LEVELS):
        return False
    found = [item for level in value.values() if isinstance(level, list) for item in level[:1]]
    return bool(found) and all(isinstance(item, dict) and {"fingerprint", "cwe_ids"} <= item.keys() for item in found)


def records(document: Document) -> Iterator[Record]:
    for level in _LEVELS:
        yield from each(document.json.get(level), level, partial(_record, severity(level, warning=Severity.INFO)))


def _record(level: Severity, at: str, item: Mapping[str, Any]) -> Record:
    told = sections(item.get("description"))
    weaknesses = cwes([f"CWE-{number}" for number in item.get("cwe_ids") or ()])
    code = str(item.get("code_extract") or item.get("snippet") or "")
    secret = bool(code) and leaked(weaknesses)
    return Sighting(
        at=at,
        kind=Kind.SECRET if secret else Kind.WEAKNESS,
        rule=str(item["id"]),
        title=first_line(item.get("title")),
        severity=level,
        message=told.get("description") or told[""],
        locations=place(
            item.get("full_filename") or item.get("filename"), item.get("line_number"), dug(item, "sink", "end")
        ),
        cwes=weaknesses,
        evidence="" if secret else first_line(code.strip(), 400),
        steps=texts([told.get("remediations"), told.get("remediation")]),
        references=texts(item.get("documentation_url")),
        anchor=texts(item.get("fingerprint")),
        secret=squeezed(code).encode() if secret else b"",
    )


FORMAT = Format(
    id="bearer-cli",
    title="Bearer",
    docs="https://docs.bearer.com/reference/commands/",
    recognises=recognises,
    records=records,
)
