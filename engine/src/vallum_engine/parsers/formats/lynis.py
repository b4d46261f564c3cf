"""Lynis' report file: `key=value` lines, of which warnings and suggestions are records."""

import re
from collections.abc import Iterator

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.words import first_line, texts

_LEVELS = {"warning[]": Severity.MEDIUM, "suggestion[]": Severity.LOW}
_PACKAGE = "vulnerable_package[]"
_TEST = re.compile(r"[A-Z]+-\d+")


def recognises(document: Document) -> bool:
    return document.head.startswith("# Lynis Report") or "\nlynis_version=" in document.head


def records(document: Document) -> Iterator[Record]:
    for number, line in enumerate(document.text.splitlines(), start=1):
        key, _, value = line.partition("=")
        at = f"line {number}"
        if key in _LEVELS:
            yield _advice(at, _LEVELS[key], [part.strip() for part in value.split("|")])
        elif key == _PACKAGE:
            yield _package(at, value)


def _advice(at: str, severity: Severity, parts: list[str]) -> Record:
    """`test|text|details|solution|`, a dash for nothing."""
    test, text, details, solution = ("" if part == "-" else part for part in [*parts, "", "", "", ""][:4])
    if not test or not text:
        return Rejected(at=at, why="it names no test or says nothing")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=test,
        title=first_line(text),
        severity=severity,
        message="\n\n".join(texts([text, details])),
        evidence=details,
        steps=texts(solution.removeprefix("text:").removeprefix("url:")),
        references=(f"https://cisofy.com/lynis/controls/{test}/",) if _TEST.fullmatch(test) else (),
        anchor=(text, details),
    )


def _package(at: str, value: str) -> Record:
    name, _, version = value.strip().strip("|").partition("|")
    if not name:
        return Rejected(at=at, why="it names no package")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule="vulnerable-package",
        title=f"{name}: a known vulnerability",
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        message=f"The system's package auditor knows of a vulnerability in {name}.",
        component=Component(ecosystem="", name=name, version=version),
    )


def tool(document: Document) -> str:
    found = re.search(r"^lynis_version=(.*)$", document.head, re.MULTILINE)
    return found[1].strip() if found else ""


FORMAT = Format(
    id="lynis",
    title="Lynis",
    docs="https://cisofy.com/documentation/lynis/",
    recognises=recognises,
    records=records,
    tool=tool,
)
