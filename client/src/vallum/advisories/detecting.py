"""The detector for packages, with the best advisories this machine has."""

from contextlib import ExitStack
from pathlib import Path

from vallum.advisories import location, moments
from vallum.cache import Cache
from vallum.detectors import Setting
from vallum_engine import VERSION
from vallum_engine.detector import Detector
from vallum_engine.digests import blake2b
from vallum_engine.errors import BrokenData
from vallum_engine.model.known import STALE_DAYS
from vallum_engine.plugins import load
from vallum_engine.sca.advisories import STARTER, Advisories, Meta, open_database
from vallum_engine.sca.detector import PackageDetector


def detector(setting: Setting) -> Detector:
    """Open the database until the setting's holder closes it; without one, the starter set, which says of itself that it is small."""
    held, say = setting.held, setting.say
    path = location.database()
    if path.exists():
        try:
            opened = open_database(path)
        except BrokenData as error:
            say(f"{error} Until then the starter set is used.")
        else:
            days = moments.days_since(opened.facts.meta.built_at)
            if days is not None and days > STALE_DAYS:
                say(f"The advisories are {days} days old: run `vallum db update`.")
            return PackageDetector(held.enter_context(opened), today=moments.now()[:10], days=days, data=_look(path))
    starter = held.enter_context(_starter(setting.cache, held))
    return PackageDetector(starter, today=moments.now()[:10], data=f"starter {_stamp()}")


def _look(path: Path) -> str:
    """What the database is like: it is replaced, or its times change."""
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


def _starter(cache: Cache, held: ExitStack) -> Advisories:
    """The database of well-known advisories that comes with the engine, built once into the cache."""
    folder = Path(cache.folder, "advisories") if cache.folder else None
    name = f"starter-{_stamp()}.sqlite"
    if folder and (folder / name).is_file():
        try:
            return open_database(folder / name)
        except BrokenData:
            pass  # built anew below
    try:
        if folder is None:
            raise PermissionError
        folder.mkdir(mode=0o700, exist_ok=True)
        return _built(folder / name)
    except OSError:
        import tempfile  # noqa: PLC0415 - 4 ms that only a machine without a cache must pay

        return _built(Path(held.enter_context(tempfile.TemporaryDirectory(prefix="vallum-"))) / name)


def _stamp() -> str:
    return blake2b(Path(STARTER).read_bytes(), digest_size=8, key=VERSION.encode()).hexdigest()


def _built(path: Path) -> Advisories:
    records = load("vallum_engine.sca.starter:starter_records")()
    load("vallum_engine.sca.build:build")(
        records, path, meta=Meta(built_at=VERSION, source=load("vallum_engine.sca.starter:SOURCE"), partial=True)
    )
    return open_database(path)
