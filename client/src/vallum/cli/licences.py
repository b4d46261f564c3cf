"""`vallum licences`: what is under which licence, and what a policy says to it."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from vallum import cache, compiled, output, progress
from vallum.cli import options
from vallum.cli.delivery import Delivery
from vallum.cli.exits import Exit
from vallum.cli.options import Options
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
    asked = Options(
        place=given.place,
        delivery=Delivery(format=given.format, output="" if given.output == "-" else given.output),
        honour_ignores=not given.no_ignore,
        branch=given.branch,
        limits=options.limits(given),
    )
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
    if asked.delivery.output:
        output.to_file(Path(asked.delivery.output), data)
    else:
        output.to_stdout(data)
    return _verdict(report)


def _verdict(report: Report) -> Exit:
    if report.incomplete:
        return Exit.INCOMPLETE
    return Exit.FINDINGS if report.findings else Exit.CLEAN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vallum licences",
        description="List packages by licence: as their metadata declares it, and as the licence files that lie with them say.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "place",
        nargs="?",
        default=".",
        metavar="PATH",
        help="folder, archive, image, or https:// address of a git repository (default: .)",
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    parser.add_argument(
        "--policy", default="", metavar="FILE", help="hold them against these rules, or against Vallum's own: default"
    )
    parser.add_argument(
        "--output", default="", metavar="FILE", help="write there, whole or not at all (default: standard output)"
    )
    parser.add_argument("--branch", default="", help="branch of the repository (default: its own)")
    parser.add_argument("--no-ignore", action="store_true", help="look behind .gitignore and .vallumignore too")
    parser.add_argument(
        "--progress", choices=("auto", "none", "json"), default="auto", help="on standard error (default: auto)"
    )
    options.add_limits(
        parser.add_argument_group("limits", "each one that is met is said, and makes the list incomplete")
    )
    return parser
