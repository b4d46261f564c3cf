"""A report's findings as rows of temporary tables: COPY cannot write to a table with row-level security."""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
from django.db import connection

import vallum_engine.model.finding as scanned
from vallum_engine.model import plain
from vallum_engine.model.report import Coverage, Report
from vallum_engine.reclaiming import uncollected
from vallum_engine.values import replace
from vallum_web.findings import risk
from vallum_web.findings.vectors import base_score

TABLES = """
create temp table staged (
  fingerprint text collate "C", kind text, ruleset text, rule text, severity smallint, confidence smallint,
  base real, cve text, title text, message text, path text, line integer, package text, data jsonb, content text collate "C",
  ours boolean, reachability smallint, liveness text
) on commit drop;
create temp table staged_key (fingerprint text collate "C", key text collate "C") on commit drop;
create temp table staged_place (
  fingerprint text collate "C", target text collate "C", ruleset text, rule text,
  path text collate "C", line integer, end_line integer
) on commit drop;
create temp table ran (ruleset text, rules text[]) on commit drop;
create temp table gap (path text collate "C", ruleset text) on commit drop;
create temp table held (fingerprint text collate "C", path text collate "C") on commit drop;
create temp table walked (path text collate "C") on commit drop;
"""
# Statistics of what joins ask for; of every column they would cost a tenth of a digest.
ANALYZE = """
analyze staged (fingerprint, cve);
analyze staged_key;
analyze staged_place (fingerprint, target, ruleset, path);
analyze gap;
analyze held;
analyze walked
"""
# An escaped NUL: an odd number of backslashes before it, for two of them are one of the text's own.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
OWN = frozenset({"secrets", "packages", "weaknesses", "posture", "licences"})
"""Our own rule sets, before any slash."""
MOST_PACKAGE = 500
"""Letters: an index holds it, and an index holds no more than 2,704 bytes."""
_CONFIDENCE = {scanned.Confidence.HIGH: 2, scanned.Confidence.MEDIUM: 1, scanned.Confidence.LOW: 0}
_SEVERITY = {severity: severity.rank for severity in scanned.Severity}
_KIND = {kind: kind.value for kind in scanned.Kind}


def load(report: Report, key: bytes) -> None:
    """Copy a report into this transaction's staging tables. `key` re-keys what stands for a secret's value."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
    with uncollected():
        _load(report, key)
    with connection.cursor() as cursor:
        cursor.execute(ANALYZE)


def _load(report: Report, key: bytes) -> None:
    groups = list(_once(report.findings, key))
    _copy(
        "staged (fingerprint, kind, ruleset, rule, severity, confidence, base, cve, title, message, path, line, package, data, "
        "content, ours, reachability, liveness)",
        (row(group.fingerprint, group.findings[0]) for group in groups),
    )
    _copy("staged_key (fingerprint, key)", ((group.fingerprint, alias) for group in groups for alias in group.aliases))
    _copy(
        "staged_place (fingerprint, target, ruleset, rule, path, line, end_line)",
        ((group.fingerprint, group.fingerprint, *place) for group in groups for place in _places(group.findings)),
    )
    # What an inline ignore hides is there all the same: it opens nothing, and nothing of it has ended.
    _copy(
        "held (fingerprint, path)",
        {(rekey(finding, key), _text(place.path)) for finding in report.suppressed for place in finding.locations},
    )
    _load_coverage(report.coverage)


def drop() -> None:
    """At the end of a digest; the commit would do it, but one transaction may hold two of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "drop table staged, staged_key, staged_place, ran, gap, held, walked, joined, matched, standing, blind, "
            "unmet, ended, over, moved, threat"
        )


def rekey(finding: scanned.Finding, key: bytes) -> str:
    """A secret's fingerprint under the organization's own key: the client's public one could be tried on guesses."""
    return _rekeyed(finding, finding.fingerprint, key)


def _rekeyed(finding: scanned.Finding, fingerprint: str, key: bytes) -> str:
    if finding.kind is not scanned.Kind.SECRET:
        return fingerprint
    scheme, _, _ = fingerprint.partition(":")
    return f"{scheme}:{blake2b(fingerprint.encode(), digest_size=16, key=key).hexdigest()}"


class Group(NamedTuple):
    """What one report says of one problem: of several findings the first speaks, which is the worst; all of their places count."""

    fingerprint: str
    aliases: AbstractSet[str]
    findings: Sequence[scanned.Finding]


def _once(findings: Iterable[scanned.Finding], key: bytes) -> Iterator[Group]:
    """The findings of a report by problem: those of one fingerprint, or with an alias in common, are one."""
    groups: dict[str, list[scanned.Finding]] = {}
    of_alias: dict[str, str] = {}
    others: dict[str, set[str]] = {}
    for finding in findings:
        name = rekey(finding, key)
        names = (name, *(_rekeyed(finding, alias, key) for alias in finding.aliases))
        home = next((of_alias.get(n, n) for n in names if n in groups or n in of_alias), name)
        if (members := groups.get(home)) is None:
            groups[home] = [finding]
        else:
            members.append(finding)
        for n in names:
            if n != home and n not in groups and of_alias.setdefault(n, home) == home:
                others.setdefault(home, set()).add(n)
    for home, members in groups.items():
        yield Group(home, others.get(home, frozenset()), members)


@lru_cache(maxsize=1024)
def own(ruleset: str) -> bool:
    """Whether a rule set is one of our detectors', which know a problem better than an imported report of it."""
    return ruleset.partition("/")[0] in OWN


def _places(findings: Sequence[scanned.Finding]) -> Iterable[tuple[str, str, str, int, int]]:
    """One place per rule set, path and line: two secrets on a line are two findings, not two places."""
    found = {
        (finding.ruleset, place.path, place.line): (
            finding.ruleset,
            finding.rule,
            _text(place.path),
            place.line,
            place.end_line,
        )
        for finding in findings
        for place in finding.locations
    }
    return found.values()


def row(fingerprint: str, finding: scanned.Finding) -> tuple[Any, ...]:
    """The columns of `staged`, in their order."""
    if finding.verification and not (finding.kind is scanned.Kind.SECRET and own(finding.ruleset)):
        # Our rules of secrets alone know an issuer: of anything else a report would raise or lower a risk by a word.
        finding = replace(finding, verification=None)
    first = finding.locations[0]
    return (
        fingerprint,
        _KIND[finding.kind],
        finding.ruleset,
        finding.rule,
        _SEVERITY[finding.severity],
        _CONFIDENCE[finding.confidence],
        _base(finding),
        _cve(finding),
        _text(finding.title),
        _text(finding.message),
        _text(first.path),
        first.line,
        _text(f"{finding.package.name} {finding.package.version}"[:MOST_PACKAGE]) if finding.package else "",
        _json(plain.facts(finding)),
        finding.content,
        own(finding.ruleset),
        _reachability(finding.reachability),
        finding.verification.result.value if finding.verification else "",
    )


def _reachability(told: scanned.Reachability | None) -> int:
    """An import is no call of what is vulnerable; what production does not import it cannot call."""
    apart = told is not None and told.verdict in (scanned.Reach.TESTS, scanned.Reach.NOT_IMPORTED)
    return (risk.Reachability.NOT_REACHABLE if apart else risk.Reachability.UNKNOWN).value


def _base(finding: scanned.Finding) -> float:
    """The worst CVSS base score that its advisories give; the severity's middle where they give none."""
    if not finding.advisories:
        return risk.SEVERITY[finding.severity]
    scores = [score for advisory in finding.advisories if (score := base_score(advisory.cvss)) is not None]
    return max(scores, default=risk.SEVERITY[finding.severity])


def _cve(finding: scanned.Finding) -> str:
    names = (finding.rule, *(name for advisory in finding.advisories for name in (advisory.id, *advisory.aliases)))
    return next((name for name in names if name.startswith("CVE-") and _CVE.fullmatch(name)), "")


def _load_coverage(coverage: Coverage) -> None:
    _copy("ran (ruleset, rules)", ((r.name, None if r.rules is None else list(r.rules)) for r in coverage.rulesets))
    _copy("gap (path, ruleset)", {(_text(e.path), e.ruleset) for e in coverage.blind})
    _copy("walked (path)", ((_text(path),) for path in coverage.paths))


def _copy(target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    # Django wraps no errors of COPY by itself, and a lost database has to look like one.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"copy {target} from stdin") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _text(value: str) -> str:
    """PostgreSQL's text holds every character but NUL, and no lone surrogates."""
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


def _json(value: object) -> str:
    """Its jsonb holds no NUL either; four letters stand for it."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return _NUL.sub(r"\1\\\\x00", text) if "\\u0000" in text else text
