"""What `vallum scan` can be asked, as argparse reads and explains it."""

import argparse
from collections.abc import Sequence

from vallum.cli import parser
from vallum.cli.delivery import FORMATS
from vallum.detectors import LICENCES, NAMES
from vallum_engine.model.finding import Severity

NO_ARCHIVES = "open no archive (zip, jar, office, tar, gz and their kin) that lies in the place: each is named"
MOST_PROCESSES = 64
_SUFFIXES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}

_EPILOG = """\
ignoring:
  .gitignore hides only what git does not track. .vallumignore (same syntax) and a comment with vallum:ignore,
  vallum:ignore rule-id REASON or vallum:ignore[rule-id,…] REASON on the finding's line, or the one above, hide more;
  what they hide is counted and listed. For a package the rule is its CVE or advisory: vallum:ignore CVE-2021-23337.
  .vallum/ignores.toml ignores advisories with a reason and an end date: docs/ignoring.md.

exit codes: 0 clean, 1 findings, 2 wrong usage, 3 something could not be scanned (wins over 1)
"""


def read(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line. Leaves by SystemExit(2) when it makes no sense."""
    return scan().parse_args(arguments)


def scan() -> argparse.ArgumentParser:
    """Of `vallum scan`."""
    command = parser.command(
        "scan",
        description="Find secrets and vulnerable packages. Nothing of what is scanned is executed, and nothing leaves this machine\n"
        "unless a repository's address, --verify or --upload asks for it.",
        epilog=_EPILOG,
    )
    command.add_argument(
        "place",
        nargs="?",
        default=".",
        metavar="PATH",
        help="folder, file, archive, container image (docker save, OCI layout), bill of materials (CycloneDX, SPDX), "
        "https:// address of a git repository, "
        "or - for standard input (default: .)",
    )
    _add_what(command.add_argument_group("what"))
    _add_hiding(command.add_argument_group("hiding", "what is hidden is counted and listed"))
    _add_reading(command.add_argument_group("reading"))
    _add_report(command.add_argument_group("report"))
    add_limits(command.add_argument_group("limits", "each one that is met is said, and makes the scan incomplete"))
    return command


def _add_what(what: argparse._ArgumentGroup) -> None:
    what.add_argument(
        "--only",
        type=_names,
        default=NAMES,
        metavar="NAME,…",
        help=f"of {', '.join(NAMES)} (default: these), {LICENCES}",
    )
    what.add_argument(
        "--rules", action="append", default=[], metavar="PATH", help="file or folder of own rules for secrets"
    )
    what.add_argument(
        "--repository-rules", action="store_true", help="the rules in .vallum/rules of the scanned folder as well"
    )
    what.add_argument(
        "--verify",
        action="store_true",
        help="ask the issuer of each secret that is found whether it still works: the value goes to that issuer alone",
    )
    what.add_argument(
        "--licence-policy",
        default="",
        metavar="FILE",
        help="hold the licences of packages against these rules (docs/licences.md), or against Vallum's own: default",
    )
    what.add_argument("--branch", default="", help="branch of the repository (default: its own)")
    what.add_argument(
        "--history",
        action="store_true",
        help="look for secrets in every commit and tag too, and say who brought them and whether HEAD still has them",
    )
    what.add_argument("--range", default="", metavar="A..B", help="only what these commits wrote, and their messages")
    what.add_argument("--staged", action="store_true", help="only what the next commit would bring (of the index)")
    add_platform(what)


def _add_hiding(hiding: argparse._ArgumentGroup) -> None:
    hiding.add_argument(
        "--no-ignore",
        action="store_true",
        help="look behind .gitignore, .vallumignore, .vallum/ignores.toml and vallum:ignore too",
    )
    hiding.add_argument(
        "--ignores", default="", metavar="FILE", help="advisories to ignore, instead of those in .vallum/ignores.toml"
    )
    hiding.add_argument(
        "--vex",
        action="append",
        default=[],
        metavar="FILE",
        help="hide what this VEX document says is not affected or fixed: OpenVEX, CycloneDX or CSAF",
    )
    hiding.add_argument(
        "--product",
        action="append",
        default=[],
        metavar="NAME",
        help="what VEX documents call what is scanned: a package URL, or another name",
    )
    hiding.add_argument(
        "--ignore-unfixed",
        action="store_true",
        help="list vulnerable packages without a fixed version as suppressed: they neither count nor fail",
    )


def _add_reading(read: argparse._ArgumentGroup) -> None:
    read.add_argument("--no-archives", action="store_true", help=NO_ARCHIVES)
    read.add_argument(
        "--no-cache", action="store_true", help="read files again that did not change, and keep nothing of them"
    )
    read.add_argument(
        "--processes",
        type=_count,
        default=0,
        metavar="N",
        help="how many look at a large folder together (default: one for each processor, up to 8)",
    )
    read.add_argument("--offline", action="store_true", help="refuse whatever would need a connection")
    read.add_argument(
        "--left-out",
        action="append",
        default=[],
        metavar="PATH",
        help="a file (or a folder/) that is missing here: a gap, not an absence",
    )
    read.add_argument(
        "--left-out-from", default="", metavar="FILE", help="the same from a file, each path ended by a NUL byte"
    )


def _add_report(report: argparse._ArgumentGroup) -> None:
    add_delivery(
        report, asset="asset that the upload is about: one folder, scanned from the same root each time, has one name"
    )
    report.add_argument(
        "--baseline", default="", metavar="FILE", help="hide what this file of `vallum baseline write` knows"
    )
    report.add_argument("--fail-on", choices=[str(s) for s in Severity], metavar="SEVERITY", help=_fail_on())
    add_progress(report)


def add_delivery(report: argparse._ArgumentGroup, *, asset: str) -> None:
    """The options of a report; `asset` says what the asset of an upload is."""
    report.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    report.add_argument(
        "--output", default="", metavar="FILE", help="write there, whole or not at all (default: standard output)"
    )
    report.add_argument(
        "--upload",
        default="",
        metavar="URL",
        help="send the report to a platform, with --asset; the token is read from VALLUM_TOKEN",
    )
    report.add_argument("--asset", default="", metavar="NAME", help=asset)
    report.add_argument(
        "--author",
        default="",
        metavar="NAME",
        help="who answers for what openvex and cyclonedx-vex state (default: the name of what was scanned)",
    )


def add_platform(group: argparse._ActionsContainer) -> None:
    """The option that chooses one of the images of a layout."""
    group.add_argument(
        "--platform",
        default="",
        metavar="OS/ARCH",
        help="of a container image for several (default: linux/amd64, else its first)",
    )


def add_progress(group: argparse._ActionsContainer) -> None:
    """The option that says how much is told meanwhile."""
    group.add_argument(
        "--progress", choices=("auto", "none", "json"), default="auto", help="on standard error (default: auto)"
    )


def add_limits(group: argparse._ArgumentGroup) -> None:
    """The options that say how much is read."""
    group.add_argument("--max-file-bytes", type=_size, default=0, metavar="N", help="of one file (default: 10M)")
    group.add_argument(
        "--max-files",
        type=_size,
        default=0,
        metavar="N",
        help="default: 1,000,000; archives 50,000; images 1,000,000; a history 2,000,000",
    )
    group.add_argument(
        "--max-bytes",
        type=_size,
        default=0,
        metavar="N",
        help="of all files (default: 4G; archives 512M; images 16G; a history 64G)",
    )


def _fail_on() -> str:
    return f"only findings at or above it make the exit code 1: {', '.join(Severity)}"


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = sorted(set(names) - {*NAMES, LICENCES})
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"{', '.join(unknown) or 'nothing'} is no detector; there are {', '.join((*NAMES, LICENCES))}"
        )
    return names


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: write 1 to {MOST_PROCESSES}")
    return int(text)


def _size(text: str) -> int:
    digits = text.rstrip("kKmMgG")
    factor = _SUFFIXES.get(text[len(digits) :].lower())
    if factor is None or not digits.isascii() or not digits.isdigit() or len(digits) > 15 or not int(digits):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 500000, 500k, 10M or 2G")
    return int(digits) * factor
