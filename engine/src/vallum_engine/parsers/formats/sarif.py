"""SARIF 2.1.0 (OASIS): what most code scanners can write. Tools that need more than the standard's fields have modules of their own."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.words import (
    confidence,
    cves,
    cwes,
    dug,
    first_line,
    listed,
    of_score,
    place,
    severity,
    texts,
)

# §3.27.9: only these say that something is wrong; `fail` is the default.
_PASSED = frozenset({"pass", "notApplicable", "informational"})
_SECRET_TAGS = frozenset({"secret", "secrets", "hardcoded-credentials"})


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not isinstance(value.get("runs"), list):
        return False
    return "sarif" in str(value.get("$schema", "")).lower() or str(value.get("version", "")).startswith("2.")


def records(document: Document) -> Iterator[Record]:
    for number, run in enumerate(document.json["runs"]):
        rules = _rules(run)
        for index, result in enumerate(listed(run.get("results"))):
            at = f"runs[{number}].results[{index}]"
            yield (
                _record(at, run, result, rules) if isinstance(result, dict) else Rejected(at=at, why="it is no object")
            )


def _rules(run: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By id, and by place as `#component:index` (the driver's component is empty)."""
    tool = run.get("tool") or {}
    components = [("", tool.get("driver") or {}), *((str(i), e) for i, e in enumerate(listed(tool.get("extensions"))))]
    found: dict[str, Mapping[str, Any]] = {}
    for name, component in components:
        for index, rule in enumerate(listed(component.get("rules"))):
            if isinstance(rule, dict):
                found.setdefault(str(rule.get("id", "")), rule)
                found[f"#{name}:{index}"] = rule
    return found


def _rule_of(result: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """§3.27.5 to 7: by `rule.index` in its component, by `ruleIndex` in the driver, or by id; sub-rules hang on a slash."""
    reference = result.get("rule") or {}
    index = reference.get("index", result.get("ruleIndex", -1))
    component = dug(reference, "toolComponent", "index")
    name = str(result.get("ruleId") or reference.get("id") or "")
    by_place = rules.get(f"#{'' if component is None else component}:{index}")
    return by_place or rules.get(name) or rules.get(name.rpartition("/")[0]) or {}


def _record(
    at: str, run: Mapping[str, Any], result: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]
) -> Record:
    if result.get("kind", "fail") in _PASSED or result.get("baselineState") == "absent":
        return Passed(at=at)
    rule = _rule_of(result, rules)
    rule_id = str(result.get("ruleId") or dug(result, "rule", "id") or rule.get("id") or "")
    message = _message(result.get("message"), rule)
    properties = {**(rule.get("properties") or {}), **(result.get("properties") or {})}
    tags = texts(properties.get("tags"))
    title = first_line(_said(rule, "shortDescription") or rule.get("name") or message or rule_id)
    return Sighting(
        at=at,
        kind=_kind(tags),
        rule=rule_id or title,
        title=title,
        severity=_severity(result, rule, properties),
        confidence=confidence(properties.get("precision") or properties.get("confidence"), Confidence.MEDIUM),
        message=message or _said(rule, "fullDescription") or title,
        locations=_locations(run, result),
        ids=cves(rule_id, *tags),
        cwes=cwes(*tags, properties.get("cwe"), *_taxa(rule)),
        evidence=first_line(dug(result, "locations", 0, "physicalLocation", "region", "snippet", "text"), 400),
        steps=texts(_said(rule, "help")),
        references=texts(rule.get("helpUri")),
        anchor=_anchor(result),
        mark=Mark.SUPPRESSED if _suppressed(result) else Mark.NONE,
    )


def _said(rule: Mapping[str, Any], key: str) -> str:
    return str(dug(rule, key, "text") or dug(rule, key, "markdown") or "")


def _message(message: Any, rule: Mapping[str, Any]) -> str:
    """§3.11: its text, or the rule's text of that id, with `{0}` filled in from the arguments."""
    if not isinstance(message, dict):
        return ""
    text = (
        message.get("text")
        or message.get("markdown")
        or dug(rule, "messageStrings", str(message.get("id")), "text")
        or ""
    )
    for index, argument in enumerate(listed(message.get("arguments"))):
        text = text.replace(f"{{{index}}}", str(argument))
    return str(text)


def _severity(result: Mapping[str, Any], rule: Mapping[str, Any], properties: Mapping[str, Any]) -> Severity:
    """A score says more than the three levels: `security-severity` is CVSS-like, as code hosts read it."""
    if score := properties.get("security-severity"):
        return of_score(score)
    level = result.get("level") or dug(rule, "defaultConfiguration", "level") or "warning"
    return severity(level, Severity.MEDIUM)


def _kind(tags: tuple[str, ...]) -> Kind:
    return Kind.SECRET if _SECRET_TAGS & {tag.lower() for tag in tags} else Kind.WEAKNESS


def _taxa(rule: Mapping[str, Any]) -> list[str]:
    """Relationships name weaknesses of a taxonomy: `CWE` and an id."""
    targets = [dug(relation, "target") for relation in listed(rule.get("relationships"))]
    return [f"CWE-{t.get('id')}" for t in targets if isinstance(t, dict) and dug(t, "toolComponent", "name") == "CWE"]


def _locations(run: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[Location, ...]:
    found: list[Location] = []
    for item in listed(result.get("locations")):
        where = dug(item, "physicalLocation") or {}
        artifact = where.get("artifactLocation") or {}
        uri = artifact.get("uri") or dug(run, "artifacts", artifact.get("index", -1), "location", "uri")
        region = where.get("region") or {}
        # §3.4.3: a URI, in which a blank is `%20`; an address of the web stays one.
        path = uri if str(uri).startswith(("http://", "https://")) else unquote(str(uri or ""))
        found += place(path, region.get("startLine", 1), region.get("endLine"))
        if not uri:
            found += place(dug(item, "logicalLocations", 0, "fullyQualifiedName"))
    return tuple(dict.fromkeys(found))


def _anchor(result: Mapping[str, Any]) -> tuple[str, ...]:
    """§3.27.16 and 17: fingerprints are made to last, partial ones nearly so; else the text of the line."""
    for key in ("fingerprints", "partialFingerprints"):
        marks = result.get(key)
        if isinstance(marks, dict) and marks:
            return tuple(f"{name}={value}" for name, value in sorted(marks.items()))
    snippet = dug(result, "locations", 0, "physicalLocation", "region", "snippet", "text")
    return (" ".join(str(snippet).split()),) if snippet else ()


def _suppressed(result: Mapping[str, Any]) -> bool:
    """§3.27.23: suppressed when none of its suppressions is still under review or was rejected."""
    given = [s for s in listed(result.get("suppressions")) if isinstance(s, dict)]
    return bool(given) and all(s.get("status", "accepted") == "accepted" for s in given)


def tool(document: Document) -> str:
    driver = dug(document.json, "runs", 0, "tool", "driver") or {}
    return f"{driver.get('name', '')} {driver.get('semanticVersion') or driver.get('version') or ''}".strip()


FORMAT = Format(
    id="sarif",
    title="SARIF",
    docs="https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html",
    recognises=recognises,
    records=records,
    tool=tool,
)
