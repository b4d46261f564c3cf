"""bundler-audit: its text, and `--format json`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, cves, dug, first_line, severity, texts, vector

_ENTRY = re.compile(r"^Name: \S+\r?\nVersion: \S+\r?\n(?:Advisory|CVE|GHSA|Criticality): ", re.MULTILINE)
_SOURCE = "Insecure Source URI found: "
_ALL_WELL = "No vulnerabilities found"
_FIELD = re.compile(r"^(Name|Version|Advisory|CVE|GHSA|Criticality|URL|Title|Solution): ?(.*)$")
_VERSION = re.compile(r"(?:>=|~>)\s*([0-9][\w.]*)")


def recognises(document: Document) -> bool:
    if document.head[:1] == "{":
        first = dug(document.json, "results", 0, "type")
        return isinstance(document.json, dict) and (
            str(first) in {"unpatched_gem", "insecure_source"}
            or ({"version", "created_at", "results"} == document.json.keys() and document.json["results"] == [])
        )
    head = document.head
    return bool(_ENTRY.search(head)) or head.startswith(_SOURCE) or head.strip() == _ALL_WELL


def records(document: Document) -> Iterator[Record]:
    if document.head[:1] == "{":
        yield from each(document.json["results"], "results", _result)
        return
    fields: dict[str, str] = {}
    began = 1
    for number, line in enumerate([*document.text.lstrip("\ufeff").splitlines(), ""], 1):
        if line.startswith(_SOURCE):
            yield _source(f"line {number}", line.removeprefix(_SOURCE).strip())
        elif found := _FIELD.match(line):
            began = number if not fields else began
            fields[found[1]] = found[2].strip()
        elif fields and not line.strip():
            yield _of_text(f"line {began}", fields)
            fields = {}


def _source(at: str, uri: str) -> Record:
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule="insecure-source",
        title="Gems come over an unprotected connection",
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        message=f"The lockfile names {uri} as a source: whoever sits on the way can replace what is installed.",
        steps=("Use an https source.",),
        anchor=(uri,),
    )


def _of_text(at: str, fields: Mapping[str, str]) -> Record:
    ids = (*cves(fields.get("CVE"), fields.get("Advisory")), *texts(fields.get("GHSA")), *texts(fields.get("Advisory")))
    return _gem(
        at,
        {
            "name": fields.get("Name"),
            "version": fields.get("Version"),
            "title": fields.get("Title"),
            "criticality": fields.get("Criticality"),
            "url": fields.get("URL"),
            "solution": fields.get("Solution"),
            "patched": fields.get("Solution"),
        },
        ids,
    )


def _result(at: str, item: Mapping[str, Any]) -> Record:
    if item.get("type") == "insecure_source":
        return _source(at, str(item.get("source") or "a source"))
    advisory = item.get("advisory")
    if not isinstance(advisory, dict):
        return Rejected(at=at, why="it holds no advisory")
    known = (advisory.get("cve") and f"CVE-{advisory['cve']}", advisory.get("ghsa") and f"GHSA-{advisory['ghsa']}")
    patched = ", ".join(texts(advisory.get("patched_versions")))
    told = {
        **advisory,
        "name": dug(item, "gem", "name"),
        "version": dug(item, "gem", "version"),
        "patched": patched,
        "solution": f"upgrade to {patched}" if patched else "",
    }
    return _gem(at, told, texts([*known, advisory.get("id")]))


def _gem(at: str, told: Mapping[str, Any], ids: tuple[str, ...]) -> Record:
    name, title = str(told.get("name") or ""), first_line(told.get("title"))
    if not name or not (ids or title):
        return Rejected(at=at, why="it names no gem or no advisory")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=next(iter(ids), title),
        title=f"{name}: {title or ids[0]}",
        severity=severity(told.get("criticality"), UNRATED, unknown=UNRATED),
        confidence=Confidence.HIGH,
        message=str(told.get("description") or title or ids[0]),
        component=Component(
            ecosystem="RubyGems",
            name=name,
            version=str(told.get("version") or ""),
            fixed=tuple(dict.fromkeys(_VERSION.findall(str(told.get("patched") or "")))),
        ),
        ids=ids,
        cvss=vector(told.get("cvss_v3")),
        steps=texts(str(told.get("solution") or "").capitalize()),
        references=texts(told.get("url")),
    )


FORMAT = Format(
    id="bundler-audit",
    title="bundler-audit",
    docs="https://github.com/rubysec/bundler-audit#readme",
    recognises=recognises,
    records=records,
)
