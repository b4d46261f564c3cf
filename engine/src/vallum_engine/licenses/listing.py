"""The list of licences, as JSON (an interface, described in `docs/licences.md`) and for a terminal."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from vallum_engine import VERSION
from vallum_engine.licenses.detector import LicenceDetector
from vallum_engine.licenses.expression import Expression, category
from vallum_engine.licenses.files import Said
from vallum_engine.licenses.settle import differing, judged
from vallum_engine.model import plain
from vallum_engine.model.package import Package
from vallum_engine.model.report import Report
from vallum_engine.model.text import printable

FORMAT = 1
"""Rises when a field goes or changes its meaning; new fields do not raise it."""
_WIDEST = 48
_MOST_NAMES = 6


def render_json(report: Report, detector: LicenceDetector) -> bytes:
    """UTF-8 JSON: packages, the licence files and tagged files that belong to none or any, and what the policy says."""
    document = {
        "version": FORMAT,
        "tool": {"name": "vallum", "version": VERSION},
        "target": dict(report.target),
        "incomplete": report.incomplete,
        "packages": [_package(package) for package in report.packages],
        "files": [_file(said) for said in sorted(detector.said, key=lambda one: one.path)],
        "tags": [
            {"path": path, "line": line, "expression": str(said)}
            for path, line, said in sorted(detector.tagged, key=_place)
        ],
        "findings": [plain.from_finding(finding) for finding in report.findings],
        "suppressed": [plain.from_finding(finding) for finding in report.suppressed],
        "exclusions": [plain.from_exclusion(item) for item in report.coverage.exclusions],
        "errors": [plain.from_problem(item) for item in report.errors],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _place(tag: tuple[str, int, Expression]) -> tuple[str, int]:
    return tag[:2]


def _package(package: Package) -> plain.Plain:
    expression = judged(package)
    return {
        "purl": package.ref.purl,
        "ecosystem": package.ecosystem,
        "name": package.name,
        "version": package.version,
        "file": package.location.path,
        "line": package.location.line,
        "groups": list(package.groups),
        "licence": str(expression),
        "category": category(expression).value,
        "declared": package.licence,
        "declared_expression": package.licence_expression,
        "found": package.licence_found,
        "found_beyond_declared": [str(term) for term in differing(package)],
    }


def _file(said: Said) -> plain.Plain:
    return {
        "path": said.path,
        "expression": str(said.expression) if said.expression else "",
        "similarity": said.similarity,
        "unmatched_words": said.unmatched,
        "cut": said.cut,
        "nearest": {"id": said.nearest.id, "similarity": said.nearest.similarity} if said.nearest else None,
    }


def render_table(report: Report, detector: LicenceDetector) -> bytes:
    """A line for each licence, the most asking first; then where declared and found differ, what is forbidden, what was not read."""
    groups: dict[Expression, list[Package]] = {}
    for package in report.packages:
        groups.setdefault(judged(package), []).append(package)
    rows = sorted(groups.items(), key=lambda item: (-category(item[0]).rank, -len(item[1]), str(item[0])))
    width = min(max((len(str(expression)) for expression, _ in rows), default=0), _WIDEST)
    lines = [
        f"{_short(str(expression)).ljust(width)}  {category(expression).value.ljust(16)}  {len(packages):>6,}  {_names(packages)}"
        for expression, packages in rows
    ]
    lines += ["", *_summary(report, detector)]
    return ("\n".join(lines).strip() + "\n").encode("utf-8", "backslashreplace")


def _names(packages: Sequence[Package]) -> str:
    names = sorted({f"{package.name} {package.version}".strip() for package in packages})
    more = f" … {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return printable(", ".join(names[:_MOST_NAMES]) + more)


def _short(text: str) -> str:
    return printable(text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…")


def _summary(report: Report, detector: LicenceDetector) -> Iterator[str]:
    counts: Mapping[str, int] = Counter(category(judged(package)).value for package in report.packages)
    told = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    yield f"{len(report.packages):,} {'entry' if len(report.packages) == 1 else 'entries'}{': ' if told else ''}{told}."
    for package in report.packages:
        if more := differing(package):
            also = ", ".join(map(str, more))
            declares = _short(package.licence_expression)
            yield printable(f"≠ {package.name} {package.version}: declares {declares}, its files hold {also} too")
    for said in detector.said:
        if said.expression is None:
            near = f" (nearest: {said.nearest.id}, {said.nearest.similarity:.0%})" if said.nearest else ""
            yield printable(f"? {said.path}: not recognised{near}")
    for finding in report.findings:
        yield printable(f"✗ {finding.severity.value}: {finding.message}")
    for finding in report.suppressed:
        yield printable(f"○ {finding.title}: {finding.reason}")
    for problem in report.errors:
        yield printable(f"! {problem.path}: {problem.what}")
    for item in report.coverage.exclusions:
        if item.ruleset:
            yield printable(f"{'·' if item.covered else '!'} {item.path or 'everything'}: {item.why}")
