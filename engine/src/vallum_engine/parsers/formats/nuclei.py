"""Nuclei's results: one a line, or a list of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import cves, cwes, dug, first_line, severity, texts, vector

_TEMPLATE = ("template-id", "templateID")
# Templates that take out what opens a door: their extract is the secret itself.
_SECRETS = frozenset({"token", "tokens", "secret", "secrets", "keys", "creds", "credential", "credentials"})


def recognises(document: Document) -> bool:
    first = leading(document.json if isinstance(document.json, list) else list(document.jsons[:1]))
    return any(key in first for key in _TEMPLATE) and isinstance(first.get("info"), dict) and "type" in first


def _results(document: Document) -> Any:
    return document.json if isinstance(document.json, list) else document.jsons


def records(document: Document) -> Iterator[Record]:
    yield from each(list(_results(document)), "results", _record)


def _record(at: str, result: Mapping[str, Any]) -> Record:
    rule = next((str(result[key]) for key in _TEMPLATE if result.get(key)), "")
    info = result.get("info")
    if not rule or not isinstance(info, dict):
        return Rejected(at=at, why="it names no template, or says nothing about it")
    if result.get("matcher-status") is False:
        return Passed(at=at)
    known = info.get("classification")
    ids = cves(*texts(dug(known, "cve-id")))
    extract = texts(result.get("extracted-results"))
    is_secret = bool(extract) and bool(_SECRETS & {tag.lower() for tag in _tags(info)})
    place = result.get("matched-at") or result.get("matched") or result.get("url") or result.get("host")
    return Sighting(
        at=at,
        kind=Kind.SECRET if is_secret else Kind.VULNERABILITY if ids else Kind.WEAKNESS,
        rule=rule,
        title=str(info.get("name") or rule),
        severity=severity(info.get("severity")),
        message=str(info.get("description") or info.get("impact") or ""),
        locations=at_address(place),
        ids=ids,
        cwes=cwes(dug(known, "cwe-id")),
        cvss=vector(dug(known, "cvss-metrics")),
        evidence="" if is_secret else first_line(", ".join(extract)),
        steps=texts(info.get("remediation")),
        references=texts(info.get("reference")),
        anchor=tuple(str(result.get(key) or "") for key in ("matcher-name", "extractor-name")),
        secret=extract[0].encode() if is_secret else b"",
    )


def _tags(info: Mapping[str, Any]) -> tuple[str, ...]:
    tags = info.get("tags")
    return texts(tags.split(",") if isinstance(tags, str) else tags)


FORMAT = Format(
    id="nuclei",
    title="Nuclei",
    docs="https://docs.projectdiscovery.io/tools/nuclei/running",
    recognises=recognises,
    records=records,
)
