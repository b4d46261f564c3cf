"""SpotBugs' XML (and FindBugs', of which it descends), with plugins as Find Security Bugs."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.words import cwes, number, place, plain, texts

# A rank is how bad it is (scariest 1 to 4, scary to 9, troubling to 14, of concern to 20); a priority is how sure.
_RANKS = ((9, Severity.HIGH), (14, Severity.MEDIUM), (20, Severity.LOW))
_OF_PRIORITY = {1: Severity.HIGH, 2: Severity.MEDIUM}
_SURE = {1: Confidence.HIGH, 2: Confidence.MEDIUM}


def recognises(document: Document) -> bool:
    return document.xml is not None and document.xml.tag == "BugCollection"


def records(document: Document) -> Iterator[Record]:
    root = document.xml
    if root is None:
        raise ValueError("no XML")
    details = {pattern.get("type", ""): plain(pattern.findtext("Details")) for pattern in root.iter("BugPattern")}
    for index, bug in enumerate(root.iter("BugInstance")):
        yield _record(f"BugInstance[{index}]", bug, details)


def _record(at: str, bug: Element, details: dict[str, str]) -> Record:
    rule = bug.get("type", "")
    if not rule:
        return Rejected(at=at, why="it names no type of bug")
    what = [bug.findtext("LongMessage"), details.get(rule)]
    priority, rank = number(bug.get("priority")), number(bug.get("rank"))
    by_rank = next((severity for most, severity in _RANKS if 0 < rank <= most), None)
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=(bug.findtext("ShortMessage") or "").strip() or rule,
        severity=by_rank or _OF_PRIORITY.get(priority, Severity.LOW),
        confidence=_SURE.get(priority, Confidence.LOW),
        message="\n\n".join(texts(what)),
        locations=_places(bug),
        cwes=cwes(number(bug.get("cweid"))),
        evidence=" ".join(texts([_method(bug)])),
        references=texts([f"https://find-sec-bugs.github.io/bugs.htm#{rule}" if _is_security(bug) else None]),
        anchor=_anchor(bug),
    )


def _is_security(bug: Element) -> bool:
    return bug.get("category") == "SECURITY"


def _places(bug: Element) -> tuple[Location, ...]:
    """The line of the bug itself; else of its method, its field, its class: the first that is said."""
    for path in ("SourceLine", "Method/SourceLine", "Field/SourceLine", "Class/SourceLine"):
        for line in bug.findall(path):
            if line.get("start") or path.startswith("Class"):
                return place(line.get("sourcepath") or line.get("classname"), line.get("start"), line.get("end"))
    owner = bug.find("Class")
    return place(owner.get("classname")) if owner is not None else ()


def _method(bug: Element) -> str:
    method = bug.find("Method")
    return f"{method.get('classname', '')}.{method.get('name', '')}" if method is not None else ""


def _anchor(bug: Element) -> tuple[str, ...]:
    """Its own hash is of names, not of lines; bugs of one hash are counted."""
    if bug.get("instanceHash"):
        return (bug.get("instanceHash", ""), bug.get("instanceOccurrenceNum", "0"))
    names = [f"{part.get('classname')}.{part.get('name')}{part.get('signature')}" for part in bug.findall("Method")]
    return (*names, *(f"{part.get('role')}={part.get('value')}" for part in bug.findall("String")))


def tool(document: Document) -> str:
    return document.xml.get("version", "") if document.xml is not None else ""


FORMAT = Format(
    id="spotbugs",
    title="SpotBugs",
    docs="https://spotbugs.readthedocs.io/en/stable/running.html",
    recognises=recognises,
    records=records,
    tool=tool,
)
