"""GitLab's secret detection report (`gl-secret-detection-report.json`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers import gitlab, leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import dug, first_line, place, severity, texts


def recognises(document: Document) -> bool:
    return gitlab.is_report(document, "secret_detection", "file", "start_line")


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["vulnerabilities"], "vulnerabilities", _record)
    yield from gitlab.unfinished(document)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    value, where = str(item.get("raw_source_code_extract") or ""), item.get("location")
    # Some versions quote the value in the text.
    said = [str(item.get(part) or "") for part in ("message", "description")]
    text = "\n\n".join(texts([leaks.without(part, value) for part in said]))
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=gitlab.rule(item),
        title=first_line(item.get("name") or text),
        severity=severity(item.get("severity"), Severity.CRITICAL),
        confidence=gitlab.surety(item),
        message=text,
        locations=place(dug(where, "file"), dug(where, "start_line"), dug(where, "end_line")),
        steps=gitlab.steps(item),
        references=gitlab.references(item),
        anchor=gitlab.anchor(item),
        mark=gitlab.mark(item),
        secret=leaks.value(value),
    )


FORMAT = Format(
    id="gitlab-secret-detection",
    title="GitLab secret detection",
    docs="https://docs.gitlab.com/user/application_security/secret_detection/",
    recognises=recognises,
    records=records,
    tool=gitlab.tool,
)
