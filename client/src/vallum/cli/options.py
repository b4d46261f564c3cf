"""What `vallum scan` can be asked, as one value."""

import os
import re
from collections.abc import Mapping, Sequence
from enum import Enum

from vallum.cli import delivery, plainly
from vallum.cli.delivery import Delivery
from vallum.cli.plainly import Given
from vallum.detectors import LICENCES, NAMES
from vallum.errors import Misuse
from vallum_engine.model.finding import Severity
from vallum_engine.plugins import load
from vallum_engine.values import immutable

_READ_BY_ARGPARSE = "vallum.cli.arguments:read"
"""With its imports it takes longer than a small scan has, so it reads what `plainly` leaves, and says what is wrong."""

_WHY_ASSET = (
    "an asset is one folder, scanned from the same root each time. "
    "Give each folder a name of its own and keep it: what a scan no longer finds counts as resolved."
)
_SPAN = r"(?!-)[^\s\x00-\x1f]{0,200}\.\.\.?(?!-)[^\s\x00-\x1f]{0,200}"


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
    given = plainly.read(arguments) or load(_READ_BY_ARGPARSE)(arguments)
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


def _connection(given: Given) -> str:
    """What another machine is wanted for; empty where it is not."""
    if "://" in given.place:
        return "the repository lies on another machine"
    if given.verify:
        return "--verify asks the issuers of secrets"
    return "--upload sends the report to another machine" if given.upload else ""


def _with_licences(given: Given) -> tuple[tuple[str, ...], str]:
    """Licences are judged by a policy, which is the packaged one where they are asked for by name alone."""
    policy = given.licence_policy or ("default" if LICENCES in given.only else "")
    if not policy or LICENCES in given.only:
        return given.only, policy
    if given.only != NAMES:
        raise Misuse(f"--licence-policy judges licences, and --only leaves them out: add {LICENCES} to it.")
    return (*given.only, LICENCES), policy


def _part(given: Given) -> Part:
    asked = [part for part in (Part.HISTORY, Part.RANGE, Part.STAGED) if getattr(given, part.value)]
    if given.place == "-":
        asked.append(Part.INPUT)
    if len(asked) > 1:
        raise Misuse("--history, --range, --staged and standard input exclude each other: ask for one.")
    part = asked[0] if asked else Part.ALL
    if part in (Part.HISTORY, Part.RANGE) and "secrets" not in given.only:
        raise Misuse("Only secrets are looked for in a history: add secrets to --only, or leave --only out.")
    if part is Part.RANGE and not re.fullmatch(_SPAN, given.range):
        raise Misuse(f"--range {given.range!r} is no range: write A..B, for instance origin/main..HEAD.")
    if given.upload and part not in (Part.ALL, Part.HISTORY):
        raise Misuse("--upload sends what a whole scan says: what a part of it does not find has not ended.")
    if "://" in given.place and part in (Part.RANGE, Part.STAGED):
        raise Misuse("--range and --staged are asked of a folder: clone the repository and name the clone.")
    return part


def limits(given: Given) -> Mapping[str, int]:
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
