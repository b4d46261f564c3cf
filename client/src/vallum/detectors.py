"""The detectors by the name a person gives them, made ready with what this machine keeps."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from vallum.cache import Cache
from vallum_engine.detector import Detector
from vallum_engine.errors import BrokenData
from vallum_engine.plugins import load

_MAKERS: Mapping[str, str] = {
    "packages": "vallum.advisories.detecting:detector",
    "secrets": "vallum.detectors:secrets",
}
NAMES = tuple(sorted(_MAKERS))

Say = Callable[[str], None]


@contextlib.contextmanager
def made(names: Iterable[str], cache: Cache, *, say: Say) -> Iterator[list[Detector]]:
    """The named detectors; what they hold open is closed at the end.

    Those with triggers come first, so that `--only secrets` shares its compiled triggers with a full scan.
    """
    with contextlib.ExitStack() as held:
        yield [load(_MAKERS[name])(cache, held, say) for name in sorted(set(names), reverse=True)]


def secrets(cache: Cache, _held: contextlib.ExitStack, _say: Say) -> Detector:
    """Secrets by the packaged rules, which the cache keeps in a form that loads quickly."""
    rulebook = load("vallum_engine.secrets.rulebook:stamp")()
    kept = cache.get("rules", rulebook)
    rules = None
    if kept is not None:
        with contextlib.suppress(BrokenData):
            rules = load("vallum_engine.secrets.rulebook:load")(kept)
    if rules is None:
        rules = load("vallum_engine.secrets.rulebook:packaged")()
        cache.put("rules", rulebook, rules.dump())
    detector: Detector = load("vallum_engine.secrets.detector:SecretsDetector")(rules, now=int(time.time()))
    return detector
