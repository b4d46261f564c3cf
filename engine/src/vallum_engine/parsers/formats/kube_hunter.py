"""kube-hunter's JSON: what an attacker sees of a cluster."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import cves, first_line, place, severity, texts

_PORT = re.compile(r"[^\s:]+:\d{1,5}|\[[0-9a-fA-F:.]+\]:\d{1,5}")
# A hunter that could read a token or a key shows it: JSON web tokens begin so, and keys in PEM.
_TOKEN = re.compile(r"\beyJ[\w-]{8}|-----BEGIN ")
_NONE = frozenset({"", "None"})


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and {"nodes", "services", "vulnerabilities"} <= value.keys()


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["vulnerabilities"], "vulnerabilities", _vulnerability)


def _vulnerability(at: str, item: Mapping[str, Any]) -> Record:
    name, known = str(item.get("vulnerability") or ""), str(item.get("vid") or "")
    evidence = "" if _TOKEN.search(str(item.get("evidence"))) else str(item.get("evidence") or "")
    where = str(item.get("location") or "")
    # All that is hunted speaks HTTP.
    address = f"{where}/tcp" if _PORT.fullmatch(where) else where
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=name if known in _NONE else known,
        title=first_line(name or known),
        severity=severity(item.get("severity"), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message=" ".join(str(item.get("description") or "").split()),
        locations=place("" if address in _NONE else address),
        ids=cves(name, item.get("description")),
        evidence="" if evidence in _NONE else first_line(evidence, 400),
        references=texts(item.get("avd_reference")),
        anchor=(name,),
    )


FORMAT = Format(
    id="kube-hunter",
    title="kube-hunter",
    docs="https://aquasecurity.github.io/kube-hunter/",
    recognises=recognises,
    records=records,
)
