"""The parts of a repository that are no folder: its history, some commits of it, what is staged."""

from binascii import hexlify, unhexlify
from collections.abc import Callable, Sequence
from pathlib import Path

from vallum.cache import Cache
from vallum.collectors.repository.past import Walk
from vallum.errors import Misuse, Unreachable
from vallum.progress import Progress
from vallum_engine.detector import Detector
from vallum_engine.digests import blake2b
from vallum_engine.model.report import Report
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.past import PAST, Past
from vallum_engine.sources import ignores
from vallum_engine.sources.versions import Limits
from vallum_engine.triggers import Database, Plan
from vallum_engine.values import immutable
from vallum_guard import git
from vallum_guard.errors import GitUnusable, NoRepository
from vallum_guard.git import Repository

RANGE = "secrets/range"
_KIND = "history"
_IGNORE = ".vallumignore"


@immutable
class Look:
    """Where and how to look back: `span` (`A..B`) for some commits only, and with which limits."""

    folder: str
    span: str = ""
    honour_ignores: bool = True
    limits: Limits


def repository(folder: str) -> Repository:
    """The repository at this folder. Raises Misuse where there is none."""
    try:
        return git.opened(Path(folder))
    except NoRepository as error:
        raise Misuse(str(error)) from error
    except GitUnusable as error:
        raise Unreachable(str(error)) from error


def looked_back(
    report: Report,
    look: Look,
    *,
    chosen: Sequence[Detector],
    triggers: tuple[Plan, Database],
    kept: Cache,
    shown: Progress,
) -> Report:
    """The report of a folder (of nothing, for a range), joined with what its repository's history holds."""
    place = repository(look.folder)
    position, detector = next((at, each) for at, each in enumerate(chosen) if isinstance(each, SecretsDetector))
    plan, database = triggers
    past = Past(
        detector=detector,
        hits=lambda data: database.hits(data).get(position, ()),
        honour_ignores=look.honour_ignores,
        ruleset=RANGE if look.span else PAST,
    )
    key = blake2b(f"{place.shared}\0{plan.key}".encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    opaque, known = _remembered(None if look.span else kept.get(_KIND, key), wide=place.wide)
    walk = Walk(
        repository=place,
        past=past,
        limits=look.limits,
        span=look.span,
        hides=_hides(Path(look.folder), place, honour=look.honour_ignores),
        known=known,
        opaque=opaque,
        progress=shown.counts,
    )
    shown.phase("looking back")
    joined = walk.run(report)
    if (walk.idle or walk.binary) and not look.span:
        binary = (*opaque, *walk.binary)
        kept.put(_KIND, key, b"%d\n" % len(binary) + unhexlify(b"".join((*binary, *known, *walk.idle))))
    return joined


def _remembered(data: bytes | None, *, wide: bool) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Objects that were no text, and those in which these rules had nothing to look at, when we were here before."""
    count, _, body = (data or b"").partition(b"\n")
    width = 64 if wide else 40
    names = hexlify(body)
    every = [names[start : start + width] for start in range(0, len(names), width)]
    binary = int(count) if count.isdigit() else len(every)
    return frozenset(every[:binary]), frozenset(every[binary:])


def _hides(folder: Path, place: Repository, *, honour: bool) -> Callable[[bytes], str]:
    """By the top folder's ignore file as it lies there, or, without a work tree, as HEAD has it."""
    if not honour:
        return ignores.below(b"", _IGNORE)
    path = folder / _IGNORE
    if place.git == folder.resolve():
        data = place.output("cat-file", "blob", f"HEAD:{_IGNORE}", most=ignores.MAX_BYTES + 1)[0]
    else:
        plain = path.is_file() and not path.is_symlink() and path.stat().st_size <= ignores.MAX_BYTES
        data = path.read_bytes() if plain else b""
    return ignores.below(data, _IGNORE)
