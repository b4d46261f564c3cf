"""Checkov's JSON: one object for each framework that was checked, in a list when there are several."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import cves, dug, first_line, listed, number, place, severity, texts

_GROUPS = ("failed_checks", "skipped_checks", "passed_checks")
# Lockfiles by name as OSV's ecosystems: the report names the file, not the ecosystem.
_ECOSYSTEMS = {
    "bower.json": "npm",
    "build.gradle": "Maven",
    "composer.lock": "Packagist",
    "Gemfile.lock": "RubyGems",
    "go.mod": "Go",
    "go.sum": "Go",
    "package-lock.json": "npm",
    "package.json": "npm",
    "packages.config": "NuGet",
    "Pipfile.lock": "PyPI",
    "poetry.lock": "PyPI",
    "pom.xml": "Maven",
    "requirements.txt": "PyPI",
    "yarn.lock": "npm",
}


def recognises(document: Document) -> bool:
    value = leading(document.json)
    if "checkov_version" in value:  # what is left when nothing was checked
        return True
    results = value.get("results")
    return "check_type" in value and isinstance(results, dict) and any(group in results for group in _GROUPS)


def records(document: Document) -> Iterator[Record]:
    several = isinstance(document.json, list)
    for number_, part in enumerate(listed(document.json)):
        at = f"[{number_}].results" if several else "results"
        if not isinstance(part, dict):
            yield Rejected(at=at, why="it is no report of a framework")
            continue
        kind = str(part.get("check_type", ""))
        for group in _GROUPS:
            checks = dug(part, "results", group)
            yield from each(checks, f"{at}.{group}", partial(_check, kind))


def _check(framework: str, at: str, check: Mapping[str, Any]) -> Record:
    result = dug(check, "check_result", "result")
    if result == "PASSED" or ".passed_checks[" in at:
        return Passed(at=at)
    mark = Mark.SUPPRESSED if result == "SKIPPED" or ".skipped_checks[" in at else Mark.NONE
    if isinstance(check.get("vulnerability_details"), dict):
        return _package(at, check, mark)
    name, resource = str(check.get("check_name") or ""), str(check.get("resource") or "")
    secret = framework == "secrets"
    return Sighting(
        at=at,
        kind=Kind.SECRET if secret else Kind.MISCONFIGURATION,
        rule=str(check.get("check_id") or ""),
        title=first_line(name),
        # Without a key of its platform the tool states no severity.
        severity=severity(check.get("severity"), Severity.MEDIUM),
        confidence=Confidence.MEDIUM if secret else Confidence.HIGH,
        message=_message(check, name if secret else f"{resource}: {name}"),
        locations=_place(check),
        evidence="" if secret else resource,
        references=texts(check.get("guideline")),
        # Of a secret the resource is its hash, which tells it from others of the file.
        anchor=(resource,),
        mark=mark,
    )


def _message(check: Mapping[str, Any], default: str) -> str:
    said = check.get("description") or check.get("short_description") or default
    comment = dug(check, "check_result", "suppress_comment")
    return f"{said}\n\nSkipped: {comment}" if comment else str(said)


def _place(check: Mapping[str, Any]) -> tuple[Location, ...]:
    """Relative to the repository where it lies in one, else to the folder that was checked; both begin with a slash."""
    path = str(check.get("repo_file_path") or "").lstrip("/")
    if not path or path.startswith("../"):
        path = str(check.get("file_path") or "").lstrip("/")
    return place(path, dug(check, "file_line_range", 0), dug(check, "file_line_range", 1))


def _package(at: str, check: Mapping[str, Any], mark: Mark) -> Record:
    details = check["vulnerability_details"]
    name, version = str(details.get("package_name") or ""), str(details.get("package_version") or "")
    locations = _place(check)
    file = locations[0].path.rpartition("/")[2] if locations else ""
    ecosystem = _ECOSYSTEMS.get(file, "")
    fixed = details.get("lowest_fixed_version") or details.get("fix_version")
    known = str(details.get("id") or "")
    if not known:
        return _licence(at, check, details, mark)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {known}",
        severity=severity(details.get("severity") or check.get("severity"), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message=str(details.get("description") or check.get("check_name") or ""),
        locations=locations,
        component=Component(
            ecosystem=ecosystem,
            name=name,
            version=version.removeprefix("v") if ecosystem == "Go" else version,
            fixed=texts(fixed) if number(str(fixed)[:1], -1) >= 0 else (),
        ),
        ids=(known, *cves(details.get("cve_id"))),
        cvss=str(details.get("vector") or ""),
        references=texts([details.get("link"), check.get("guideline")]),
        mark=mark,
    )


def _licence(at: str, check: Mapping[str, Any], details: Mapping[str, Any], mark: Mark) -> Record:
    name, licence = str(details.get("package_name") or ""), str(details.get("license") or "")
    return Sighting(
        at=at,
        kind=Kind.LICENCE,
        rule=str(check.get("check_id") or ""),
        title=f"{name} under {licence or 'an unknown licence'}",
        severity=severity(check.get("severity"), Severity.MEDIUM),
        message=str(check.get("check_name") or ""),
        locations=_place(check),
        component=Component(ecosystem="", name=name, version=str(details.get("package_version") or "")),
        references=texts(check.get("guideline")),
        anchor=(licence,),
        mark=mark,
    )


def tool(document: Document) -> str:
    value = leading(document.json)
    return str(value.get("checkov_version") or dug(value, "summary", "checkov_version") or "")


FORMAT = Format(
    id="checkov",
    title="Checkov",
    docs="https://www.checkov.io/8.Outputs/JSON.html",
    recognises=recognises,
    records=records,
    tool=tool,
)
