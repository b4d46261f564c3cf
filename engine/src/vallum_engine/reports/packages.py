"""The list of packages, as JSON (an interface, described in `docs/packages.md`) and for a terminal."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from vallum_engine import VERSION
from vallum_engine.model import plain
from vallum_engine.model.package import Listed
from vallum_engine.model.report import Report
from vallum_engine.model.text import printable

FORMAT = 1
"""Rises when a field goes or changes its meaning; new fields do not raise it."""

_WIDEST = 44


def render_json(listed: Sequence[Listed], report: Report) -> bytes:
    """UTF-8 JSON, one entry of a file a line."""
    head = {
        "version": FORMAT,
        "tool": {"name": "vallum", "version": VERSION},
        "target": dict(report.target),
        "incomplete": report.incomplete,
        "exclusions": [plain.from_exclusion(item) for item in report.coverage.exclusions],
        "errors": [plain.from_problem(item) for item in report.errors],
    }
    lines = json.dumps(head, indent=2, ensure_ascii=False)[:-2]
    rows = ",\n    ".join(json.dumps(_row(item), ensure_ascii=False) for item in listed)
    return f'{lines},\n  "packages": [{rows and f"{chr(10)}    {rows}{chr(10)}  "}]\n}}\n'.encode(
        "utf-8", "backslashreplace"
    )


def _row(listed: Listed) -> plain.Plain:
    package, ref = listed
    own = plain.from_package(package)
    place = own.pop("location")
    return {
        **own,
        "requested": package.requested,
        **plain.from_package_ref(ref),
        "file": place["path"],
        "line": place["line"],
    }


def render_table(listed: Sequence[Listed], report: Report) -> bytes:
    """Columns for people, then how many there are, and what was not read."""
    rows = [_cells(item) for item in listed]
    widths = [min(max((len(row[at]) for row in rows), default=0), _WIDEST) for at in range(3)]
    lines = [
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), *row[3:])) for row in rows
    ]
    return ("\n".join([*(line.rstrip() for line in lines), *_summary(listed, report)]) + "\n").encode(
        "utf-8", "backslashreplace"
    )


def _cells(listed: Listed) -> tuple[str, str, str, str, str]:
    package = listed.package
    version = package.version or (f"({package.requested})" if package.requested else "-")
    place = f"{package.location.path}:{package.location.line}"
    return package.ecosystem or "-", printable(package.name), printable(version), _came(listed), printable(place)


def _came(listed: Listed) -> str:
    """`direct`, `dev` and by whom, as far as it is known."""
    _, ref = listed
    words = ["direct"] if ref.direct else ["through " + " > ".join(ref.path[1:-1])] if len(ref.path) > 2 else []
    if not words and ref.direct is False:
        words = ["transitive"]
    return ", ".join([*words, *(["dev"] if ref.dev else [])]) or "-"


def _summary(listed: Sequence[Listed], report: Report) -> Iterator[str]:
    counts = Counter(item.package.ecosystem for item in listed)
    told = ", ".join(f"{count:,} of {ecosystem or 'no ecosystem'}" for ecosystem, count in sorted(counts.items()))
    yield f"{len(listed):,} packages{': ' if told else ''}{told}."
    for problem in report.errors:
        yield printable(f"! {problem.path}: {problem.what}")
    said = {(problem.path, problem.what.partition(": ")[2]) for problem in report.errors}
    for item in report.coverage.exclusions:
        if item.ruleset and (item.path, item.why) not in said:
            yield printable(f"{'·' if item.covered else '!'} {item.path or 'everything'}: {item.why}")
