"""Writes: take a release in, fetch one, and note why there is none."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction

from vallum_web.advisories import download, merge, queries
from vallum_web.advisories.errors import FeedError, UnusableError
from vallum_web.advisories.kinds import KINDS, Kind, recognised
from vallum_web.advisories.models import Feed
from vallum_web.advisories.release import Release, legible, unpacked
from vallum_web.tenancy import clock

log = logging.getLogger(__name__)

EVERY = timedelta(hours=23)
"""How old a feed is fetched anew; asked every hour, so that it is once a day, and again soon after a failure."""
_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A release that is in. `changed` are the vulnerabilities whose risk may be another one now, in order."""

    kind: Kind
    version: str
    rows: int
    changed: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    source: str
    etag: str = ""
    as_of: datetime | None = None
    """None: the day that the release is of."""


def take_file(path: Path, *, force: bool = False) -> Taken:
    """Take in a file of any feed. Raises FeedError and OSError; `force` lets it be older or much shorter than what is here."""
    with path.open("rb") as file:
        with unpacked(file) as inner:
            kind = recognised(inner.read(200))
        file.seek(0)
        return _take(kind, file, _Origin(source=legible(str(path))), force=force)


def update(kind: Kind) -> Taken | None:
    """Fetch the feed; None where the source has nothing newer. Raises FeedError, after noting it."""
    try:
        return _fetch(kind)
    except FeedError as error:
        Feed.objects.update_or_create(id=kind.id, defaults={"failure": str(error), "failed_at": clock.now()})
        raise


def update_due() -> None:
    """Fetch what has not been asked for within a day, unless the operator has switched that off."""
    if not settings.FEEDS_DAILY:
        return
    known, now = queries.feeds(), clock.now()
    for kind in KINDS.values():
        feed = known.get(kind.id)
        if feed is None or feed.as_of is None or feed.as_of < now - EVERY:
            try:
                update(kind)
            except FeedError as error:
                log.warning("%s could not be brought up to date: %s What was known before stays.", kind.title, error)


def _fetch(kind: Kind) -> Taken | None:
    feed = queries.feeds().get(kind.id)
    source = download.address(kind)
    etag = feed.etag if feed is not None and feed.source == source else ""
    with download.arrived(kind, etag=etag) as found:
        if found is not None:
            return _take(kind, found.file, _Origin(source=source, etag=found.etag, as_of=clock.now()), force=False)
    Feed.objects.filter(id=kind.id).update(as_of=clock.now(), failure="", failed_at=None)
    return None


def _take(kind: Kind, file: IO[bytes], origin: _Origin, *, force: bool) -> Taken:
    """All of a release or nothing."""
    with transaction.atomic():
        Feed.objects.get_or_create(id=kind.id)
        feed = Feed.objects.select_for_update().get(id=kind.id)  # one release at a time
        with unpacked(file) as inner:
            release = kind.read(inner)
            rows = merge.stage(kind, release)
        _judge(kind, release, rows, feed if not force else Feed(id=kind.id))
        now = clock.now()
        changed = merge.apply(kind, release, now)
        feed.source, feed.etag = origin.source, origin.etag
        feed.version, feed.day, feed.rows = release.version, release.day, rows
        feed.fetched_at, feed.as_of = now, origin.as_of or datetime.combine(release.day, time(), UTC)
        feed.failure, feed.failed_at = "", None
        feed.save()
        return Taken(kind=kind, version=release.version, rows=rows, changed=changed)


def _judge(kind: Kind, release: Release, rows: int, before: Feed) -> None:
    """Raises UnusableError for what nobody would want in the place of what is here."""
    if not rows:
        raise UnusableError("It has no entry.")
    if release.day > (clock.now() + _AHEAD).date():
        raise UnusableError(f"It is of {release.day}, which has not come yet.")
    if before.day is not None and release.day < before.day:
        raise UnusableError(f"It is of {release.day}, and the {kind.title} that is here is of {before.day}.")
    if rows * 2 < before.rows:
        raise UnusableError(
            f"It has {rows:,} of the {before.rows:,} entries that the {kind.title} here has: it looks cut off."
        )
