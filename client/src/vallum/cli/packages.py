"""`vallum packages`: what is there, whether or not anything is known against it."""

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from vallum import cache, output, progress
from vallum.cli import options, parser
from vallum.cli.delivery import Delivery
from vallum.cli.exits import Exit
from vallum.cli.options import Options
from vallum.cli.scan import opened
from vallum_engine.detector import Detector
from vallum_engine.model.report import Report
from vallum_engine.pipeline import scan
from vallum_engine.plugins import load
from vallum_engine.reports.packages import render_json, render_table
from vallum_engine.sca.lister import PackageLister
from vallum_engine.triggers import collect
from vallum_engine.values import replace

PLACES = "folder, archive, container image, bill of materials, or https:// address of a git repository"
_COMPILED = "vallum.compiled:database"
_LICENCES = "vallum.licensing:for_policy"
_EPILOG = """\
Nothing is looked up and nothing leaves this machine. docs/packages.md says which files are read.

exit codes: 0 listed, 2 wrong usage, 3 something could not be read, and is named
"""


def run(arguments: Sequence[str]) -> Exit:
    """List, and say by the exit code whether all could be read."""
    given = _parser().parse_args(arguments)
    asked = Options(
        place=given.place,
        delivery=Delivery(format=given.format, output="" if given.output == "-" else given.output),
        honour_ignores=not given.no_ignore,
        archives=not given.no_archives,
        branch=given.branch,
        limits=options.limits(given),
    )
    with taken(asked, given.progress) as (lister, report):
        listed = list(lister.listed())
    coverage = replace(report.coverage, exclusions=(*report.coverage.exclusions, *lister.untold()))
    report = replace(report, coverage=coverage)
    data = (render_json if asked.delivery.format == "json" else render_table)(listed, report)
    if asked.delivery.output:
        output.to_file(Path(asked.delivery.output), data)
    else:
        output.to_stdout(data)
    return Exit.INCOMPLETE if report.incomplete else Exit.CLEAN


@contextlib.contextmanager
def taken(asked: Options, told: str, *, licences: bool = False) -> Iterator[tuple[PackageLister, Report]]:
    """The inventory of the place, and the report of taking it; `told` says how much is told meanwhile.

    With `licences` the report's packages say what they are under, by what they declare and the licence files that lie with them.
    """
    shown = progress.chosen(told)
    try:
        with opened(asked, shown) as place:
            lister = PackageLister()
            detectors: list[Detector] = [lister, *([load(_LICENCES)("")] if licences else [])]
            plan = collect(detectors)
            report = scan(
                place.items or iter(()),
                detectors,
                triggers=load(_COMPILED)(plan, cache.opened(place.root), say=shown.say) if licences else plan.load(b""),
                honour_ignores=asked.honour_ignores,
                progress=shown.counts,
                target=place.target,
            )
        yield lister, report
    finally:
        shown.done()


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "packages",
        description="List the packages that lockfiles, manifests and installed trees name, and how each came in.",
        epilog=_EPILOG,
    )
    command.add_argument(
        "place",
        nargs="?",
        default=".",
        metavar="PATH",
        help=f"{PLACES} (default: .)",
    )
    command.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    add_reading(command, "list")
    return command


def add_reading(command: argparse.ArgumentParser, what: str) -> None:
    """The options of whatever reads packages and writes a document."""
    command.add_argument(
        "--output", default="", metavar="FILE", help="write there, whole or not at all (default: standard output)"
    )
    command.add_argument("--branch", default="", help="branch of the repository (default: its own)")
    command.add_argument("--no-ignore", action="store_true", help="look behind .gitignore and .vallumignore too")
    command.add_argument("--no-archives", action="store_true", help=options.NO_ARCHIVES)
    options.add_progress(command)
    options.add_limits(
        command.add_argument_group("limits", f"each one that is met is said, and makes the {what} incomplete")
    )
