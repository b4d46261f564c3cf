"""The JSON report: an interface, described in `docs/report-format.md`."""

import json

from vallum_engine import VERSION
from vallum_engine.model import plain
from vallum_engine.model.report import Report

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
        "packages": [plain.from_package(item) for item in report.packages],
    }
    # A lone surrogate has no UTF-8; written as \udc80 it is JSON all the same.
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
