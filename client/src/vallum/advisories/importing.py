"""`vallum db import`: archives that a person brings."""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vallum.advisories import archives, moments
from vallum.advisories.archives import KNOWN, Origin
from vallum.advisories.rebuild import alone, rebuild
from vallum.errors import Misuse
from vallum_engine.sca.advisories import Facts


def bring_in(places: Iterable[str], *, say: Callable[[str], None]) -> Facts:
    """Take the archives in and build the database anew. One that cannot be used stops before anything changed."""
    found = [(path, archives.examine(path)) for path in _files(places)]
    with alone() as folder:
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
