"""NeuVector's report of a scanned image, host or platform (`/v1/scan/…`)."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, cves, dug, first_line, of_score, place, severity, texts, vector

# A check that is not scored, or passed: CIS benchmarks as NeuVector runs them.
_PASSED = frozenset({"", "PASS", "INFO", "NOTE", "MANUAL"})


def recognises(document: Document) -> bool:
    report = dug(document.json, "report")
    return isinstance(report, dict) and {"vulnerabilities", "modules", "setid_perms"} <= report.keys()


def records(document: Document) -> Iterator[Record]:
    report = document.json["report"]
    distro = distribution(dug(document.json, "base_os") or report.get("base_os"))
    yield from each(report["vulnerabilities"], "report.vulnerabilities", partial(_vulnerability, distro))
    yield from each(report.get("checks"), "report.checks", _check)
    yield from each(report.get("secrets"), "report.secrets", _secret)
    yield from each(report.get("setid_perms"), "report.setid_perms", _setid)


def _vulnerability(distro: str, at: str, item: Mapping[str, Any]) -> Record:
    known, name = str(item.get("name") or ""), str(item.get("package_name") or "")
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    about = str(item.get("description") or "")
    scored = of_score(item.get("score_v3") or item.get("score"), UNRATED)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {first_line(about, 120) or known}",
        severity=severity(item.get("severity"), scored, unknown=scored),
        confidence=Confidence.HIGH,
        message=about,
        locations=place(item.get("file_name")),
        component=Component(
            ecosystem=distro,
            name=name,
            version=str(item.get("package_version") or ""),
            fixed=texts(item.get("fixed_version")),
        ),
        ids=(known, *cves(*texts(item.get("cves")))),
        cvss=vector(item.get("vectors_v3")),
        references=texts(item.get("link")),
    )


def _check(at: str, item: Mapping[str, Any]) -> Record:
    level = str(item.get("level") or "").upper()
    if level in _PASSED:
        return Passed(at=at)
    rule, title = str(item.get("test_number") or ""), first_line(item.get("description"))
    if not rule:
        return Rejected(at=at, why="it names no test (`test_number`)")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule="-".join(texts([item.get("catalog"), rule])),
        title=title or rule,
        severity=severity(level),
        confidence=Confidence.HIGH,
        message="\n".join(texts(item.get("message"))) or title,
        locations=place(item.get("group")),
        steps=texts(item.get("remediation")),
    )


def _secret(at: str, item: Mapping[str, Any]) -> Record:
    path, kind = str(item.get("path") or ""), str(item.get("type") or "")
    if not path and not kind:  # the report's empty form
        return Passed(at=at)
    evidence = str(item.get("evidence") or "")
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=kind,
        title=kind,
        severity=severity(item.get("severity"), Severity.HIGH),
        message=f"{kind} in plain text: whoever can read this file can use it.",
        locations=place(path),
        secret=evidence.encode(),
        steps=texts(item.get("suggestion")),
    )


def _setid(at: str, item: Mapping[str, Any]) -> Record:
    path, kind = str(item.get("path") or ""), str(item.get("type") or "")
    if not path and not kind:
        return Passed(at=at)
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=f"{kind or 'setid'}-file",
        title=f"{path} runs with its owner's rights",
        severity=Severity.LOW,
        confidence=Confidence.HIGH,
        message=f"{path} is {kind or 'setid'} ({item.get('evidence') or 'no mode given'}): a hole in it gives its owner's rights.",
        locations=place(path),
    )


FORMAT = Format(
    id="neuvector",
    title="NeuVector",
    docs="https://open-docs.neuvector.com/automation/automation",
    recognises=recognises,
    records=records,
)
