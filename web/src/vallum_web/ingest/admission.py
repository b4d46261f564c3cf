"""What a report must keep to before the record takes it: a scanner is only believed as far as its bytes are in order.

Reading the wire proves the shape. Here are the sizes: what the database's columns hold, with room above anything that
our own scanner writes.
"""

import math
from collections.abc import Iterator
from dataclasses import fields

from vallum_engine.model.finding import Finding, Location
from vallum_engine.model.report import Coverage, Exclusion, Report, RuleSet
from vallum_engine.model.text import printable
from vallum_engine.wire import Limits

READING = Limits(decompressed=1 << 30, lines=1_200_000, values=12_000_000)
"""A report takes a few times its unpacked bytes of memory, and the worker serves all organizations."""

FINGERPRINT, RULESET, RULE, VERSION, ENGINE = 80, 60, 120, 80, 40
"""Letters, as in the columns of these names."""
RULESETS = 500
TEXT = 20_000
PATH = 65_536
DATA = 500_000
LINE = (1 << 31) - 1
FIGURE = 1 << 53


class NotAdmittedError(ValueError):
    """The report is readable and still not fit for the record; the message says where and why."""


def admit(report: Report) -> None:
    """Raises NotAdmittedError for the first thing that the record cannot take."""
    if report.engine:
        _named("the engine's version", report.engine, ENGINE)
    for figure in fields(report.stats):
        value = getattr(report.stats, figure.name)
        if not 0 <= value < FIGURE or not math.isfinite(value):
            raise NotAdmittedError(f"The figure {figure.name} of the report is no number of things.")
    _coverage(report.coverage)
    _account(report)
    for number, finding in enumerate(report.findings, 1):
        _finding(f"finding {number:,}", finding)


def _account(report: Report) -> None:
    """Of other tools' reports: imported + listed as rejected = all that they hold, or nothing of them is taken."""
    if "report" not in report.target:
        return
    figures = report.stats
    became = len(report.findings) + len(report.suppressed) + figures.merged + figures.passed + figures.rejected
    if became != figures.records or len(report.errors) < figures.rejected:
        raise NotAdmittedError(
            f"The account of the report does not add up: {figures.records:,} records became {became:,}, and of "
            f"{figures.rejected:,} that were rejected {len(report.errors):,} are listed."
        )


def _coverage(coverage: Coverage) -> None:
    if len(coverage.rulesets) > RULESETS:
        raise NotAdmittedError(f"The report names more than {RULESETS} rule sets.")
    for ruleset in coverage.rulesets:
        _ruleset(ruleset)
    for exclusion in coverage.exclusions:
        _exclusion(exclusion)


def _ruleset(ruleset: RuleSet) -> None:
    _named("the name of a rule set", ruleset.name, RULESET)
    _named(f"the version of the rule set {ruleset.name}", ruleset.version, VERSION)
    for rule in ruleset.rules or ():
        _named(f"a rule of the rule set {ruleset.name}", rule, RULE)


def _exclusion(exclusion: Exclusion) -> None:
    if exclusion.ruleset:
        _named("the rule set of an exclusion", exclusion.ruleset, RULESET)
    _sized("the path of an exclusion", exclusion.path, PATH)
    _sized("the reason of an exclusion", exclusion.why, TEXT)


def _finding(what: str, finding: Finding) -> None:
    _named(f"the fingerprint of {what}", finding.fingerprint, FINGERPRINT)
    _named(f"the rule set of {what}", finding.ruleset, RULESET)
    _named(f"the rule of {what}", finding.rule, RULE)
    _sized(f"the title of {what}", finding.title, TEXT)
    _sized(f"the message of {what}", finding.message, TEXT)
    for place in finding.locations:
        _place(what, place)
    data = "".join(_texts(finding))
    _sized(f"what {what} says beside its message", data, DATA)
    try:
        data.encode()
    except UnicodeEncodeError as error:
        raise NotAdmittedError(f"A text of {what} is no Unicode: it holds half a character.") from error


def _texts(finding: Finding) -> Iterator[str]:
    yield finding.evidence
    yield from finding.references
    if package := finding.package:
        _sized("the name and version of a package", package.name + package.version, TEXT)
        yield from (package.purl, package.ecosystem, package.name, package.version)
    for advisory in finding.advisories:
        yield from (advisory.id, advisory.url, advisory.summary, advisory.cvss, *advisory.aliases, *advisory.fixed)
    if told := finding.verification:
        yield from (told.host, told.reason, told.at)
    if finding.remediation:
        yield from (finding.remediation.upgrade_to, finding.remediation.revoke, *finding.remediation.steps)


def _place(what: str, place: Location) -> None:
    _sized(f"a path of {what}", place.path, PATH)
    if not (0 <= place.line <= LINE and 0 <= place.end_line <= LINE):
        raise NotAdmittedError(f"A line number of {what} is not between 0 and {LINE:,}.")


def _named(what: str, name: str, most: int) -> None:
    if not name or len(name) > most or not name.isprintable():
        length = f"{len(name):,} letters" if len(name) > most else f"“{printable(name)}”"
        raise NotAdmittedError(f"In the report {what} is {length}: 1 to {most} printable ones are taken.")


def _sized(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise NotAdmittedError(f"In the report {what} is {len(text):,} letters long: {most:,} are taken.")
