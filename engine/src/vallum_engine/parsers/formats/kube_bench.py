"""kube-bench's JSON: tests of the CIS Kubernetes benchmark on one node; a bare list before version 0.4."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each, leading
from vallum_engine.parsers.words import dug, first_line, listed, texts

# FAIL was tested and is wrong. WARN could not be tested, or only a person can: it may be wrong.
_SEVERITIES = {"FAIL": (Severity.HIGH, Confidence.HIGH), "WARN": (Severity.LOW, Confidence.LOW)}


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict) and {"Controls", "Totals"} <= value.keys():
        return True
    return {"node_type", "tests", "text"} <= leading(value).keys()


def _controls(document: Document) -> Any:
    value = document.json
    return value["Controls"] if isinstance(value, dict) and "Controls" in value else value


def records(document: Document) -> Iterator[Record]:
    for number, control in enumerate(listed(_controls(document))):
        if not isinstance(control, dict):
            yield Rejected(at=f"[{number}]", why=NO_OBJECT)
            continue
        for index, group in enumerate(listed(control.get("tests"))):
            at = f"[{number}].tests[{index}]"
            if isinstance(group, dict):
                yield from each(group.get("results"), f"{at}.results", partial(_result, control))
            else:
                yield Rejected(at=at, why=NO_OBJECT)


def _result(control: Mapping[str, Any], at: str, result: Mapping[str, Any]) -> Record:
    status = str(result.get("status") or "")
    if status not in _SEVERITIES:
        known = status in {"PASS", "INFO"}
        return Passed(at=at) if known else Rejected(at=at, why="its status is none of PASS, FAIL, WARN and INFO")
    severity, confidence = _SEVERITIES[status]
    title, node = str(result.get("test_desc") or ""), str(control.get("node_type") or "")
    expected = result.get("expected_result")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(result.get("test_number") or ""),
        title=first_line(title),
        severity=severity,
        confidence=confidence,
        message="\n\n".join(texts([title, result.get("reason"), f"Expected: {expected}" if expected else ""])),
        evidence=first_line(result.get("actual_value"), 400),
        steps=texts(result.get("remediation")),
        # The same number is tested on each kind of node.
        anchor=(node,),
    )


def tool(document: Document) -> str:
    """The benchmark whose numbers the tests carry: the tool leaves its own version out."""
    control = leading(_controls(document))
    return str(dug(control, "detected_version") or dug(control, "version") or "")


FORMAT = Format(
    id="kube-bench",
    title="kube-bench",
    docs="https://github.com/aquasecurity/kube-bench/blob/main/docs/running.md#output",
    recognises=recognises,
    records=records,
    tool=tool,
)
