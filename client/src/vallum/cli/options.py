"""What `vallum scan` can be asked, as one value."""

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from enum import Enum

from vallum.cli import delivery, parser
from vallum.cli.delivery import Delivery
from vallum.detectors import LICENCES, NAMES
from vallum.errors import Misuse
from vallum_engine.model.finding import Severity
from vallum_engine.values import immutable

_WHY_ASSET = (
    "an asset is one folder, scanned from the same root each time. "
    "Give each folder a name of its own and keep it: what a scan no longer finds counts as resolved."
)
NO_ARCHIVES = "open no archive (zip, jar, office, tar, gz and their kin) that lies in the place: each is named"
_SPAN = re.compile(r"(?!-)[^\s\x00-\x1f]{0,200}\.\.\.?(?!-)[^\s\x00-\x1f]{0,200}")
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


class Part(Enum):
    """Which part of a place is scanned."""

    ALL = "files"
    HISTORY = "history"
    RANGE = "range"
    STAGED = "staged"
    INPUT = "input"


@immutable
class Options:
    """One request for a scan."""

    place: str
    only: tuple[str, ...] = NAMES
    delivery: Delivery
    fail_on: Severity | None = None
    offline: bool = False
    honour_ignores: bool = True
    archives: bool = True
    """Whether the archives that lie in a place are opened."""
    cache: bool = True
    """Whether what is known of unchanged files is used, and kept."""
    ignore_unfixed: bool = False
    ignores: str = ""
    """A file of ignores, instead of the scanned folder's own."""
    vex: tuple[str, ...] = ()
    """VEX documents to apply."""
    products: tuple[str, ...] = ()
    """What the documents call what is scanned."""
    branch: str = ""
    part: Part = Part.ALL
    span: str = ""
    """`A..B`, where the part is a range."""
    platform: str = ""
    """Of an image for several: `linux/arm64`."""
    baseline: str = ""
    rules: tuple[str, ...] = ()
    """Files and folders of own rules."""
    repository_rules: bool = False
    verify: bool = False
    """Ask the issuers of the secrets that are found whether they still work."""
    licence_policy: str = ""
    """A file of rules on licences, or `default`."""
    progress: str = "auto"
    processes: int = 0
    """That look at a large folder; 0 for as many as there are processors."""
    left_out: tuple[str, ...] = ()
    """What was not brought here, for instance because of its size: gaps of the scan. A folder ends in `/`."""
    limits: Mapping[str, int]


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line. Leaves by argparse's SystemExit(2), or raises Misuse, when it makes no sense."""
    given = _parser().parse_args(arguments)
    if given.verify and "secrets" not in given.only:
        raise Misuse("--verify asks about secrets: add secrets to --only, or leave --only out.")
    if given.offline and (what := _connection(given)):
        raise Misuse(f"--offline forbids every connection, and {what}: leave one of them out.")
    if given.no_ignore and (
        hiding := next((name for name in ("baseline", "ignores", "vex") if getattr(given, name)), "")
    ):
        raise Misuse(f"--no-ignore shows everything, and --{hiding} hides what it knows: leave one of them out.")
    part = _part(given)
    only, licence_policy = _with_licences(given)
    return Options(
        place=given.place,
        only=only,
        licence_policy=licence_policy,
        delivery=delivery.asked(given, why_asset=_WHY_ASSET),
        fail_on=given.fail_on and Severity(given.fail_on),
        offline=given.offline,
        honour_ignores=not given.no_ignore,
        archives=not given.no_archives,
        cache=not given.no_cache,
        ignore_unfixed=given.ignore_unfixed,
        ignores=given.ignores,
        vex=tuple(given.vex),
        products=tuple(given.product),
        branch=given.branch,
        part=part,
        baseline=given.baseline,
        rules=tuple(given.rules),
        repository_rules=given.repository_rules,
        verify=given.verify,
        span=given.range,
        platform=given.platform,
        progress=given.progress,
        processes=given.processes,
        left_out=(*given.left_out, *(_listed(given.left_out_from) if given.left_out_from else ())),
        limits=limits(given),
    )


def _connection(given: argparse.Namespace) -> str:
    """What another machine is wanted for; empty where it is not."""
    if "://" in given.place:
        return "the repository lies on another machine"
    if given.verify:
        return "--verify asks the issuers of secrets"
    return "--upload sends the report to another machine" if given.upload else ""


def _with_licences(given: argparse.Namespace) -> tuple[tuple[str, ...], str]:
    """Licences are judged by a policy, which is the packaged one where they are asked for by name alone."""
    policy = given.licence_policy or ("default" if LICENCES in given.only else "")
    if not policy or LICENCES in given.only:
        return given.only, policy
    if given.only != NAMES:
        raise Misuse(f"--licence-policy judges licences, and --only leaves them out: add {LICENCES} to it.")
    return (*given.only, LICENCES), policy


def _part(given: argparse.Namespace) -> Part:
    asked = [part for part in (Part.HISTORY, Part.RANGE, Part.STAGED) if getattr(given, part.value)]
    if given.place == "-":
        asked.append(Part.INPUT)
    if len(asked) > 1:
        raise Misuse("--history, --range, --staged and standard input exclude each other: ask for one.")
    part = asked[0] if asked else Part.ALL
    if part in (Part.HISTORY, Part.RANGE) and "secrets" not in given.only:
        raise Misuse("Only secrets are looked for in a history: add secrets to --only, or leave --only out.")
    if part is Part.RANGE and not _SPAN.fullmatch(given.range):
        raise Misuse(f"--range {given.range!r} is no range: write A..B, for instance origin/main..HEAD.")
    if given.upload and part not in (Part.ALL, Part.HISTORY):
        raise Misuse("--upload sends what a whole scan says: what a part of it does not find has not ended.")
    if "://" in given.place and part in (Part.RANGE, Part.STAGED):
        raise Misuse("--range and --staged are asked of a folder: clone the repository and name the clone.")
    return part


def _parser() -> argparse.ArgumentParser:
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
        help="folder, archive, container image (docker save, OCI layout), bill of materials (CycloneDX, SPDX), "
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
    what.add_argument(
        "--platform",
        default="",
        metavar="OS/ARCH",
        help="of an image for several (default: linux/amd64, else its first)",
    )


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
    delivery.add_arguments(
        report, asset="asset that the upload is about: one folder, scanned from the same root each time, has one name"
    )
    report.add_argument(
        "--baseline", default="", metavar="FILE", help="hide what this file of `vallum baseline write` knows"
    )
    report.add_argument("--fail-on", choices=[str(s) for s in Severity], metavar="SEVERITY", help=_fail_on())
    add_progress(report)


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


def limits(given: argparse.Namespace) -> Mapping[str, int]:
    """What was said of these options, by the names of the limits."""
    said = {"file_bytes": given.max_file_bytes, "files": given.max_files, "total_bytes": given.max_bytes}
    return {name: value for name, value in said.items() if value}


def _listed(name: str) -> list[str]:
    try:
        with open(name, "rb") as file:
            data = file.read()
    except OSError as error:
        raise Misuse(f"--left-out-from: {name} cannot be read ({error.strerror}): name a file of paths.") from error
    return [os.fsdecode(path) for path in data.split(b"\0") if path]


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
