"""`vallum gate`: yes, no, or cannot say, for a pipeline; by the platform's gates, or by conditions given here over a report."""

import argparse
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vallum import output, progress, verdicts
from vallum.cli import parser
from vallum.cli.exits import Exit
from vallum.errors import ClientError, Misuse
from vallum.verdicts import Answer, Offender, Said, Why
from vallum_engine.errors import BrokenWire, NotAReport
from vallum_engine.gate import compare, decide
from vallum_engine.gate.decide import Verdict
from vallum_engine.gate.policy import BadPolicy, Policy, parse
from vallum_engine.model.finding import Confidence, Finding, Kind, Severity
from vallum_engine.model.report import Report
from vallum_engine.plugins import load

_EXITS: Mapping[Verdict, Exit] = {
    Verdict.PASS: Exit.CLEAN,
    Verdict.FAIL: Exit.FINDINGS,
    Verdict.CANNOT_SAY: Exit.INCOMPLETE,
}
MOST_BYTES = 1 << 30
_ZSTD = b"\x28\xb5\x2f\xfd"
_EPILOG = """\
examples:
  vallum gate --server https://vallum.example --asset team/shop --wait 600
  vallum scan --format json --output report.json; vallum gate report.json --max-severity medium --no-secret
  vallum gate report.json --baseline main.json           nothing that main.json does not have
  vallum gate report.json --baseline main.json --max-severity high

With --server the platform decides, by the gates of the organization; the token is read from VALLUM_TOKEN.
With a report this machine decides, by the conditions given; --policy takes them from a file, as the platform keeps them.

exit codes: 0 pass, 1 fail, 2 wrong usage, 3 cannot say (a scan that failed, has gaps or is too old; no answer)
"""
_CONDITIONS = ("max_severity", "no_secret", "max_count", "kinds", "min_confidence", "fixable_only", "count_suppressed")
_LIMITS = ("max_severity", "no_secret", "max_count")


def run(arguments: Sequence[str]) -> Exit:
    """Ask, say why, and answer by the exit code."""
    given = _parser().parse_args(arguments)
    answer = _asked(given) if given.server else _decided(given)
    written = verdicts.to_json(answer) if given.format == "json" else verdicts.to_table(answer)
    output.deliver(written, given.output)
    return _EXITS[answer.verdict]


def _asked(given: argparse.Namespace) -> Answer:
    if given.report or given.baseline or given.policy or _conditions(given):
        raise Misuse("With --server the platform's gates decide: leave the report and its conditions out.")
    if not given.asset.strip():
        raise Misuse("--server needs --asset NAME: whose findings the gates are asked about.")
    load("vallum.upload:token")("--server")
    shown = progress.chosen("auto")
    # Loaded when asked for: a report on this machine needs no TLS.
    question = load("vallum.gatekeeper:Question")(
        server=given.server, asset=given.asset.strip(), gate=given.gate.strip(), scan=given.scan.strip()
    )
    patience = 300.0 if given.wait is None else given.wait
    answer: Answer = load("vallum.gatekeeper:ask")(question, patience=patience, tell=shown.status)
    shown.done()
    return answer


def _decided(given: argparse.Namespace) -> Answer:
    if not given.report:
        raise Misuse("Name a report (`vallum scan --format json`), or ask the platform: --server URL --asset NAME.")
    if given.asset or given.gate or given.scan or given.wait is not None:
        raise Misuse("--asset, --gate, --scan and --wait are questions to a platform: add --server URL.")
    policy = _policy(given)
    report = _report(given.report)
    baseline = _report(given.baseline) if given.baseline else None
    judged = list(compare.judged(report, baseline))
    standing = compare.standing(report, baseline, asked_for_new=policy.new_since is not None)
    found = decide.decide(policy, ((facts, 1) for _, facts in judged), standing)
    offending = [finding for finding, facts in judged if decide.offends(policy, facts, found)]
    said = Said(
        gate=Path(given.policy).name if given.policy else "the conditions given",
        verdict=found.verdict,
        reasons=tuple(Why(code=why.code, text=why.text, count=why.count) for why in found.reasons),
        counts=found.counts,
        offending=tuple(_offender(finding) for finding in offending[: verdicts.MOST_LISTED]),
        not_listed=max(0, len(offending) - verdicts.MOST_LISTED),
    )
    return Answer(about="standard input" if given.report == "-" else given.report, said=(said,))


def _offender(finding: Finding) -> Offender:
    place = finding.locations[0]
    return Offender(severity=finding.severity, kind=finding.kind, title=finding.title, path=place.path, line=place.line)


def _policy(given: argparse.Namespace) -> Policy:
    """The file's, or the options'. With a baseline only what is new counts, and without another limit nothing may."""
    asked = _conditions(given)
    if given.policy and asked:
        raise Misuse(f"--policy holds every condition: leave --{next(iter(asked)).replace('_', '-')} out.")
    data: Any = _json(given.policy) if given.policy else {"version": 1, **asked}
    if not isinstance(data, dict):
        raise Misuse(f"--policy: {given.policy} holds no JSON object.")
    if given.baseline and not data.get("new_since"):
        data = {**data, "new_since": {"since": "previous"}}
    if given.baseline and not given.policy and not any(name in asked for name in _LIMITS):
        data = {**data, "max_count": 0}
    try:
        return parse(data)
    except BadPolicy as error:
        where = f"--policy: {given.policy}: " if given.policy else ""
        raise Misuse(f"{where}{error}" if given.policy or asked else _NOTHING_ASKED) from error


_NOTHING_ASKED = "Say what is forbidden: --max-severity, --no-secret, --max-count, --baseline, or a --policy file."


def _conditions(given: argparse.Namespace) -> dict[str, Any]:
    """Those that were given: 0 is one, what an option is without being given is none."""
    asked = {name: getattr(given, name) for name in _CONDITIONS}
    return {name: value for name, value in asked.items() if value is not None and value is not False and value != []}


def _json(name: str) -> Any:
    try:
        return json.loads(_bytes(name))
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{name} is no JSON.") from error


def _report(name: str) -> Report:
    """A report of ours, in JSON or as wire."""
    data = _bytes(name)
    try:
        path = "vallum_engine.wire:read" if data.startswith(_ZSTD) else "vallum_engine.reports.json:read"
        report: Report = load(path)(io.BytesIO(data) if data.startswith(_ZSTD) else data)
    except (NotAReport, BrokenWire) as error:
        raise ClientError(f"{_shown(name)}: {error} A report of another tool goes through `vallum convert`.") from error
    return report


def _bytes(name: str) -> bytes:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1) if sys.stdin else b""
        else:
            with Path(name).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ClientError(f"{_shown(name)} cannot be read ({why}).") from error
    if len(data) > MOST_BYTES:
        raise ClientError(f"{_shown(name)} is larger than {MOST_BYTES:,} bytes: scan parts of the tree one by one.")
    return data


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "gate",
        usage="vallum gate --server URL --asset NAME [options] | vallum gate REPORT [conditions]",
        description="Ask whether a change may pass, and say why or why not.",
        epilog=_EPILOG,
    )
    command.add_argument("report", nargs="?", default="", metavar="REPORT", help="JSON or wire; - is standard input")
    platform = command.add_argument_group("platform")
    platform.add_argument("--server", default="", metavar="URL", help="the platform that decides")
    platform.add_argument("--asset", default="", metavar="NAME", help="whose findings")
    platform.add_argument("--gate", default="", metavar="NAME", help="one gate (default: all that hold for the asset)")
    platform.add_argument("--scan", default="", metavar="ID", help="as of this scan (default: the newest)")
    platform.add_argument(
        "--wait", type=_seconds, default=None, metavar="SECONDS", help="for the scan to be digested (default: 300)"
    )
    _add_conditions(command.add_argument_group("conditions"))
    answer = command.add_argument_group("answer")
    answer.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    answer.add_argument("--output", default="", metavar="FILE", help="write there (default: standard output)")
    return command


def _add_conditions(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--policy", default="", metavar="FILE", help="take all conditions from a JSON file")
    group.add_argument("--baseline", default="", metavar="REPORT", help="only what this report does not have counts")
    group.add_argument(
        "--max-severity", choices=[str(s) for s in Severity], metavar="SEVERITY", help="the worst that is allowed"
    )
    group.add_argument("--no-secret", action="store_true", help="no secret is allowed")
    group.add_argument("--max-count", type=_count, default=None, metavar="N", help="so many may count, and no more")
    group.add_argument(
        "--kind",
        dest="kinds",
        action="append",
        default=[],
        choices=[str(kind) for kind in Kind],
        metavar="KIND",
        help=f"only this kind counts, may be repeated: {', '.join(Kind)}",
    )
    group.add_argument(
        "--min-confidence", choices=[str(c) for c in Confidence], metavar="WORD", help="only what is at least as sure"
    )
    group.add_argument("--fixable-only", action="store_true", help="only vulnerabilities with a version to move to")
    group.add_argument("--count-suppressed", action="store_true", help="what was hidden counts too")


def _seconds(text: str) -> float:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return float(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 7:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of findings")
    return int(text)
