"""`vallum baseline`: from a report to a file of findings that the team knows of."""

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from vallum import cache, output, ownrules, progress
from vallum.cli import parser
from vallum.cli.exits import Exit
from vallum.detectors import packaged
from vallum.errors import Misuse
from vallum_engine import baseline
from vallum_engine.model.finding import Finding
from vallum_engine.model.report import Report
from vallum_engine.reports import json as reports
from vallum_engine.secrets.rule import guessable

FILE = ".vallum-baseline.json"
_MOST_BYTES = 1 << 30
_EPILOG = f"""\
examples:
  vallum scan --format json --output report.json
  vallum baseline write report.json                 into {FILE}
  vallum scan --baseline {FILE}       only what is new

The file is made to be committed: of what can be guessed (passwords that people choose, password hashes) it holds no hash, and
the hashes of the rest have a salt of its own. Written again it keeps the salt, and the "reason" that you gave an entry.
"""


def run(arguments: Sequence[str]) -> Exit:
    """Write a baseline of a report's findings."""
    given = _parser().parse_args(arguments)
    path = Path(given.output)
    before = baseline.read(path.read_bytes(), str(path)) if path.is_file() else None
    report = _report(given.report)
    own = [rule for rule, _ in ownrules.brought(given.rules)]
    book = packaged(cache.opened())
    sure = {rule.id for rule in (*book.rules, *own) if not guessable(rule)}

    def may_be_guessed(finding: Finding) -> bool:
        return finding.rule not in sure  # a rule that is not known here may be of any kind

    made = baseline.made(report, salt=secrets.token_bytes(16), guessable=may_be_guessed, before=before)
    output.to_file(path, baseline.dump(made))
    shown = progress.chosen("auto")
    if report.incomplete:
        shown.tell("The report is incomplete: what was not scanned is in no baseline.")
    shown.tell(f"{path}: {len(report.findings):,} findings in {len(made.entries):,} entries.")
    return Exit.CLEAN


def _report(name: str) -> Report:
    try:
        data = sys.stdin.buffer.read(_MOST_BYTES) if name == "-" and sys.stdin else Path(name).read_bytes()
    except OSError as error:
        raise Misuse(
            f"{name} cannot be read ({error.strerror}): name a report of `vallum scan --format json`."
        ) from error
    return reports.read(data)


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "baseline",
        description="Write down the findings that you know of, so that a scan shows only what is new.",
        epilog=_EPILOG,
    )
    verbs = command.add_subparsers(dest="verb", required=True, metavar="write")
    writing = verbs.add_parser("write", help="write, or write anew, from a JSON report", allow_abbrev=False)
    writing.add_argument("report", metavar="REPORT", help="of `vallum scan --format json`; - for standard input")
    writing.add_argument("--output", default=FILE, metavar="FILE", help=f"default: {FILE}")
    writing.add_argument("--rules", action="append", default=[], metavar="PATH", help="own rules that the scan had")
    return command
