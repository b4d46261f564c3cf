"""`vallum db import`: archives that a person brings."""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vallum.advisories import archives, feeds, moments
from vallum.advisories.archives import KNOWN, MOST_SHRUNK, Content, Origin, UnusableArchive
from vallum.advisories.rebuild import alone, rebuild
from vallum.errors import Misuse
from vallum_engine.sca.advisories import Facts
from vallum_engine.sca.exploitation import Feed


def bring_in(places: Iterable[str], *, replace: bool, say: Callable[[str], None]) -> Facts:
    """Take the archives in and build the database anew. One that cannot be used stops before anything changed.

    An archive is the whole of its ecosystem: what it lacks counts as withdrawn, and scans then resolve its findings.
    """
    paths = list(_files(places))
    told = [(path, *found) for path in paths if path.suffix != ".zip" for found in _feed(path)]
    others = {path for path, *_ in told}
    found = [(path, archives.examine(path)) for path in paths if path not in others]
    _require_one_each(found)
    with alone() as folder:
        if not replace:
            _require_no_loss(found, folder)
        for path, name, data, feed in told:
            feeds.keep(folder, name, data)
            say(f"{path.name}: exploitation of {len(feed.told):,} vulnerabilities, as of {feed.day}.")
        for path, content in found:
            if content.ecosystem not in KNOWN:
                say(f"{path.name}: left out, because the version order of {content.ecosystem} is not known here (yet).")
                continue
            part = folder / f"{content.ecosystem}.zip.import"
            try:
                shutil.copyfile(path, part)
                origin = Origin(
                    source=path.name,
                    sha256=archives.digest(part),
                    bytes=part.stat().st_size,
                    as_of=content.newest or moments.now(),
                )
                archives.keep(part, folder, content.ecosystem, origin)
            finally:
                with contextlib.suppress(OSError):
                    part.unlink()
            say(f"{path.name}: {content.records:,} records about {content.ecosystem}.")
        return rebuild(folder)


def _feed(path: Path) -> Iterator[tuple[str, bytes, Feed]]:
    """What the file is, if it is EPSS scores or CISA's catalogue, and its bytes. Raises BrokenData for a damaged one."""
    data = feeds.unpacked(path)
    if name := feeds.kind(data):
        yield name, data, feeds.read(name, data)


def _require_one_each(found: Iterable[tuple[Path, Content]]) -> None:
    taken: dict[str, Path] = {}
    for path, content in found:
        if content.ecosystem not in KNOWN:
            continue
        other = taken.setdefault(content.ecosystem, path)
        if other is not path:
            raise Misuse(
                f"{other} and {path} are both about {content.ecosystem}, and the second would take the place of the first: "
                "name one archive for each ecosystem. Nothing was changed."
            )


def _require_no_loss(found: Iterable[tuple[Path, Content]], folder: Path) -> None:
    for path, content in found:
        kept = folder / f"{content.ecosystem}.zip"
        if content.ecosystem not in KNOWN or not kept.is_file():
            continue
        try:
            here = archives.count(kept)
        except UnusableArchive:
            continue
        if content.records * MOST_SHRUNK < here:
            raise Misuse(
                f"{path} holds {content.records:,} records about {content.ecosystem}, and {here:,} are here: it seems to be a part of "
                "them, and the findings of the others would count as resolved. If it is the whole, add --replace. "
                "Nothing was changed."
            )


def _files(places: Iterable[str]) -> Iterator[Path]:
    for place in places:
        path = Path(place)
        if path.is_dir():
            zips = sorted(path.glob("*.zip"))
            if not zips:
                raise Misuse(f"{place} holds no zip files: name the folder with the archives, or the archives.")
            yield from zips
        elif path.is_file():
            yield path
        else:
            raise Misuse(f"{place} does not exist: name zip files of OSV records, or a folder of them.")
