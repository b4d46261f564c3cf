"""Fortify: the XML report of its report generator, and its results as FPR archives (FVDL, with the audit of people)."""

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.errors import BrokenReport
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.words import cwes, first_line, leaked, place, plain, severity, texts

RESULTS, AUDIT = "audit.fvdl", "audit.xml"
# The tag "Analysis" that every project has, and its word for what is none.
_ANALYSIS = "87f2364f-dcd4-49e6-861d-f8d3f351686b"
_NOT_AN_ISSUE = "not an issue"
_REPLACE = re.compile(r'<Replace key="([^"]*)"[^>]*/>')
# Half of the scale of 0 to 5, by which the priority order splits likelihood and impact.
_HALF = 2.5
_HARDCODED = "hardcoded"


def recognises(document: Document) -> bool:
    if document.xml is not None:
        root = document.xml
        return root.tag == "FVDL" or (root.tag == "ReportDefinition" and root.find("ReportSection") is not None)
    return RESULTS in document.members


def records(document: Document) -> Iterator[Record]:
    if document.xml is None:
        audit = document.members.get(AUDIT)
        yield from _of_results(_root(document.members[RESULTS], RESULTS), _hidden(audit))
    elif document.xml.tag == "FVDL":
        yield from _of_results(document.xml, frozenset())
    else:
        for index, group in enumerate(document.xml.iter("GroupingSection")):
            told = {info.findtext("Name"): info.findtext("Value") for info in group.iterfind(".//MetaInfo")}
            for number, issue in enumerate(group.findall("Issue")):
                yield _issue(f"GroupingSection[{index}].Issue[{number}]", issue, told)


def _root(data: bytes, name: str) -> Element:
    root = Document(data).xml
    if root is None:
        raise BrokenReport(f"The archive's {name} is no XML.")
    return root


def _hidden(audit: bytes | None) -> frozenset[str]:
    """The issues that people suppressed, or called none."""
    if audit is None:
        return frozenset()
    return frozenset(
        issue.get("instanceId", "")
        for issue in _root(audit, AUDIT).iter("Issue")
        if issue.get("suppressed") == "true"
        or any(
            tag.get("id") == _ANALYSIS and (tag.findtext("Value") or "").lower() == _NOT_AN_ISSUE
            for tag in issue.findall("Tag")
        )
    )


def _issue(at: str, issue: Element, told: Mapping[str | None, str | None]) -> Record:
    category = (issue.findtext("Category") or "").strip()
    if not category:
        return Rejected(at=at, why="it has no category")
    tags = {tag.findtext("Name"): (tag.findtext("Value") or "").lower() for tag in issue.findall("Tag")}
    primary = issue.find("Primary")
    path, line, snippet = (
        (primary.findtext(part) or "" for part in ("FilePath", "LineStart", "Snippet"))
        if primary is not None
        else ("", "", "")
    )
    weaknesses = cwes(*(e.text for e in issue.findall("ExternalCategory") if "CWE" in e.get("type", "")))
    secret = leaked(weaknesses) or _HARDCODED in category.lower()
    return Sighting(
        at=at,
        kind=Kind.SECRET if secret else Kind.WEAKNESS,
        rule=category,
        title=category,
        severity=severity(issue.findtext("Friority") or issue.findtext("Folder")),
        message="\n\n".join(texts([issue.findtext("Abstract"), told.get("Explanation")])),
        locations=place(path, line),
        cwes=weaknesses,
        evidence="" if secret or "password" in category.lower() else first_line(snippet, 400),
        steps=texts(told.get("Recommendations")),
        anchor=texts(issue.get("iid")),
        mark=Mark.SUPPRESSED if tags.get("Analysis") == _NOT_AN_ISSUE else Mark.NONE,
    )


def _of_results(root: Element, hidden: frozenset[str]) -> Iterator[Record]:
    described = {d.get("classID", ""): d for d in root.findall("Description")}
    rules = {
        rule.get("id", ""): {g.get("name", ""): g.text or "" for g in rule.iter("Group")} for rule in root.iter("Rule")
    }
    nodes = {node.get("id", ""): node for node in root.iterfind("UnifiedNodePool/Node")}
    for index, item in enumerate(root.iterfind("Vulnerabilities/Vulnerability")):
        class_id = item.findtext("ClassInfo/ClassID") or ""
        yield _vulnerability(
            f"Vulnerability[{index}]", item, (described.get(class_id), rules.get(class_id, {}), nodes, hidden)
        )


def _vulnerability(
    at: str,
    item: Element,
    known: tuple[Element | None, Mapping[str, str], Mapping[str, Element], frozenset[str]],
) -> Record:
    description, rule, nodes, hidden = known
    names = texts([item.findtext("ClassInfo/Type"), item.findtext("ClassInfo/Subtype")])
    instance = item.findtext("InstanceInfo/InstanceID") or ""
    if not names or not instance:
        return Rejected(at=at, why="it names no type, or has no instance id")
    filled = {definition.get("key", ""): definition.get("value", "") for definition in item.iter("Def")}
    category = ": ".join(names)
    source = _source(item, nodes)
    weaknesses = cwes(*rule.get("altcategoryCWE", "").split(","))
    return Sighting(
        at=at,
        kind=Kind.SECRET if leaked(weaknesses) or _HARDCODED in category.lower() else Kind.WEAKNESS,
        rule=category,
        title=category,
        severity=_priority(item, rule),
        message="\n\n".join(texts([_said(description, part, filled) for part in ("Abstract", "Explanation")])),
        locations=place(source.get("path"), source.get("line"), source.get("lineEnd")) if source is not None else (),
        cwes=weaknesses,
        steps=texts(_said(description, "Recommendations", filled)),
        anchor=(instance,),
        mark=Mark.SUPPRESSED if instance in hidden else Mark.NONE,
    )


def _source(item: Element, nodes: Mapping[str, Element]) -> Element | None:
    """The place of the node that the tool shows first; nodes of several traces stand in a pool."""
    for entry in item.iterfind("AnalysisInfo/Unified/Trace/Primary/Entry"):
        node = entry.find("Node")
        if node is not None and node.get("isDefault") == "true":
            return node.find("SourceLocation")
    first = item.find("AnalysisInfo/Unified/Trace/Primary/Entry/NodeRef")
    pooled = nodes.get(first.get("id", "")) if first is not None else None
    return pooled.find("SourceLocation") if pooled is not None else item.find(".//SourceLocation")


def _said(description: Element | None, part: str, filled: Mapping[str, str]) -> str:
    text = description.findtext(part) if description is not None else ""
    return plain(_REPLACE.sub(lambda match: filled.get(match[1], ""), text or ""))


def _priority(item: Element, rule: Mapping[str, str]) -> Severity:
    """The Fortify Priority Order: by impact, and by likelihood (accuracy x confidence x probability / 25)."""
    own = {group.get("name", ""): group.text or "" for group in item.iterfind("InstanceInfo/MetaInfo/Group")}
    try:
        impact, accuracy, probability = (
            float(own.get(name) or rule[name]) for name in ("Impact", "Accuracy", "Probability")
        )
        likelihood = accuracy * float(item.findtext("InstanceInfo/Confidence") or "") * probability / 25
    except (KeyError, ValueError):
        # Without what the rule says: the default of such a rule, of 0 to 5.
        return Severity.HIGH if (item.findtext("InstanceInfo/InstanceSeverity") or "") >= "4" else Severity.MEDIUM
    if impact >= _HALF:
        return Severity.CRITICAL if likelihood >= _HALF else Severity.HIGH
    return Severity.MEDIUM if likelihood >= _HALF else Severity.LOW


def tool(document: Document) -> str:
    root = document.xml if document.xml is not None else _root(document.members[RESULTS], RESULTS)
    return root.findtext("EngineData/EngineVersion") or ""


FORMAT = Format(
    id="fortify",
    title="Fortify",
    docs="https://www.microfocus.com/documentation/fortify-static-code-analyzer-and-tools/",
    recognises=recognises,
    records=records,
    tool=tool,
)
