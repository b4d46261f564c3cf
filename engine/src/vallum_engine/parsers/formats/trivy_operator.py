"""The Trivy Operator's reports, as `kubectl get … -o json` lists them: one, many, or many by their kind."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import UNRATED, cwes, dug, first_line, listed, place, severity, texts, vector

_GROUP = "aquasecurity.github.io"


def _reports(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        yield from ((f"[{i}]", report) for i, report in enumerate(value))
    elif isinstance(value.get("items"), list):
        yield from ((f"items[{i}]", report) for i, report in enumerate(value["items"]))
    elif "apiVersion" in value:
        yield "", value
    else:
        for key, reports in value.items():
            yield from ((f"{key}[{i}]", report) for i, report in enumerate(listed(reports)))


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict):
        if any(str(key).endswith(f"reports.{_GROUP}") for key in value):
            return True
        value = value["items"] if isinstance(value.get("items"), list) else [value]
    return str(dug(value, 0, "apiVersion") or "").startswith(_GROUP)


def records(document: Document) -> Iterator[Record]:
    for at, report in _reports(document.json):
        if not isinstance(report, dict):
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        told, about = report.get("report"), _about(report)
        for key, make in _MAKERS.items():
            yield from each(dug(told, key), f"{at}.report.{key}".lstrip("."), partial(make, about))
        for index, result in enumerate(listed(dug(report, "status", "detailReport", "results"))):
            yield from _control(f"{at}.status.detailReport.results[{index}]".lstrip("."), result)


def _about(report: Mapping[str, Any]) -> str:
    """The workload and container: `shop/Deployment/web/nginx`."""
    labels = dug(report, "metadata", "labels")
    names = (
        dug(labels, "trivy-operator.resource.namespace"),
        dug(labels, "trivy-operator.resource.kind"),
        dug(labels, "trivy-operator.resource.name") or dug(report, "metadata", "name"),
        dug(labels, "trivy-operator.container.name"),
    )
    return "/".join(str(name) for name in names if name)


def _vulnerability(about: str, at: str, item: Mapping[str, Any]) -> Record:
    known, name = str(item.get("vulnerabilityID") or ""), str(item.get("resource") or "")
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    kind, title = ecosystem(item.get("packageType")), first_line(item.get("title")) or known
    target = str(item.get("packagePath") or item.get("target") or "")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {title}",
        severity=severity(item.get("severity"), UNRATED, unknown=UNRATED),
        confidence=Confidence.HIGH,
        message=str(item.get("description") or title),
        locations=place("/".join(part for part in (about, target.lstrip("/")) if part)),
        component=Component(
            ecosystem=kind,
            name=name,
            version=versioned(kind, item.get("installedVersion")),
            purl=str(item.get("packagePURL") or ""),
            fixed=texts(str(item.get("fixedVersion") or "").split(", ")),
        ),
        ids=(known,),
        cwes=cwes(item.get("cweIDs")),
        cvss=vector(*(dug(score, key) for score in _scores(item) for key in ("V40Vector", "V3Vector"))),
        references=texts([item.get("primaryLink"), *listed(item.get("links"))]),
    )


def _scores(item: Mapping[str, Any]) -> list[Any]:
    scores = item.get("cvss")
    return list(scores.values()) if isinstance(scores, dict) else []


def _check(about: str, at: str, item: Mapping[str, Any]) -> Record:
    if item.get("success") is True:
        return Passed(at=at)
    rule, messages = str(item.get("checkID") or ""), texts(item.get("messages"))
    if not rule:
        return Rejected(at=at, why="it names no check (`checkID`)")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=rule,
        title=first_line(item.get("title")) or rule,
        severity=severity(item.get("severity")),
        confidence=Confidence.HIGH,
        message="\n".join(messages) or str(item.get("description") or ""),
        locations=place(item.get("target") or about),
        steps=texts(item.get("remediation")),
        anchor=messages,
    )


def _control(at: str, result: Any) -> Iterator[Record]:
    """A control of a compliance report and its checks: those that have no severity have the control's."""
    own = dug(result, "severity")
    yield from each(
        dug(result, "checks"), f"{at}.checks", lambda a, i: _check("", a, {**i, "severity": i.get("severity") or own})
    )


def _secret(about: str, at: str, item: Mapping[str, Any]) -> Record:
    # `match` is the line with the secret starred out.
    match, rule = str(item.get("match") or ""), str(item.get("ruleID") or "")
    title = first_line(item.get("title") or rule)
    target = str(item.get("target") or "").lstrip("/")
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=rule,
        title=title,
        severity=severity(item.get("severity")),
        message=f"{title or 'A secret'} in plain text: whoever can read this file can use it.",
        locations=place("/".join(part for part in (about, target) if part)),
        evidence=first_line(match),
        anchor=(match,),
    )


_MAKERS = {"vulnerabilities": _vulnerability, "checks": _check, "secrets": _secret}


def tool(document: Document) -> str:
    versions = (dug(report, "report", "scanner", "version") for _, report in _reports(document.json))
    return str(next((version for version in versions if version), ""))


FORMAT = Format(
    id="trivy-operator",
    title="Trivy Operator",
    docs="https://aquasecurity.github.io/trivy-operator/latest/docs/crds/",
    recognises=recognises,
    records=records,
    tool=tool,
)
