"""`vallum packages`: what is there, whether or not anything is known against it."""

import argparse
import contextlib
from collections.abc import Iterator, Sequence

from vallum import cache, output, progress
from vallum.cli import parser, reading
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

_COMPILED = "vallum.compiled:database"
_LICENCES = "vallum.licensing:for_policy"
_EPILOG = """\
Nothing is looked up and nothing leaves this machine. docs/packages.md says which files are read.

exit codes: 0 listed, 2 wrong usage, 3 something could not be read, and is named
"""


def run(arguments: Sequence[str]) -> Exit:
    """List, and say by the exit code whether all could be read."""
    given = _parser().parse_args(arguments)
    asked = reading.asked(given, given.place)
    with taken(asked, given.progress) as (lister, report):
        listed = list(lister.listed())
    coverage = replace(report.coverage, exclusions=(*report.coverage.exclusions, *lister.untold()))
    report = replace(report, coverage=coverage)
    data = (render_json if given.format == "json" else render_table)(listed, report)
    output.deliver(data, given.output)
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
    reading.add_place(command)
    command.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    reading.add_options(command, "list")
    return command
