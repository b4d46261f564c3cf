"""Docker Bench for Security's JSON: tests of the CIS Docker benchmark on one host."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import first_line, listed, texts


def recognises(document: Document) -> bool:
    return isinstance(document.json, dict) and {"dockerbenchsecurity", "tests"} <= document.json.keys()


def records(document: Document) -> Iterator[Record]:
    for number, section in enumerate(listed(document.json["tests"])):
        at = f"tests[{number}]"
        if isinstance(section, dict):
            yield from each(section.get("results"), f"{at}.results", _result)
        else:
            yield Rejected(at=at, why=NO_OBJECT)


def _result(at: str, result: Mapping[str, Any]) -> Record:
    # NOTE is a reminder to look, INFO says that a test does not apply: neither says that something is wrong.
    if result.get("result") != "WARN":
        return Passed(at=at) if result.get("result") in {"PASS", "NOTE", "INFO"} else _unclear(at)
    title = str(result.get("desc") or "")
    impact, details = result.get("remediation-impact"), result.get("details")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(result.get("id") or ""),
        title=first_line(title),
        # A failed test is all that it says of any: it grades none.
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([title, details, f"Impact of the remedy: {impact}" if impact else ""])),
        evidence=", ".join(texts(result.get("items"))),
        steps=texts(result.get("remediation")),
    )


def _unclear(at: str) -> Record:
    return Rejected(at=at, why="its result is none of PASS, WARN, NOTE and INFO")


def tool(document: Document) -> str:
    return str(document.json.get("dockerbenchsecurity") or "")


FORMAT = Format(
    id="docker-bench",
    title="Docker Bench for Security",
    docs="https://github.com/docker/docker-bench-security#usage",
    recognises=recognises,
    records=records,
    tool=tool,
)
