"""OpenSCAP's results: XCCDF 1.1 and 1.2, alone or inside an Asset Reporting Format collection."""

from collections.abc import Iterator, Mapping
from functools import partial
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers import elements
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.words import cves, first_line, place, severity, texts

_ROOTS = frozenset({"Benchmark", "TestResult", "asset-report-collection"})
# §6.6.4.2 of NIST IR 7275: only `fail` says that something is wrong, and these that it was not found out.
_UNCLEAR = frozenset({"error", "unknown"})
_SCANNER = "urn:xccdf:fact:scanner:version"


def recognises(document: Document) -> bool:
    root = document.xml
    return root is not None and root.tag in _ROOTS and next(root.iter("TestResult"), None) is not None


def records(document: Document) -> Iterator[Record]:
    root = document.xml
    if root is None:
        raise ValueError("no XML")
    rules = {rule.get("id", ""): rule for rule in root.iter("Rule")}
    for result in root.iter("TestResult"):
        yield from elements.each(result.iterfind("rule-result"), "rule-result", partial(_result, result, rules))


def _result(test: Element, rules: Mapping[str, Element], at: str, item: Element) -> Record:
    outcome = elements.said(item, "result")
    if outcome in _UNCLEAR:
        return Rejected(at=at, why=f"the tool could not check it: {item.get('idref', '')}")
    if outcome != "fail":
        return Passed(at=at)
    rule = rules.get(item.get("idref", ""))
    title = elements.said(rule, "title") or item.get("idref", "")
    description = " ".join(elements.said(rule, "description").split())
    rationale = " ".join(elements.said(rule, "rationale").split())
    idents = texts([ident.text for ident in item.iterfind("ident")])
    known = cves(*idents)
    links = [link.get("href", "") for link in (rule.iterfind("reference") if rule is not None else ())]
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if known else Kind.MISCONFIGURATION,
        rule=item.get("idref", ""),
        title=first_line(title),
        severity=severity(item.get("severity") or (rule is not None and rule.get("severity")), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([description or title, rationale])),
        locations=place(elements.said(test, "target")),
        ids=known,
        evidence=", ".join(idents),
        steps=texts(" ".join(elements.said(rule, "fixtext").split())),
        references=texts([link for link in links if link.startswith("http")]),
        # One rule may be checked in several ways, each with a result.
        anchor=tuple(check.get("name", "") for check in item.iterfind("check/check-content-ref")),
    )


def tool(document: Document) -> str:
    facts = document.xml.iter("fact") if document.xml is not None else ()
    return next((fact.text or "" for fact in facts if fact.get("name") == _SCANNER), "")


FORMAT = Format(
    id="openscap",
    title="OpenSCAP (XCCDF)",
    docs="https://csrc.nist.gov/projects/security-content-automation-protocol/specifications/xccdf",
    recognises=recognises,
    records=records,
    tool=tool,
)
