"""`vallum fix`: from what a scan finds in packages to the fewest upgrades that end it, as steps and as a diff."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from vallum import cache, detectors, output, progress
from vallum.cli import parser, reading
from vallum.cli.aside import Aside
from vallum.cli.exits import Exit
from vallum.cli.options import Options
from vallum.cli.scan import opened
from vallum.errors import ClientError, Misuse
from vallum.progress import Progress
from vallum_engine.detector import Detector
from vallum_engine.model.finding import Finding, Severity
from vallum_engine.model.plan import Patch, Plan
from vallum_engine.model.report import Report
from vallum_engine.pipeline import scan
from vallum_engine.reports.plan import render_diff, render_json, render_table
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.planning.keeper import Keeper
from vallum_engine.sca.planning.plan import plan
from vallum_engine.triggers import collect

_EPILOG = """\
examples:
  vallum fix                                the plan for this folder
  vallum fix --most 5                       the five upgrades that end the most
  vallum fix --format diff | git apply      the manifests' part of it; then run what "After the diff" says
  vallum fix --write                        the same, into the manifests themselves

No registry is asked and no package manager is run. docs/fixing.md says what each step means, and describes the JSON.

exit codes: 0 nothing to fix, 1 there is a plan, 2 wrong usage, 3 something could not be read (wins over 1)
"""


def run(arguments: Sequence[str]) -> Exit:
    """Plan, and write where that is asked for."""
    given = _parser().parse_args(arguments)
    asked = reading.asked(given, given.place)
    if given.write and not Path(given.place).is_dir():
        raise Misuse("--write changes manifests in a folder: name one, or take --format diff.")
    shown = progress.chosen(given.progress)
    try:
        made, report = _planned(asked, given, shown)
    finally:
        shown.done()
    data = render_diff(made) if given.format == "diff" else _rendered(given.format, made, report)
    if given.write:
        _write(Path(given.place), made.patches, shown)
    output.deliver(data, given.output)
    if report.incomplete:
        return Exit.INCOMPLETE
    return Exit.FINDINGS if made.steps or made.unfixed or made.left else Exit.CLEAN


def _planned(asked: Options, given: argparse.Namespace, shown: Progress) -> tuple[Plan, Report]:
    with opened(asked, shown) as place:
        aside = Aside(asked, place.target)
        shown.phase("scanning")
        kept = cache.opened(place.root)
        with detectors.made(["packages"], kept, say=shown.say) as (detector,):
            if not isinstance(detector, PackageDetector):
                raise ClientError("The detector of packages is another one here: no plan can be made of it.")
            keeper = Keeper()
            both: list[Detector] = [detector, keeper]
            report = scan(
                aside.watching(place.items or iter(())),
                both,
                triggers=collect(both).load(b""),
                honour_ignores=asked.honour_ignores,
                progress=shown.counts,
                target=place.target,
            )
            report = aside.applied(report, shown)
            shown.phase("planning")
            for path in keeper.beyond:
                shown.say(f"{path} is not edited, and its ranges are not read: there are too many files to keep.")
            made = plan(
                [finding for finding in report.findings if _is_asked(finding, given)],
                detector.inventory,
                files=keeper.files,
                advisories=detector.advisories,
                most=given.most,
            )
    return made, report


def _is_asked(finding: Finding, given: argparse.Namespace) -> bool:
    if given.severity and not finding.severity.at_least(Severity(given.severity)):
        return False
    return not (given.only_direct and finding.package and finding.package.direct is False)


def _rendered(form: str, made: Plan, report: Report) -> bytes:
    return render_json(made, report) if form == "json" else render_table(made, report)


def _write(root: Path, patches: Sequence[Patch], shown: Progress) -> None:
    """All of the manifests, and only as they were scanned. A link is not followed: it may lead out of the folder."""
    for patch in patches:
        path = root / patch.path
        inside = root.resolve() in path.resolve().parents
        if path.is_symlink() or not inside or not path.is_file() or path.read_bytes() != patch.before:
            raise ClientError(f"{patch.path} is no longer what was scanned, or lies elsewhere: nothing was written.")
    for patch in patches:
        output.to_file(root / patch.path, patch.after)
        shown.tell(f"{patch.path}: written.")


def _most(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < len(text) < 7 or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of steps: write 5")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "fix",
        description="Plan the fewest upgrades that end the most advisories, and write them as steps or as a diff of manifests.",
        epilog=_EPILOG,
    )
    reading.add_place(command)
    command.add_argument("--format", choices=("table", "json", "diff"), default="table", help="default: table")
    command.add_argument("--write", action="store_true", help="change the manifests in the folder as the diff says")
    command.add_argument("--most", type=_most, default=None, metavar="N", help="only the N steps that end the most")
    command.add_argument(
        "--severity",
        choices=[str(severity) for severity in Severity],
        metavar="SEVERITY",
        help=f"only for findings at or above it: {', '.join(Severity)}",
    )
    command.add_argument(
        "--only-direct",
        action="store_true",
        help="only for packages that are not known to be asked for by others alone",
    )
    reading.add_options(command, "plan")
    return command
