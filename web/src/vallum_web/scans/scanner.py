"""Running the `vallum` command over something untrusted: in a sandbox, its report read from a pipe."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, PIPE, SubprocessError, run
from time import monotonic

from django.conf import settings

from vallum_guard.http import Route
from vallum_guard.proxy import ConnectProxy
from vallum_guard.proxy import Limits as CarryLimits
from vallum_guard.sandbox import End, Limits, Mechanism
from vallum_web.scans import asking, command

TELL_EVERY = 1.0
PREPARING_SECONDS = 300
REPORT_BYTES = 256 << 20
ASKING_BYTES = 32 << 20
"""Both ways, of one scan: five hundred questions and their answers."""
# What of the home folder a sandbox sees: the keys beside them are not for it.
SHARED = ("cache", "advisories")
# Clean, findings, incomplete: the exits with a report.
REPORTING = frozenset({0, 1, 3})


class ScannerFailedError(Exception):
    """The scanner gave no report; the message says why, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to scan. A trusted source is the operator's own folder: its ignore files are honoured."""

    path: Path
    trusted: bool = False
    left_out: tuple[str, ...] = ()
    """What was not brought, files that are too large and submodules (`path/`): gaps, not absences.

    Only of a `path` in a scan's scratch folder: a list of them is written beside it.
    """
    facts: Mapping[str, str] = field(default_factory=dict)
    """`branch` and `commit`, where there are such."""


def scan(
    job: Job,
    *,
    sink: Callable[[bytes], object],
    tell: Callable[[Mapping[str, int]], object],
    route: Route | None = None,
) -> Mechanism:
    """Scan `job`, its wire report going to `sink` and its progress to `tell`; returns how it was isolated.

    With a `route` the issuers of what is found are asked by it, and nobody else can be reached.
    Raises ScannerFailedError. Untrusted sources are refused where no isolation is to be had.
    """
    home, told = Path(settings.HOME), 0.0

    def heard(line: str) -> None:
        nonlocal told
        if line.startswith("{") and monotonic() - told >= TELL_EVERY:
            told = monotonic()
            tell(_numbers(line))

    try:
        command.mechanism(trusted=job.trusted)
        prepare()
        gaps = _gaps(job)
        with _proxy(route) as proxy:
            outcome = command.run(
                _arguments(job, gaps, asks=proxy is not None),
                streams=command.Streams(stdout=sink, stderr_line=heard),
                limits=Limits(stdout_bytes=REPORT_BYTES),
                readable=(job.path, *gaps, *(home / name for name in SHARED)),
                trusted=job.trusted,
                proxy=proxy,
            )
    except command.NotRunError as error:
        raise ScannerFailedError(f"Not scanned: {error}") from error
    if outcome.end is not End.EXITED:
        raise ScannerFailedError(
            f"The scanner was stopped: {outcome.reason}. Nothing was changed; scan again or make the source smaller."
        )
    if outcome.returncode not in REPORTING:
        raise ScannerFailedError(_explain(outcome.returncode, outcome.stderr_tail))
    return outcome.mechanism


def prepare() -> None:
    """Bring compiled rules and advisories up to date, by the command itself and outside a sandbox, which only reads them."""
    home = Path(settings.HOME)
    for name in SHARED:
        (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        done = run(
            [str(command.program()), "db", "prepare"],
            env={"VALLUM_HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            check=False,
            text=True,
            timeout=PREPARING_SECONDS,
        )
    except (OSError, SubprocessError) as error:
        raise ScannerFailedError(f"The scanner's data could not be prepared: {error}") from error
    if done.returncode:
        raise ScannerFailedError(f"The scanner's data could not be prepared: {command.last_words(done.stderr)}")


@contextmanager
def _proxy(route: Route | None) -> Iterator[Path | None]:
    """The one hole in the sandbox: to the issuers that our rules name, for as long as a scan may take."""
    if route is None:
        yield None
        return
    carried = CarryLimits(total_bytes=ASKING_BYTES, seconds=Limits().seconds)
    with ConnectProxy(route=route, purpose=asking.PURPOSE, limits=carried, only=asking.hosts()) as proxy:
        yield proxy.path


def _arguments(job: Job, gaps: Sequence[Path], *, asks: bool) -> Sequence[str]:
    listed = [f"--left-out-from={place}" for place in gaps]
    ignore = [] if job.trusted else ["--no-ignore"]
    # The tree lies at a path of this scan's own: nobody will come back to it.
    verify = ["--verify"] if asks else []
    plain = ["scan", "--format", "wire", "--progress", "json", "--no-cache"]
    return [*plain, *verify, *ignore, *listed, "--", str(job.path)]


def _gaps(job: Job) -> Sequence[Path]:
    """The list of what was not brought, as a file: a hostile tree has more of it than a command line holds."""
    if not job.left_out:
        return ()
    place = job.path.with_name("left-out")
    place.write_bytes(b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in job.left_out))
    return (place,)


def _numbers(line: str) -> dict[str, int]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return {name: said[name] for name in ("files", "bytes", "findings") if type(said.get(name)) is int}


def _explain(code: int, stderr: str) -> str:
    if code > 128:
        return f"The scanner was killed (signal {code - 128}). Nothing was changed; scan again."
    return f"The scanner gave up (exit code {code}): {command.last_words(stderr)}"
