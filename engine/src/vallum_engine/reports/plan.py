"""A plan of upgrades: as JSON (an interface, described in `docs/fixing.md`), as a unified diff, and for a terminal."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff
from shlex import quote
from typing import Any

from vallum_engine import VERSION
from vallum_engine.model import plain
from vallum_engine.model.finding import Severity
from vallum_engine.model.known import from_known
from vallum_engine.model.plan import Change, Ended, Patch, Plan, Step, Unfixed, Way, weight
from vallum_engine.model.report import Report
from vallum_engine.model.text import printable

FORMAT = 1
"""Rises when a field goes or changes its meaning; new fields do not raise it."""

_MOST_RULES = 8
_HOW = {
    Way.OTHER: "by hand",
    Way.OVERRIDE: "overrule a range",
    Way.PARENT: "raise what asks for it",
    Way.RAISE: "raise it in the manifest",
    Way.RENEW: "renew the lockfile",
}


def render_json(plan: Plan, report: Report) -> bytes:
    """UTF-8 JSON."""
    document = {
        "version": FORMAT,
        "tool": {"name": "vallum", "version": VERSION},
        "target": dict(report.target),
        "incomplete": report.incomplete,
        "advisories": report.advisories and from_known(report.advisories),
        "steps": [_step(number, step) for number, step in enumerate(plan.steps, 1)],
        "unfixed": [_unfixed(each) for each in plan.unfixed],
        "parents": [
            {
                "name": own.name,
                "ecosystem": own.ecosystem,
                "file": own.file,
                "keeps": list(own.keeps),
                "weight": own.weight,
                "listing": own.listing,
            }
            for own in plan.parents
        ],
        "after": [{"file": path, "command": command} for path, command in plan.after],
        "left": plan.left,
        "diff": render_diff(plan).decode("utf-8", "replace"),
        "exclusions": [plain.from_exclusion(item) for item in report.coverage.exclusions],
        "errors": [plain.from_problem(item) for item in report.errors],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _step(number: int, step: Step) -> dict[str, Any]:
    return {
        "number": number,
        "way": step.way.value,
        "ecosystem": step.ecosystem,
        "name": step.name,
        "from": list(step.versions),
        "to": step.to,
        "file": step.file,
        "line": step.line,
        "direct": step.direct,
        "dev": step.dev,
        "within": step.within,
        "major": step.major,
        "command": step.command,
        "say": list(step.say),
        "blocked": list(step.blocked),
        "parents": list(step.parents),
        "changes": [
            {"file": own.path, "line": own.line, "before": own.before, "after": own.after} for own in step.changes
        ],
        "weight": sum(map(weight, step.ends)),
        "ends": list(map(_ended, step.ends)),
        "remains": list(map(_ended, step.remains)),
        "brings": list(step.brings),
    }


def _unfixed(each: Unfixed) -> dict[str, Any]:
    return {
        "ecosystem": each.ecosystem,
        "name": each.name,
        "versions": list(each.versions),
        "file": each.file,
        "line": each.line,
        "say": each.say,
        "findings": list(map(_ended, each.findings)),
    }


def _ended(ended: Ended) -> dict[str, Any]:
    return {
        "rule": ended.rule,
        "severity": ended.severity.value,
        "exploited": ended.exploited,
        "fingerprint": ended.fingerprint,
    }


def render_diff(plan: Plan) -> bytes:
    """What `git apply` and `patch -p1` take. Empty where no manifest has to change."""
    return b"".join(_patched(patch) for patch in plan.patches)


def _patched(patch: Patch) -> bytes:
    """Bytes are told as Latin-1 on the way, so that whatever the file holds comes out as it was."""
    before, after = (_lines(data) for data in (patch.before, patch.after))
    names = (_named(f"a/{patch.path}"), _named(f"b/{patch.path}"))
    hunks = list(unified_diff(before, after))[2:]
    if not hunks:
        return b""
    # A name with a space ends in a tab, as git writes it: `patch` takes it for the name's end.
    ends = ["\t" if " " in name else "" for name in names]
    head = f"diff --git {names[0]} {names[1]}\n--- {names[0]}{ends[0]}\n+++ {names[1]}{ends[1]}\n"
    told = [head.encode("utf-8", "surrogateescape")]
    for line in hunks:
        data = line.encode("latin-1")
        told.append(data if data.endswith(b"\n") else data + b"\n\\ No newline at end of file\n")
    return b"".join(told)


def _lines(data: bytes) -> list[str]:
    """Parted at line feeds alone: a file may hold other letters that Python takes for line ends."""
    lines = data.decode("latin-1").split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _named(path: str) -> str:
    """As git writes a path: in quotes where it holds quotes or backslashes."""
    return json.dumps(path, ensure_ascii=False) if '"' in path or "\\" in path else path


def render_table(plan: Plan, report: Report) -> bytes:
    """The steps in their order, what nothing ends yet, and what was not looked at."""
    lines = [*_head(plan, report)]
    lines += [report.advisories.sentence] if report.advisories and report.advisories.sentence else []
    for number, step in enumerate(plan.steps, 1):
        lines += ["", *_told(number, step)]
    if plan.parents:
        lines += ["", "To be raised, once their versions are looked up"]
        for parent in plan.parents:
            lists = f"  ({parent.listing})" if parent.listing else ""
            lines += [printable(f"  {parent.name} in {parent.file}: for {', '.join(parent.keeps)}{lists}")]
    if plan.unfixed:
        lines += ["", "No fix yet"]
        for each in plan.unfixed:
            named = f"{each.name} {', '.join(each.versions)}"
            lines += [printable(f"  {named}  {each.file}:{each.line}  {_rules(each.findings)}")]
            lines += [printable(f"     {each.say}")]
    if plan.after:
        lines += ["", "After the diff" if plan.patches else "In short"]
        lines += [f"  {_in_folder(path, command)}" for path, command in plan.after]
    lines += _gaps(report)
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _head(plan: Plan, report: Report) -> Iterator[str]:
    ends = len({each.fingerprint for step in plan.steps for each in step.ends})
    if not plan.steps and not plan.unfixed:
        yield (
            "Nothing of what was asked for can be planned."
            if report.findings
            else "Nothing to fix: no known advisory holds a package here."
        )
        return
    if not plan.steps:
        yield "No step ends a finding here."
    else:
        yield f"{_count(len(plan.steps), 'step')} {'ends' if len(plan.steps) == 1 else 'end'} {_count(ends, 'finding')}."
    if plan.left:
        yield f"{_count(plan.left, 'step')} more {'is' if plan.left == 1 else 'are'} left out."
    if plan.unfixed:
        open_ = len({each.fingerprint for own in plan.unfixed for each in own.findings})
        yield f"For {_count(open_, 'finding')} there is no fix yet."


def _told(number: int, step: Step) -> Iterator[str]:
    how = [_HOW[step.way]]
    how += ["major version" if step.major else "", "development only" if step.dev else ""]
    yield printable(
        f"{number:>3}. {step.name} {', '.join(step.versions)} -> {step.to}  ({', '.join(filter(None, how))})"
    )
    yield printable(f"     {step.file}:{step.line}, ends {_rules(step.ends)}")
    for change in step.changes:
        yield from _changed(change)
    if step.command:
        yield f"     run  {_in_folder(step.file, step.command)}"
    yield from (printable(f"     {say}") for say in step.say)
    if step.remains:
        yield printable(f"     No fix yet: {_rules(step.remains)}")


def _changed(change: Change) -> Iterator[str]:
    place = f"{change.path}:{change.line}"
    if change.before:
        yield printable(f"     {place}")
        yield printable(f"       - {change.before.strip()}")
        yield printable(f"       + {change.after.strip()}")
    else:
        yield printable(f"     {place}  + {change.after}")


def _in_folder(path: str, command: str) -> str:
    folder = path.rpartition("/")[0]
    return printable(f"cd {quote(folder)} && {command}" if folder else command)


def _rules(ended: Sequence[Ended]) -> str:
    """How many of each severity, and which."""
    counts = Counter(each.severity for each in ended)
    told = ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])
    exploited = sum(each.exploited for each in ended)
    known = f", {exploited} known to be exploited" if exploited else ""
    names = list(dict.fromkeys(each.rule for each in ended))
    more = f", … {len(names) - _MOST_RULES} more" if len(names) > _MOST_RULES else ""
    return f"{len(ended)} ({told}{known}): {', '.join(names[:_MOST_RULES])}{more}"


def _gaps(report: Report) -> Iterable[str]:
    yield from ([""] if report.errors or any(not item.covered for item in report.coverage.exclusions) else [])
    for problem in report.errors:
        yield printable(f"! {problem.path}: {problem.what}")
    said = {(problem.path, problem.what.partition(": ")[2]) for problem in report.errors}
    for item in report.coverage.exclusions:
        if not item.covered and (item.path, item.why) not in said:
            yield printable(f"! {item.path or 'everything'}: {item.why}")


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
