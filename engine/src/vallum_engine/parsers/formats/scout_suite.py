"""ScoutSuite's results: JSON, as a file of JavaScript that gives it a name, or bare."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.errors import BrokenReport
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT
from vallum_engine.parsers.words import dug, first_line, listed, place, severity, texts

_NAME = "scoutsuite_results"


def recognises(document: Document) -> bool:
    if document.head.startswith(_NAME):
        return True
    value = document.json
    return isinstance(value, dict) and {"provider_code", "last_run", "services"} <= value.keys()


def _results(document: Document) -> Any:
    if not document.head.startswith(_NAME):
        return document.json
    value = Document(document.text.partition("=")[2].strip().rstrip(";").encode()).json
    if value is None:
        raise BrokenReport("What follows “scoutsuite_results =” is no JSON: the file breaks off or was changed.")
    return value


def records(document: Document) -> Iterator[Record]:
    services = _results(document)["services"]
    for name, service in services.items():
        findings = dug(service, "findings") or {}
        for rule, finding in findings.items():
            at = f"services.{name}.findings.{rule}"
            if not isinstance(finding, dict):
                yield Rejected(at=at, why=NO_OBJECT)
            elif not finding.get("items"):
                yield Passed(at=at)
            else:
                for index, item in enumerate(listed(finding["items"])):
                    yield _item(f"{at}.items[{index}]", str(rule), finding, str(item), services)


def _item(at: str, rule: str, finding: Mapping[str, Any], item: str, services: Mapping[str, Any]) -> Record:
    title, name = str(finding.get("description") or rule), _named(item, services)
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=rule,
        title=first_line(title),
        severity=severity(finding.get("level"), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([f"{name}: {title}", finding.get("rationale")])),
        locations=place(name),
        evidence=item,
        steps=texts(finding.get("remediation")),
        references=texts(finding.get("references")),
        anchor=(item,),
    )


def _named(item: str, services: Mapping[str, Any]) -> str:
    """The last thing on the way to the item that has a name; ids in the way are the tool's own hashes of names."""
    steps = item.split(".")
    at: Any = services
    name = item
    for number, step in enumerate(steps):
        at = dug(at, step)
        own = dug(at, "arn") or dug(at, "name")
        if isinstance(own, str) and own:
            kind = steps[number - 1] if number else ""
            name = own if own.startswith("arn:") else "/".join(part for part in (steps[0], kind, own) if part)
    return name


def tool(document: Document) -> str:
    return str(dug(_results(document), "last_run", "version") or "")


FORMAT = Format(
    id="scout-suite",
    title="ScoutSuite",
    docs="https://github.com/nccgroup/ScoutSuite/wiki/Exporting-and-Programmatically-Accessing-the-Report",
    recognises=recognises,
    records=records,
    tool=tool,
)
