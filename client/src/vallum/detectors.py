"""The detectors by the name a person gives them, made ready with what this machine keeps."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from vallum.cache import Cache
from vallum_engine import compiling
from vallum_engine.detector import Detector
from vallum_engine.errors import BrokenData
from vallum_engine.plugins import load
from vallum_engine.secrets import rulebook
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.rule import Rule
from vallum_engine.secrets.rulebook import Rulebook
from vallum_engine.values import immutable

LICENCES = "licences"
_EXPRESSIONS = "expressions"
_MAKERS: Mapping[str, str] = {
    "packages": "vallum.advisories.detecting:detector",
    "secrets": "vallum.detectors:secrets",
}
NAMES = tuple(sorted(_MAKERS))
_ASKED_FOR: Mapping[str, str] = {
    LICENCES: "vallum.licensing:detector",
    "listed packages": "vallum.licensing:lister",
}
"""Detectors of a scan that brings what they need."""

Say = Callable[[str], None]


@immutable
class Setting:
    """What a detector is made with."""

    cache: Cache
    held: contextlib.ExitStack
    """Closes what the detector holds open, and keeps what is worth it."""
    say: Say
    rules: tuple[Rule, ...] = ()
    licence_policy: str = ""
    """The file of rules on licences, or `default`; empty where nobody asks."""


@contextlib.contextmanager
def made(
    names: Iterable[str], cache: Cache, *, say: Say, rules: Sequence[Rule] = (), licence_policy: str = ""
) -> Iterator[list[Detector]]:
    """The named detectors; what they hold open is closed at the end. `rules` are the caller's own, for secrets.

    Those with triggers come first, so that `--only secrets` shares its compiled triggers with a full scan.
    """
    with contextlib.ExitStack() as held:
        setting = Setting(cache=cache, held=held, say=say, rules=tuple(rules), licence_policy=licence_policy)
        chosen = set(names)
        if LICENCES in chosen and "packages" not in chosen:
            chosen.add("listed packages")
        makers = {**_MAKERS, **_ASKED_FOR}
        yield [load(makers[name])(setting) for name in sorted(chosen, reverse=True)]


def secrets(setting: Setting) -> SecretsDetector:
    """Secrets by the packaged rules, and the caller's own."""
    compiling.remember(setting.cache.get(_EXPRESSIONS, compiling.stamp()) or b"")
    setting.held.callback(_keep_expressions, setting.cache)
    book = packaged(setting.cache)
    if setting.rules:
        book = rulebook.extended(book, setting.rules)
    return SecretsDetector(book, now=int(time.time()))


def _keep_expressions(cache: Cache) -> None:
    if (learned := compiling.learned()) is not None:
        cache.put(_EXPRESSIONS, compiling.stamp(), learned)


def packaged(cache: Cache) -> Rulebook:
    """The packaged rules, which the cache keeps in a form that loads quickly."""
    key = rulebook.stamp()
    kept = cache.get("rules", key)
    if kept is not None:
        with contextlib.suppress(BrokenData):
            return rulebook.load(kept)
    book = rulebook.packaged()
    cache.put("rules", key, book.dump())
    return book
