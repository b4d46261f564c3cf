"""`vallum sbom`: a bill of materials of a place, and `vallum sbom diff`: what became of one."""

import argparse
import os
import re
import time
from collections.abc import Sequence

from vallum import bills, output, progress
from vallum.cli import parser, reading
from vallum.cli.exits import Exit
from vallum.cli.packages import taken
from vallum.cli.reading import PLACES
from vallum.errors import Misuse
from vallum_engine.model.text import printable
from vallum_engine.plugins import load
from vallum_engine.sbom.bill import Bill, canonical
from vallum_engine.sbom.document import WRITERS, dump
from vallum_engine.sca.lockfiles.sbom import bill as read

_EPILOG = """\
Equal scans give equal bytes: no moment is written unless --timestamp or SOURCE_DATE_EPOCH says which (SPDX demands one, and is
given the first second of 1970). A bill of materials as PATH is written anew in the format that is asked for.
Nothing is looked up and nothing leaves this machine. docs/sbom.md says what is written.

`vallum sbom diff A B` tells two of them apart.

exit codes: 0 written, 2 wrong usage, 3 written, and something could not be read: it is named, and the document says so
"""
_EPILOG_DIFF = """\
A package is the same by its ecosystem and name. Of several versions on both sides the lowest are taken for one another first.

exit codes: 0 no difference, 1 they differ, 2 wrong usage, 3 one of them could not be read whole (wins over 1)
"""
MOST_GAPS = 100
"""Sentences about what could not be read; `vallum packages` has them all."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def run(arguments: Sequence[str]) -> Exit:
    """Write a bill of materials, or compare two."""
    if arguments and arguments[0] == "diff":
        return _diff(arguments[1:])
    given = _parser().parse_args(arguments)
    created = _moment(given.timestamp)
    bill, gaps = _bill(given.place, given)
    data = dump(bill, given.format, created=created)
    output.deliver(data, given.output)
    return _told(gaps, given)


def _diff(arguments: Sequence[str]) -> Exit:
    given = _diff_parser().parse_args(arguments)
    before, gaps = _bill(given.before, given)
    after, more = _bill(given.after, given)
    found = load("vallum_engine.sca.difference:between")(before, after)
    output.deliver(load(f"vallum_engine.reports.bills:render_{given.format}")(found), given.output)
    code = _told([*gaps, *more], given)
    return code if code or not found.rows else Exit.FINDINGS


def _bill(place: str, given: argparse.Namespace) -> tuple[Bill, list[str]]:
    """Of a document what it says, of another place what is there; and what could not be read."""
    if "://" not in place and (file := bills.given(place)):
        if (found := read(file)) is None:
            raise Misuse(f"{place} looks like a bill of materials and is none: name CycloneDX or SPDX.")
        return canonical(found), []
    with taken(reading.asked(given, place), given.progress, licences=True) as (lister, report):
        bill = lister.bill(report)
    shown = progress.chosen(given.progress)
    for item in report.coverage.exclusions:
        # Of the place as a whole, and no gap: which other images there are, and for which platform this one is.
        if item.covered and not item.path and not item.ruleset:
            shown.tell(printable(item.why))
    untold = lister.untold()
    gaps = [f"{gap.path or 'everything'}: {gap.why}" for gap in (*report.coverage.gaps, *untold)]
    gaps += [f"{problem.path}: {problem.what}" for problem in report.errors]
    return bill, list(dict.fromkeys(gaps)) if report.incomplete or untold else []


def _told(gaps: Sequence[str], given: argparse.Namespace) -> Exit:
    shown = progress.chosen(given.progress)
    for gap in gaps[:MOST_GAPS]:
        shown.tell(printable(gap))
    if len(gaps) > MOST_GAPS:
        shown.tell(f"{len(gaps) - MOST_GAPS:,} more could not be read")
    return Exit.INCOMPLETE if gaps else Exit.CLEAN


def _moment(asked: str) -> str:
    """What the document says of when it was written; empty for nothing. Raises Misuse."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if asked == "now" or (not asked and epoch):
        if epoch and not (epoch.isascii() and epoch.isdigit() and len(epoch) <= 11):
            raise Misuse(f"SOURCE_DATE_EPOCH is {epoch!r}: write seconds since 1970, as reproducible-builds.org says.")
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(epoch) if epoch else None))
    if asked and not _MOMENT.fullmatch(asked):
        raise Misuse(f"--timestamp {asked!r} is no moment: write now, or one like 2026-11-26T09:00:00Z.")
    return asked


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "sbom",
        description="Write a bill of materials: the packages of a place, and who asks for whom.",
        epilog=_EPILOG,
        usage="vallum sbom [PATH] [options]\n       vallum sbom diff A B [options]",
    )
    reading.add_place(command)
    command.add_argument("--format", choices=tuple(WRITERS), default="cyclonedx-json", help="default: cyclonedx-json")
    command.add_argument(
        "--timestamp", default="", metavar="TIME", help="of the document: now, or in UTC as 2026-11-26T09:00:00Z"
    )
    reading.add_options(command, "bill")
    return command


def _diff_parser() -> argparse.ArgumentParser:
    command = parser.command(
        "sbom diff",
        description="Tell two bills of materials apart: packages that came, went, rose, fell or changed their licence.",
        epilog=_EPILOG_DIFF,
    )
    command.add_argument("before", metavar="A", help=PLACES)
    command.add_argument("after", metavar="B", help="the same, later")
    command.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    reading.add_options(command, "comparison")
    return command
