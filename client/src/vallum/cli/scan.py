"""`vallum scan`: from a place to a report."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from vallum import cache, compiled, detectors, progress
from vallum.cache import Cache
from vallum.cli import delivery, options
from vallum.cli.exits import Exit
from vallum.cli.options import Options, Part
from vallum.collectors.repository.head import checked_out
from vallum.errors import Misuse
from vallum.progress import Progress
from vallum_engine import VERSION
from vallum_engine.detector import Again, Detector
from vallum_engine.errors import BrokenData, Overrun
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.finding import Severity
from vallum_engine.model.report import Report
from vallum_engine.model.text import printable, size
from vallum_engine.pipeline import Item, scan
from vallum_engine.plugins import load
from vallum_engine.recall import NOTHING, Unrecorded
from vallum_engine.secrets.rule import Rule
from vallum_engine.sources.content import is_binary
from vallum_engine.sources.ignores import ADVISORIES
from vallum_engine.triggers import Database, collect
from vallum_engine.values import immutable, replace

Items = Iterator[Item]
MOST_GAPS = 10_000
"""Paths that were not brought and are named one by one: a hostile repository has a million, of one large file."""

# Loaded when asked for: a scan of a folder needs no TLS and no zip reader.
_SOURCES: Mapping[str, str] = {
    "kept": "vallum.recalling:Kept",
    "spread": "vallum_engine.sources.spread:Spread",
    "spreading": "vallum_engine.sources.spread:walk",
    "recalled": "vallum_engine.sources.recalled:walk",
    "folder": "vallum_engine.sources.directory:walk",
    "archive": "vallum_engine.sources.archive:read",
    "bill": "vallum.bills:given",
    "image": "vallum_engine.sources.image:opened",
    "image limits": "vallum_engine.sources.limits:ImageLimits",
    "folder again": "vallum_engine.sources.again:of_folder",
    "limits": "vallum_engine.sources.limits:Limits",
    "stream again": "vallum_engine.sources.again:of_stream",
    "archive limits": "vallum_engine.sources.limits:ArchiveLimits",
    "repository": "vallum.collectors.repository.checkout:cloned",
    "aside": "vallum.cli.aside:Aside",
    "baseline": "vallum_engine.baseline:read",
    "compared": "vallum_engine.baseline:compared",
    "rules": "vallum.ownrules:brought",
    "staged": "vallum.collectors.repository.staged:staged",
    "opened": "vallum.lookback:repository",
    "look back": "vallum.lookback:looked_back",
    "witness": "vallum.verifying:Witness",
    "verified": "vallum.verifying:verified",
    "unfixed": "vallum_engine.sca.unfixed:set_aside",
    "look": "vallum.lookback:Look",
    "history limits": "vallum_engine.sources.versions:Limits",
}
MOST_PROCESSORS = 8
"""That are used without being asked to: one process lists folders for all."""
_MOST_INPUT = 64 << 20
_INPUT = "stdin"
_NO_IMAGE = "--platform chooses one of a container image's, and {} is none: leave it out."


@immutable
class Place:
    """What is scanned: files, and what is known about where they are from."""

    root: str
    items: Items | None
    """None where there are no files: of a bare repository, of a range of commits."""
    target: Mapping[str, str]
    again: Again | None = None
    """Reads files of it once more; None where that cannot be done, and where they are not all there is."""
    is_folder: bool = False
    """Whether the files are those of a folder as it lies there."""
    left_out: Sequence[str] = ()
    """What was not brought to this folder."""
    lasting: bool = False
    """A folder that may be scanned again: what is known of its files is kept."""
    recall: Unrecorded = NOTHING


@immutable(kw_only=False)
class _Twice:
    """Files that can be asked for again."""

    items: Items
    again: Again

    def __iter__(self) -> Items:
        return self.items


def run(arguments: Sequence[str]) -> Exit:
    """Scan, report, upload if asked, and say by the exit code how it went."""
    asked = options.parse(arguments)
    delivery.prepare(asked.delivery)
    shown = progress.chosen(asked.progress)
    try:
        report = _report(asked, shown)
        if asked.ignore_unfixed:
            report = load(_SOURCES["unfixed"])(report)
        delivery.deliver(report, asked.delivery, shown)
    finally:
        shown.done()
    return verdict(report, asked.fail_on)


def verdict(report: Report, fail_on: Severity | None) -> Exit:
    """3 before 1: where something was not scanned, having found nothing proves nothing."""
    if report.incomplete:
        return Exit.INCOMPLETE
    found = any(fail_on is None or finding.severity.at_least(fail_on) for finding in report.findings)
    return Exit.FINDINGS if found else Exit.CLEAN


def _report(asked: Options, shown: Progress) -> Report:
    started = time.monotonic()
    known = _baseline(asked.baseline) if asked.baseline else None
    with opened(asked, shown) as place:
        aside = load(_SOURCES["aside"])(asked, place.target) if _may_set_aside(asked, place) else None
        shown.phase("preparing")
        kept = cache.opened(place.root)
        if kept.trouble:
            shown.say(kept.trouble)
        try:
            report, witness = _detected(asked, place, kept, shown, aside)
        except Overrun:  # by its limits the report depends on the order of the files
            report, witness = _detected(replace(asked, processes=1), place, kept, shown, aside)
    shown.phase("reporting")
    if aside:
        report = aside.applied(report, shown)
    if known:
        held = load(_SOURCES["compared"])(report, known)
        report = held.report
        if held.stale:
            shown.say(f"{len(held.stale):,} entries of the baseline match nothing any more: write it again.")
    if witness:
        report = load(_SOURCES["verified"])(report, witness, shown)
    return replace(report, stats=replace(report.stats, seconds=time.monotonic() - started))


def _detected(asked: Options, place: Place, kept: Cache, shown: Progress, aside: Any) -> tuple[Report, Any]:
    """The report, and who asks about secrets. Raises Overrun where only one process can tell what a limit leaves."""
    with detectors.made(
        asked.only, kept, say=shown.say, rules=_rules(asked, place), licence_policy=asked.licence_policy
    ) as chosen:
        witness = _witness(asked, chosen)
        return _looked_at(asked, place, chosen, kept, shown, aside), witness


def _witness(asked: Options, chosen: Sequence[Detector]) -> Any:
    """Who asks the issuers of what the detectors find; None where nobody wants that."""
    if not asked.verify:
        return None
    witness = load(_SOURCES["witness"])()
    witness.watch(chosen)
    return witness


def _may_set_aside(asked: Options, place: Place) -> bool:
    """Whether anything is given, or a file of ignores may be met: a folder that has none need not be watched for it."""
    if asked.ignores or asked.vex or place.items is None:
        return bool(asked.ignores or asked.vex)
    if asked.part is Part.STAGED or not os.path.isdir(place.root):
        return True
    return os.path.isfile(f"{place.root}/{ADVISORIES}")


def _looked_at(
    asked: Options, place: Place, chosen: Sequence[Detector], kept: Cache, shown: Progress, aside: Any
) -> Report:
    plan = collect(chosen)
    make = partial(compiled.database, plan, kept, say=shown.say)
    recalled = load(_SOURCES["kept"])(asked, place.root, kept, chosen) if _lasting(asked, place, kept) else None
    if recalled:
        limits = _limits(asked, "limits")
        walk = load(_SOURCES["recalled"])(
            place.root, recalled.recall, limits=limits, honour_ignores=asked.honour_ignores
        )
        place = replace(place, items=walk, recall=recalled.recall)
    elif (processes := _processes(asked, place, aside)) > 1:
        spread = load(_SOURCES["spread"])(chosen, processes)
        walk = load(_SOURCES["spreading"])(
            place.root, spread, limits=_limits(asked, "limits"), honour_ignores=asked.honour_ignores
        )
        place = replace(place, items=_with_gaps(walk, place.left_out), recall=spread)
    if aside and place.items:
        place = replace(place, items=aside.watching(place.items))
    database = compiled.Late(make) if recalled and recalled.known else make()
    report = _files(asked, place, chosen, database, shown)
    if recalled:
        recalled.keep(report.stats.files)
    if asked.part not in (Part.HISTORY, Part.RANGE):
        return report
    look = load(_SOURCES["look"])(
        folder=place.root,
        span=asked.span,
        honour_ignores=asked.honour_ignores,
        limits=_limits(asked, "history limits"),
    )
    looked: Report = load(_SOURCES["look back"])(
        report, look, chosen=chosen, triggers=(plan, database), kept=kept, shown=shown
    )
    return looked


def _processes(asked: Options, place: Place, aside: Any) -> int:
    """How many may look at it together. Who waits for a file, or for what was found in it, has to be where it is read."""
    if not place.is_folder or asked.verify or (aside and os.path.isfile(f"{place.root}/{ADVISORIES}")):
        return 1
    if asked.processes or not hasattr(os, "sched_getaffinity"):
        return asked.processes or 1
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSORS)


def _lasting(asked: Options, place: Place, kept: Cache) -> bool:
    """Whether what becomes known of the files is of use to a later scan, and may be kept."""
    return place.lasting and asked.cache and not asked.verify and kept.folder is not None


def _baseline(name: str) -> Any:
    """Read before the work: a scan against a baseline that cannot be read would be in vain."""
    try:
        with open(name, "rb") as file:
            return load(_SOURCES["baseline"])(file.read(), name)
    except OSError as error:
        raise Misuse(f"--baseline {name} cannot be read ({error.strerror}).") from error
    except BrokenData as error:
        raise Misuse(str(error)) from error


def _rules(asked: Options, place: Place) -> Sequence[Rule]:
    if not asked.rules and not asked.repository_rules:
        return ()
    pairs = load(_SOURCES["rules"])(asked.rules, scanned=place.root if asked.repository_rules else "")
    return [rule for rule, _ in pairs]


def _files(asked: Options, place: Place, chosen: Sequence[Detector], database: Database, shown: Progress) -> Report:
    if place.items is None:
        return Report(engine=VERSION, target=dict(sorted(place.target.items())))
    shown.phase("scanning")
    items = _with_gaps(place.items, asked.left_out)
    with contextlib.closing(items):
        return scan(
            _Twice(items, place.again) if place.again else items,
            chosen,
            triggers=database,
            honour_ignores=asked.honour_ignores,
            progress=shown.counts,
            target=place.target,
            recall=place.recall,
        )


@contextlib.contextmanager
def opened(asked: Options, shown: Progress) -> Iterator[Place]:
    """The place that is asked for, until the end of the block. Raises Misuse where there is none."""
    if "://" in asked.place or asked.place.startswith("git@"):
        if asked.platform:
            raise Misuse(_NO_IMAGE.format(asked.place))
        shown.phase("cloning")
        history = asked.part is Part.HISTORY
        with load(_SOURCES["repository"])(asked.place, asked.branch, history=history, say=shown.say) as clone:
            walked = load(_SOURCES["folder"])(
                clone.root, limits=_limits(asked, "limits"), honour_ignores=asked.honour_ignores
            )
            items = _with_gaps(walked, clone.left_out)
            again = _folder_again(asked, clone.root)
            place = Place(root=clone.root, items=items, target=clone.target, again=again)
            yield replace(place, is_folder=True, left_out=clone.left_out)
        return
    if asked.branch:
        raise Misuse("--branch goes with the address of a repository: check a branch out to scan it in place.")
    if asked.part is Part.INPUT:
        if asked.platform:
            raise Misuse(_NO_IMAGE.format("standard input"))
        yield Place(root="", items=iter((_input(asked),)), target={"name": "standard input"})
        return
    if (
        asked.part is Part.ALL
        and not asked.platform
        and os.path.isfile(asked.place)
        and (bill := load(_SOURCES["bill"])(asked.place))
    ):
        yield Place(root=asked.place, items=iter((bill,)), target={"name": _name(asked)})
        return
    with _image(asked) as image:
        if asked.platform and not image and os.path.exists(asked.place):
            raise Misuse(_NO_IMAGE.format(asked.place))
        yield image or _local(asked)


@contextlib.contextmanager
def _image(asked: Options) -> Iterator[Place | None]:
    """A container image; None for what is none, which a folder without a layout's mark cannot be."""
    if asked.part is not Part.ALL or not any(map(os.path.isfile, (asked.place, f"{asked.place}/oci-layout"))):
        yield None
        return
    platform = {"platform": asked.platform} if asked.platform else {}
    with load(_SOURCES["image"])(asked.place, limits=_limits(asked, "image limits"), **platform) as image:
        target = image and {"name": _real_name(asked), **image.target}
        yield image and Place(root=asked.place, items=image.items, target=target)


def _local(asked: Options) -> Place:
    if os.path.isdir(asked.place):
        return _folder(asked)
    if os.path.exists(asked.place) and asked.part is Part.ALL:
        read = partial(load(_SOURCES["archive"]), asked.place, limits=_limits(asked, "archive limits"))
        again = partial(_stream_again, read)
        return Place(root=asked.place, items=read(), target={"name": _name(asked)}, again=again)
    if os.path.exists(asked.place):
        raise Misuse(f"{asked.place} is no folder: --{asked.part.value} goes with the top folder of a repository.")
    raise Misuse(
        f"{asked.place} does not exist: name a folder, a file, an archive, an image, a bill of materials,"
        " or the https:// address of a repository."
    )


def _name(asked: Options) -> str:
    return os.path.basename(os.path.normpath(asked.place))


def _real_name(asked: Options) -> str:
    return os.path.basename(os.path.realpath(asked.place))


def _folder(asked: Options) -> Place:
    target = {"name": _real_name(asked), **checked_out(asked.place)}
    items: Items | None = None
    if asked.part is not Part.ALL:
        repository = load(_SOURCES["opened"])(asked.place)
        target["part"] = asked.span or asked.part.value
    if asked.part is Part.STAGED:
        items = load(_SOURCES["staged"])(repository, _limits(asked, "limits"), honour_ignores=asked.honour_ignores)
    elif asked.part is Part.ALL or (
        asked.part is Part.HISTORY and str(repository.git) != os.path.realpath(asked.place)
    ):
        items = load(_SOURCES["folder"])(
            asked.place, limits=_limits(asked, "limits"), honour_ignores=asked.honour_ignores
        )
    again = _folder_again(asked, asked.place) if items and asked.part is not Part.STAGED else None
    return Place(
        root=asked.place,
        items=items,
        target=target,
        again=again,
        is_folder=again is not None,
        lasting=asked.part is Part.ALL,
    )


def _folder_again(asked: Options, root: str) -> Again:
    def again(paths: Sequence[str]) -> Iterator[File]:
        files: Iterator[File] = load(_SOURCES["folder again"])(root, paths, limits=_limits(asked, "limits"))
        return files

    return again


def _stream_again(anew: Callable[[], Items], paths: Sequence[str]) -> Iterator[File]:
    files: Iterator[File] = load(_SOURCES["stream again"])(anew, paths)
    return files


def _input(asked: Options) -> File | Skipped:
    """What comes from standard input, as one file."""
    most = asked.limits.get("file_bytes", _MOST_INPUT)
    data = sys.stdin.buffer.read(most + 1) if sys.stdin else b""
    if len(data) > most:
        return Skipped(_INPUT, f"larger than {size(most)} (raise --max-file-bytes)")
    return Skipped(_INPUT, "binary", covered=True) if is_binary(data) else File(_INPUT, data)


def _with_gaps(items: Items, left_out: Sequence[str]) -> Generator[Item, None, None]:
    for path in left_out[:MOST_GAPS]:
        yield Skipped(printable(path), "submodule: not fetched" if path.endswith("/") else "too large to be fetched")
    if len(left_out) > MOST_GAPS:
        yield Skipped("", f"{len(left_out) - MOST_GAPS:,} more files were not brought")
    yield from items


def _limits(asked: Options, kind: str) -> object:
    levels = {} if asked.archives or kind == "history limits" else {"levels": 0}
    return load(_SOURCES[kind])(**asked.limits, **levels)
