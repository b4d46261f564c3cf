"""`vallum licences`: what is under which licence, and what a policy says to it."""

import argparse
from collections.abc import Sequence

from vallum import cache, compiled, output, progress
from vallum.cli import parser, reading
from vallum.cli.exits import Exit
from vallum.cli.scan import opened
from vallum.licensing import for_policy
from vallum_engine.licenses.listing import render_json, render_table
from vallum_engine.model.report import Report
from vallum_engine.pipeline import scan
from vallum_engine.sca.lister import PackageLister
from vallum_engine.triggers import collect

_EPILOG = """\
Nothing is looked up and nothing leaves this machine. docs/licences.md says what is read, and how a policy is written.

exit codes: 0 listed, 1 the policy forbids a licence or wants one reviewed, 2 wrong usage, 3 something could not be read
"""


def run(arguments: Sequence[str]) -> Exit:
    """List, and say by the exit code what the policy says, if there is one, and whether all could be read."""
    given = _parser().parse_args(arguments)
    asked = reading.asked(given, given.place)
    detector, lister = for_policy(given.policy), PackageLister()
    shown = progress.chosen(given.progress)
    try:
        with opened(asked, shown) as place:
            plan = collect([lister, detector])
            report = scan(
                place.items or iter(()),
                [lister, detector],
                triggers=compiled.database(plan, cache.opened(place.root), say=shown.say),
                honour_ignores=asked.honour_ignores,
                progress=shown.counts,
                target=place.target,
            )
    finally:
        shown.done()
    data = (render_json if given.format == "json" else render_table)(report, detector)
    output.deliver(data, given.output)
    return _verdict(report)


def _verdict(report: Report) -> Exit:
    if report.incomplete:
        return Exit.INCOMPLETE
    return Exit.FINDINGS if report.findings else Exit.CLEAN


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "licences",
        description="List packages by licence: as their metadata declares it, and as the licence files that lie with them say.",
        epilog=_EPILOG,
    )
    reading.add_place(command)
    command.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    command.add_argument(
        "--policy", default="", metavar="FILE", help="hold them against these rules, or against Vallum's own: default"
    )
    reading.add_options(command, "list")
    return command
