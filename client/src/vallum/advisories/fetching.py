"""EPSS scores and CISA's catalogue from their publishers, or from a mirror that has them beside its archives.

A mirror has them as the publishers name them, `<source>/epss_scores-current.csv.gz` and
`<source>/known_exploited_vulnerabilities.json`, or where its list says (`"feeds"` beside `"archives"`).
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from vallum.advisories import archives, feeds
from vallum.advisories.archives import MOST_SHRUNK, UnusableArchive
from vallum.advisories.download import Download
from vallum_engine.errors import BrokenData
from vallum_engine.sca.exploitation import TITLES, Feed
from vallum_engine.values import immutable


@immutable
class _Note:
    """Which version is kept; lies beside it."""

    source: str
    etag: str
    sha256: str


def bring(name: str, download: Download, folder: Path, *, say: Callable[[str], None]) -> bool:
    """Whether the feed is a new one now. Raises Unreachable, or UnusableArchive for what is no such feed.

    One that is older than what is here is left where it is: a mirror may lag behind a file that a person brought.
    """
    note, kept = _note(folder, name), folder / feeds.NAMES[name]
    etag = note.etag if note and note.source == download.url and note.sha256 == _digest(kept) else ""
    fetched = download.run(etag, progress=lambda _: None)
    if fetched is None:
        return False
    try:
        data = feeds.unpacked(fetched.part)
        feed = _proven(name, data, download.url)
    finally:
        fetched.part.unlink(missing_ok=True)
    here = _here(name, kept)
    if feed.day < here.day:
        say(f"{TITLES[name]}: those of {here.day} stay, because {download.url} has older ones, of {feed.day}.")
        return False
    if len(feed.told) * MOST_SHRUNK < len(here.told):
        raise UnusableArchive(
            f"{download.url} tells of {len(feed.told):,} vulnerabilities, and {len(here.told):,} are here: it is not used. "
            "If it is the whole, fetch it by hand and `vallum db import` it."
        )
    changed = not kept.is_file() or kept.read_bytes() != data
    feeds.keep(folder, name, data)
    told = _Note(source=download.url, etag=fetched.etag, sha256=archives.digest(kept))
    feeds.note(folder, name).write_text(json.dumps(asdict(told)) + "\n", "utf-8")
    say(f"{TITLES[name]}: {len(feed.told):,} vulnerabilities, as of {feed.day}.")
    return changed


def _proven(name: str, data: bytes, url: str) -> Feed:
    if feeds.kind(data) != name:
        raise UnusableArchive(f"{url} is not {TITLES[name]}: it is not used.")
    try:
        return feeds.read(name, data)
    except BrokenData as error:
        raise UnusableArchive(f"{url}: {error} It is not used.") from error


def _here(name: str, kept: Path) -> Feed:
    """An empty one where there is none, or one that nobody can read, which anything may replace."""
    try:
        return feeds.read(name, kept.read_bytes())
    except (OSError, BrokenData):
        return Feed("", {})


def _digest(kept: Path) -> str:
    return archives.digest(kept) if kept.is_file() else ""


def _note(folder: Path, name: str) -> _Note | None:
    try:
        found = json.loads(feeds.note(folder, name).read_bytes())
        return _Note(source=str(found["source"]), etag=str(found["etag"]), sha256=str(found["sha256"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
