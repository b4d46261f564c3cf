"""Another tool's report as one of ours: `vallum convert` reads it in a sandbox, and the platform reads what that writes."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from django.conf import settings

from vallum_engine import wire
from vallum_engine.errors import BrokenWire
from vallum_engine.model.report import Report
from vallum_engine.model.text import size
from vallum_guard.sandbox import End, Limits, Outcome
from vallum_web.ingest import admission
from vallum_web.ingest.models import Upload
from vallum_web.scans import command
from vallum_web.scans import services as scans
from vallum_web.tenancy import blobs

LIMITS = Limits(seconds=300.0, cpu_seconds=300, stdout_bytes=256 << 20)
# Clean, findings, incomplete: the exits with a report.
REPORTING = frozenset({0, 1, 3})
SIMPLER = "Split the report, or save it as SARIF or CycloneDX, and import that."
_AT_ONCE = 1 << 20
_WHO = ("vallum: ", "standard input: ")


class NotConvertedError(ValueError):
    """The report could not be read; the message says what happened and what to do."""


def converted(upload: Upload) -> Report:
    """What another tool's report says, every record accounted for. Raises NotConvertedError, EngineError, NotAdmittedError."""
    if upload.blob is None:
        raise NotConvertedError("The report is no longer kept: upload it again.")
    scans.follow(upload.scan, "reading")
    scratch = Path(settings.HOME) / "scratch"
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryFile(dir=scratch) as out:
        try:
            with blobs.opened(upload.org_id, upload.blob) as kept, TemporaryFile(dir=scratch) as raw:
                shutil.copyfileobj(kept, raw, _AT_ONCE)
                raw.seek(0)
                outcome = command.run(
                    _arguments(upload), streams=command.Streams(stdin=raw, stdout=out.write), limits=LIMITS
                )
        except FileNotFoundError:
            raise NotConvertedError("The report is no longer kept: upload it again.") from None
        except command.NotRunError as error:
            raise NotConvertedError(f"It was not read. {error}") from error
        scans.follow(upload.scan, "reading", facts={"isolation": outcome.mechanism.level.value})
        _judge(outcome)
        out.seek(0)
        report = _read(out)
    admission.admit(report)
    return report


def _arguments(upload: Upload) -> Sequence[str]:
    named = [f"--as={upload.named}"] if upload.named else []
    part = [] if upload.whole else ["--part"]
    return ["convert", "--format=wire", *named, *part, "-"]


def _judge(outcome: Outcome) -> None:
    if outcome.end is not End.EXITED:
        raise NotConvertedError(f"Reading it was stopped: {outcome.reason}. {SIMPLER}")
    if outcome.returncode in REPORTING and outcome.stdout_bytes:
        return
    said = command.last_words(outcome.stderr_tail)
    if outcome.returncode > 128 or "MemoryError" in said:
        memory = size(LIMITS.memory_bytes)
        raise NotConvertedError(
            f"Reading it was stopped: it took more than the {memory} of memory or the {LIMITS.cpu_seconds} seconds that "
            f"a report is given. {SIMPLER}"
        )
    for who in _WHO:
        said = said.removeprefix(who)
    raise NotConvertedError(said)


def _read(out: IO[bytes]) -> Report:
    try:
        return wire.read(out, admission.READING)
    except BrokenWire as error:
        raise NotConvertedError(f"It says more than is taken in: {error} {SIMPLER}") from error
