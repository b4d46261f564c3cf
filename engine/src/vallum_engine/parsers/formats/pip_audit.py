"""`pip-audit --format json`: a list of dependencies, since 2.5 inside an object."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.words import UNRATED, dug, first_line, listed, texts


def _dependencies(value: Any) -> Any:
    return value.get("dependencies") if isinstance(value, dict) else value


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict) and not {"dependencies", "fixes"} <= value.keys() and set(value) != {"dependencies"}:
        return False
    first = dug(_dependencies(value), 0)
    return (
        isinstance(first, dict) and "name" in first and ("skip_reason" in first or {"version", "vulns"} <= first.keys())
    )


def records(document: Document) -> Iterator[Record]:
    for index, item in enumerate(_dependencies(document.json)):
        at = f"dependencies[{index}]"
        if not isinstance(item, dict) or not item.get("name"):
            yield Rejected(at=at, why="it is no dependency with a name")
        elif item.get("skip_reason"):
            yield Rejected(at=at, why=f"pip-audit skipped it: {item['skip_reason']}")
        elif not isinstance(item.get("vulns"), list):
            yield Rejected(at=at, why="it has no list of vulnerabilities (`vulns`)")
        elif not item["vulns"]:
            yield Passed(at=at)
        else:
            for number, vulnerability in enumerate(item["vulns"]):
                yield _vulnerability(f"{at}.vulns[{number}]", item, vulnerability)


def _vulnerability(at: str, item: Mapping[str, Any], vulnerability: Any) -> Record:
    known = str(dug(vulnerability, "id") or "")
    if not known:
        return Rejected(at=at, why="it names no vulnerability (`id`)")
    name, about = str(item["name"]), str(vulnerability.get("description") or "")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {first_line(about, 120) or known}",
        severity=UNRATED,
        confidence=Confidence.HIGH,
        message=about,
        component=Component(
            ecosystem="PyPI",
            name=name,
            version=str(item.get("version") or ""),
            fixed=texts(list(listed(vulnerability.get("fix_versions")))),
        ),
        ids=(known, *texts(vulnerability.get("aliases"))),
    )


FORMAT = Format(
    id="pip-audit",
    title="pip-audit",
    docs="https://github.com/pypa/pip-audit#usage",
    recognises=recognises,
    records=records,
)
