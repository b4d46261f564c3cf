"""`vallum convert`: reports of other tools, as ours."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from vallum import output, progress
from vallum.cli import arguments, delivery, parser
from vallum.cli.exits import Exit
from vallum.errors import ClientError, Misuse
from vallum_engine.errors import EngineError
from vallum_engine.model.report import Coverage, Problem, Report
from vallum_engine.parsers.catalogue import all_formats
from vallum_engine.parsers.document import MOST_BYTES
from vallum_engine.parsers.join import joined
from vallum_engine.parsers.read import parse
from vallum_engine.values import replace

_WHY_ASSET = (
    "it names what the reports are about. Keep the name: what a later report no longer lists counts as resolved."
)
_EPILOG = """\
A format is recognised by what is in the file; `vallum convert --list` names those there are. Several files become one
report: what two of them say is one finding.

exit codes: 0 no findings, 1 findings, 2 wrong usage, 3 a file or a record could not be read (wins over 1)
"""


def run(arguments: Sequence[str]) -> Exit:
    """Read, report, upload if asked, and say by the exit code how it went."""
    given = _parser().parse_args(arguments)
    if given.list:
        return _list()
    if not given.file:
        raise Misuse("Name a report to read, or - for standard input; --list shows which formats are read.")
    if given.named and given.named not in all_formats():
        raise Misuse(f"--as: {given.named} is no format: `vallum convert --list` names those there are.")
    asked = delivery.asked(given, why_asset=_WHY_ASSET)
    delivery.prepare(asked)
    started = time.monotonic()
    report = joined(list(_read(given.file, given.named, whole=not given.part)))
    report = replace(report, stats=replace(report.stats, seconds=time.monotonic() - started))
    delivery.deliver(report, asked, progress.chosen("none"))
    # A part is as complete as it wants to be; what could not be read is listed among the errors.
    if report.errors:
        return Exit.INCOMPLETE
    return Exit.FINDINGS if report.findings else Exit.CLEAN


def _read(names: Sequence[str], format_id: str, *, whole: bool) -> Iterator[Report]:
    """Each file as a report; one that cannot be read is a report of just that. Raises when none can be."""
    problems: list[Problem] = []
    for name in names:
        try:
            data = _bytes(name)
            report = parse(data, name="" if name == "-" else Path(name).name, format_id=format_id, whole=whole)
        except (ClientError, EngineError) as error:
            problems.append(Problem(path=_shown(name), what=str(error), todo="It is not imported."))
            continue
        where = f"{_shown(name)}: " if len(names) > 1 else ""
        yield replace(
            report,
            errors=tuple(replace(problem, path=f"{where}{problem.path}") for problem in report.errors),
            stats=replace(report.stats, files=1, bytes=len(data)),
        )
    if len(problems) == len(names):
        raise ClientError("\n".join(f"{problem.path}: {problem.what}" for problem in problems))
    if problems:
        yield Report(coverage=Coverage(complete=False), errors=tuple(problems))


def _bytes(name: str) -> bytes:
    """At most one byte more than what is read of a report: enough to say that it is too large."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1) if sys.stdin else b""
        with Path(name).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ClientError(f"The file cannot be read ({why}).") from error


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def _list() -> Exit:
    formats = all_formats()
    width = max(map(len, formats))
    lines = (f"{name.ljust(width)}  {format_.title}\n" for name, format_ in formats.items())
    output.to_stdout("".join(lines).encode("utf-8", "backslashreplace"))
    return Exit.CLEAN


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "convert",
        usage="vallum convert FILE… [options]",
        description="Read reports of other tools, and write what they found as a report of Vallum.",
        epilog=_EPILOG,
    )
    command.add_argument("file", nargs="*", metavar="FILE", help="a report; - is standard input")
    command.add_argument("--list", action="store_true", help="show the formats that are read, and nothing else")
    command.add_argument(
        "--as",
        dest="named",
        default="",
        metavar="FORMAT",
        help="take each file for this format, whatever it looks like",
    )
    command.add_argument(
        "--part",
        action="store_true",
        help="the files are not all that their tool has to say: what they leave out has not ended",
    )
    arguments.add_delivery(command.add_argument_group("report"), asset="asset that the reports are about")
    return command
