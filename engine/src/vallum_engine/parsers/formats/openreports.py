"""OpenReports, and the Policy Reports it grew out of (Kyverno, Falco, Trivy): one object of Kubernetes or a list, JSON or YAML."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import dug, first_line, listed, place, severity, texts

_GROUPS = ("openreports.io/", "wgpolicyk8s.io/")
# What a result says is how sure it is that a rule is broken; how bad that is it need not say.
_UNGRADED = {"fail": Severity.MEDIUM, "warn": Severity.LOW}
_KNOWN = re.compile(r"(?:CVE|GHSA)-[\w-]+", re.IGNORECASE)


def recognises(document: Document) -> bool:
    if not any(group in document.text for group in _GROUPS):
        return False
    return any(_is_report(item) for item in _items(document))


def _is_report(item: object) -> bool:
    return str(dug(item, "apiVersion") or "").startswith(_GROUPS)


def _items(document: Document) -> Sequence[Any]:
    values = [document.json] if document.json is not None else document.yamls
    return [
        item
        for value in values
        for item in (listed(value["items"]) if isinstance(value, dict) and "items" in value else listed(value))
    ]


def records(document: Document) -> Iterator[Record]:
    for number, report in enumerate(_items(document)):
        at = f"[{number}].results"
        if isinstance(report, dict):
            yield from each(report.get("results"), at, partial(_result, report))
        else:
            yield Rejected(at=at, why=NO_OBJECT)


def _named(reference: object, namespace: object = None) -> str:
    parts = (dug(reference, "namespace") or namespace, dug(reference, "kind"), dug(reference, "name"))
    return "/".join(str(part) for part in parts if part) if dug(reference, "name") else ""


def _result(report: Mapping[str, Any], at: str, result: Mapping[str, Any]) -> Record:
    outcome = str(result.get("result") or result.get("status") or "")
    if outcome not in _UNGRADED:
        passed = outcome in {"pass", "skip"}
        why = f"the tool could not check it: {first_line(result.get('message'))}" if outcome == "error" else ""
        return Passed(at=at) if passed else Rejected(at=at, why=why or "its result is none that is known")
    namespace = dug(report, "metadata", "namespace")
    about = [_named(r, namespace) for r in (*listed(result.get("resources")), *listed(result.get("subjects")))]
    resource = next(filter(None, [*about, _named(report.get("scope"), namespace)]), "")
    policy, rule = str(result.get("policy") or ""), str(result.get("rule") or "")
    package = _package(result) if _KNOWN.fullmatch(policy) else None
    message = str(result.get("message") or result.get("description") or policy)
    properties = result.get("properties") or {}
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if package else Kind.MISCONFIGURATION,
        rule=f"{policy}/{rule}" if rule and rule != policy else policy,
        title=first_line(f"{package.name}: {policy}" if package else message),
        severity=severity(result.get("severity"), _UNGRADED[outcome]),
        confidence=Confidence.HIGH if outcome == "fail" else Confidence.MEDIUM,
        message=message,
        locations=place(resource),
        component=package,
        ids=(policy,) if package else (),
        evidence="; ".join(texts([result.get("source"), result.get("category")])),
        references=texts(properties.get("primaryURL")),
        anchor=(str(result.get("source") or ""), str(properties.get("pkgName") or "")),
    )


def _package(result: Mapping[str, Any]) -> Component | None:
    """Of a vulnerability the image scanner names the package among its properties."""
    properties = result.get("properties") or {}
    name, version = str(properties.get("pkgName") or ""), str(properties.get("installedVersion") or "")
    fixed = texts([part.strip() for part in str(properties.get("fixedVersion") or "").split(",")])
    return Component(ecosystem="", name=name, version=version, fixed=fixed) if name else None


FORMAT = Format(
    id="openreports",
    title="OpenReports",
    docs="https://github.com/openreports/reports-api",
    recognises=recognises,
    records=records,
)
