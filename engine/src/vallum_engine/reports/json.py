"""The JSON report: an interface, described in `docs/report-format.md`."""

import json
from collections.abc import Mapping
from typing import Any

from vallum_engine import VERSION
from vallum_engine.errors import NotAReport
from vallum_engine.model import plain
from vallum_engine.model.known import from_known, to_known
from vallum_engine.model.report import Coverage, Report

FORMAT = 1
"""Rises when a field goes or changes its meaning; new fields do not raise it."""


def render(report: Report) -> bytes:
    """The report as UTF-8 JSON, two spaces deep; equal reports give equal bytes."""
    document = {
        "version": FORMAT,
        "tool": {"name": "vallum", "version": VERSION},
        "target": dict(report.target),
        "incomplete": report.incomplete,
        "findings": [plain.from_finding(item) for item in report.findings],
        "suppressed": [plain.from_finding(item) for item in report.suppressed],
        "coverage": {
            "complete": report.coverage.complete,
            "rulesets": [plain.from_ruleset(item) for item in report.coverage.rulesets],
            "exclusions": [plain.from_exclusion(item) for item in report.coverage.exclusions],
        },
        "errors": [plain.from_problem(item) for item in report.errors],
        "stats": plain.from_stats(report.stats),
        "advisories": report.advisories and from_known(report.advisories),
        "layers": [plain.from_layer(item) for item in report.layers],
        "packages": [plain.from_package(item) for item in report.packages],
    }
    # A lone surrogate has no UTF-8; written as \udc80 it is JSON all the same.
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def read(data: bytes) -> Report:
    """The report that `render` wrote, but for `coverage.paths`, which it does not hold. Raises NotAReport."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotAReport("Not a JSON report: the file is no JSON.") from error
    if not is_ours(document):
        raise NotAReport("Not a JSON report of Vallum: `vallum scan --format json` and `vallum convert` write them.")
    if document["version"] != FORMAT:
        raise NotAReport(
            f"Report version {document['version']!r:.20}, expected {FORMAT}: update the side that is older."
        )
    try:
        return _report(document)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise NotAReport(f"The JSON report is damaged ({type(error).__name__}: {error}): write it again.") from error


def is_ours(document: object) -> bool:
    """Whether parsed JSON says that we wrote it."""
    tool = document.get("tool") if isinstance(document, dict) else None
    return (
        isinstance(document, dict) and isinstance(tool, dict) and tool.get("name") == "vallum" and "version" in document
    )


def _report(document: Mapping[str, Any]) -> Report:
    coverage = document["coverage"]
    return Report(
        findings=tuple(plain.to_finding(item) for item in document["findings"]),
        suppressed=tuple(plain.to_finding(item) for item in document["suppressed"]),
        coverage=Coverage(
            rulesets=tuple(plain.to_ruleset(item) for item in coverage["rulesets"]),
            complete=coverage["complete"] is True,
            exclusions=tuple(plain.to_exclusion(item) for item in coverage["exclusions"]),
        ),
        errors=tuple(plain.to_problem(item) for item in document["errors"]),
        stats=plain.to_stats(document.get("stats", {})),
        layers=tuple(plain.to_layer(item) for item in document.get("layers", ())),
        packages=tuple(plain.to_package(item) for item in document.get("packages", ())),
        engine=str(document["tool"].get("version", "")),
        advisories=to_known(document.get("advisories")),
        target={str(key): str(value) for key, value in document.get("target", {}).items()},
    )
