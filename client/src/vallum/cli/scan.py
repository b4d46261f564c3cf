"""`vallum scan`: from a place to a report."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vallum import cache, compiled, detectors, progress
from vallum.cli import delivery, options
from vallum.cli.exits import Exit
from vallum.cli.options import Options
from vallum.collectors.repository.head import checked_out
from vallum.errors import Misuse
from vallum.progress import Progress
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.finding import Severity
from vallum_engine.model.report import Report
from vallum_engine.model.text import printable
from vallum_engine.pipeline import scan
from vallum_engine.plugins import load
from vallum_engine.triggers import collect

Items = Iterator[File | Skipped]
MOST_GAPS = 10_000
"""Paths that were not brought and are named one by one: a hostile repository has a million, of one large file."""

# Loaded when asked for: a scan of a folder needs no TLS and no zip reader.
_SOURCES: Mapping[str, str] = {
    "folder": "vallum_engine.sources.directory:walk",
    "archive": "vallum_engine.sources.archive:read",
    "limits": "vallum_engine.sources.limits:Limits",
    "archive limits": "vallum_engine.sources.limits:ArchiveLimits",
    "repository": "vallum.collectors.repository.checkout:cloned",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is scanned: files, and what is known about where they are from."""

    root: str
    items: Items
    target: Mapping[str, str]


def run(arguments: Sequence[str]) -> Exit:
    """Scan, report, upload if asked, and say by the exit code how it went."""
    asked = options.parse(arguments)
    delivery.prepare(asked.delivery)
    shown = progress.chosen(asked.progress)
    try:
        report = _report(asked, shown)
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
    with _place(asked, shown) as place:
        shown.phase("preparing")
        kept = cache.opened(place.root)
        if kept.trouble:
            shown.say(kept.trouble)
        with detectors.made(asked.only, kept, say=shown.say) as chosen:
            database = compiled.database(collect(chosen), kept, say=shown.say)
            shown.phase("scanning")
            report = scan(
                _with_gaps(place.items, asked.left_out),
                chosen,
                triggers=database,
                honour_ignores=asked.honour_ignores,
                progress=shown.counts,
                target=place.target,
            )
    shown.phase("reporting")
    return replace(report, stats=replace(report.stats, seconds=time.monotonic() - started))


@contextlib.contextmanager
def _place(asked: Options, shown: Progress) -> Iterator[Place]:
    if "://" in asked.place or asked.place.startswith("git@"):
        shown.phase("cloning")
        with load(_SOURCES["repository"])(asked.place, asked.branch, say=shown.say) as clone:
            walked = load(_SOURCES["folder"])(
                clone.root, limits=_limits(asked, "limits"), honour_ignores=asked.honour_ignores
            )
            yield Place(root=clone.root, items=_with_gaps(walked, clone.left_out), target=clone.target)
        return
    if asked.branch:
        raise Misuse("--branch goes with the address of a repository: check a branch out to scan it in place.")
    path = Path(asked.place)
    if path.is_dir():
        target = {"name": path.resolve().name, **checked_out(path)}
        walked = load(_SOURCES["folder"])(
            asked.place, limits=_limits(asked, "limits"), honour_ignores=asked.honour_ignores
        )
        yield Place(root=asked.place, items=walked, target=target)
    elif path.exists():
        read = load(_SOURCES["archive"])(asked.place, limits=_limits(asked, "archive limits"))
        yield Place(root=asked.place, items=read, target={"name": path.name})
    else:
        raise Misuse(
            f"{asked.place} does not exist: name a folder, an archive, or the https:// address of a repository."
        )


def _with_gaps(items: Items, left_out: Sequence[str]) -> Items:
    for path in left_out[:MOST_GAPS]:
        yield Skipped(printable(path), "submodule: not fetched" if path.endswith("/") else "too large to be fetched")
    if len(left_out) > MOST_GAPS:
        yield Skipped("", f"{len(left_out) - MOST_GAPS:,} more files were not brought")
    yield from items


def _limits(asked: Options, kind: str) -> object:
    return load(_SOURCES[kind])(**asked.limits)
