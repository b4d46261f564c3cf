"""Snyk's JSON: `snyk test` for packages and licences, `snyk container test`, `snyk iac test`; one project or several."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each, leading
from vallum_engine.parsers.words import cwes, dug, first_line, listed, place, sections, severity, texts, vector

_IAC = "infrastructureAsCodeIssues"


def recognises(document: Document) -> bool:
    project = leading(document.json)
    if _IAC in project:
        return True
    return isinstance(project.get("vulnerabilities"), list) and "packageManager" in project and "ok" in project


def records(document: Document) -> Iterator[Record]:
    value = document.json
    if not isinstance(value, list):
        yield from _project("", value)
        return
    for index, project in enumerate(value):
        at = f"[{index}]"
        if isinstance(project, Mapping):
            yield from _project(f"{at}.", project)
        else:
            yield Rejected(at=at, why=NO_OBJECT)


def _project(at: str, project: Mapping[str, Any]) -> Iterator[Record]:
    if project.get("error") and "vulnerabilities" not in project and _IAC not in project:
        yield Rejected(at=at.strip(".") or "error", why=f"Snyk could not test it: {first_line(project['error'])}")
    target = str(project.get("displayTargetFile") or project.get("targetFile") or project.get("path") or "")
    manager = str(project.get("packageManager") or "")
    package = partial(_package, (target, manager, Mark.NONE))
    yield from each(project.get("vulnerabilities"), f"{at}vulnerabilities", package)
    # What a policy file hides, for a reason it gives.
    ignored = partial(_package, (target, manager, Mark.SUPPRESSED))
    yield from each(dug(project, "filtered", "ignore"), f"{at}filtered.ignore", ignored)
    yield from each(project.get(_IAC), f"{at}{_IAC}", partial(_iac, target))
    # An image's own applications, beside its system packages.
    for index, application in enumerate(listed(project.get("applications"))):
        where = f"{at}applications[{index}]"
        if isinstance(application, Mapping):
            yield from _project(f"{where}.", application)
        else:
            yield Rejected(at=where, why=NO_OBJECT)


def _package(project: tuple[str, str, Mark], at: str, item: Mapping[str, Any]) -> Record:
    target, manager, mark = project
    known, identifiers = str(item["id"]), item.get("identifiers")
    name = str(item.get("packageName") or item.get("moduleName") or item.get("name") or "")
    system = ecosystem(item.get("packageManager") or manager)
    told = sections(item.get("description"))
    licence = item.get("type") == "license"
    fixed = texts(item.get("fixedIn") or item.get("nearestFixedInVersion"))
    title = str(item.get("title") or known)
    return Sighting(
        at=at,
        kind=Kind.LICENCE if licence else Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {title}" if name else title,
        severity=severity(item.get("severityWithCritical") or item.get("severity")),
        confidence=Confidence.HIGH,
        message=told.get("overview") or told.get("nvd description") or told[""] or title,
        locations=place(target),
        component=Component(ecosystem=system, name=name, version=versioned(system, item.get("version")), fixed=fixed),
        ids=() if licence else (known, *texts(dug(identifiers, "CVE")), *texts(dug(identifiers, "GHSA"))),
        cwes=cwes(dug(identifiers, "CWE")),
        cvss=vector(item.get("CVSSv3")),
        evidence=" > ".join(texts(item.get("from"))),
        steps=texts([told.get("remediation"), _upgrade(item)]),
        references=texts(
            [f"https://security.snyk.io/vuln/{known}", *(dug(r, "url") for r in listed(item.get("references")))]
        ),
        mark=mark,
    )


def _upgrade(item: Mapping[str, Any]) -> str:
    """Its path begins with the project itself, which is `false`: what comes next is what to upgrade there."""
    path = [step for step in listed(item.get("upgradePath")) if isinstance(step, str)]
    return f"Upgrade {path[0].rpartition('@')[0]} to {path[0].rpartition('@')[2]}." if path else ""


def _iac(target: str, at: str, item: Mapping[str, Any]) -> Record:
    told = item.get("iacDescription")
    setting = str(item.get("msg") or "") or "/".join(texts(item.get("path")))
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(item.get("publicId") or item["id"]),
        title=str(item.get("title") or item["id"]),
        severity=severity(item.get("severity")),
        confidence=Confidence.HIGH,
        message="\n\n".join(
            texts([dug(told, "issue") or item.get("issue"), dug(told, "impact") or item.get("impact")])
        ),
        locations=place(target, item.get("lineNumber")),
        evidence=setting,
        steps=texts(dug(told, "resolve") or item.get("resolve")),
        references=texts([item.get("documentation"), *listed(item.get("references"))]),
        anchor=(setting,),
        mark=Mark.SUPPRESSED if item.get("isIgnored") is True else Mark.NONE,
    )


FORMAT = Format(
    id="snyk",
    title="Snyk",
    docs="https://docs.snyk.io/snyk-cli/scan-and-maintain-projects-using-the-cli",
    recognises=recognises,
    records=records,
)
