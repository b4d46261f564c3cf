"""GitLab's SAST report (`gl-sast-report.json`), whichever analyzer wrote it."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers import gitlab
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import dug, first_line, leaked, place, severity

# Older templates ran these within SAST.
_OF_SECRETS = frozenset({"gitleaks", "trufflehog"})


def recognises(document: Document) -> bool:
    return gitlab.is_report(document, "sast", "file", "start_line")


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["vulnerabilities"], "vulnerabilities", _record)
    yield from gitlab.unfinished(document)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    name, weaknesses = str(item.get("name") or item.get("message") or ""), gitlab.weaknesses(item)
    text = str(item.get("description") or item.get("message") or name)
    secret = leaked(weaknesses) or dug(item, "scanner", "id") in _OF_SECRETS
    where = item.get("location")
    return Sighting(
        at=at,
        kind=Kind.SECRET if secret else Kind.WEAKNESS,
        rule=gitlab.rule(item),
        title=first_line(name or text),
        severity=severity(item.get("severity")),
        confidence=gitlab.surety(item),
        message=text,
        locations=place(dug(where, "file"), dug(where, "start_line"), dug(where, "end_line")),
        ids=gitlab.aliases(item),
        cwes=weaknesses,
        steps=gitlab.steps(item),
        references=gitlab.references(item),
        anchor=gitlab.anchor(item),
        mark=gitlab.mark(item),
    )


FORMAT = Format(
    id="gitlab-sast",
    title="GitLab SAST",
    docs="https://docs.gitlab.com/user/application_security/sast/",
    recognises=recognises,
    records=records,
    tool=gitlab.tool,
)
