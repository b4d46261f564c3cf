"""What a scan of a folder keeps in the cache for the next one of the same folder."""

import os
import sys
import time
from collections.abc import Sequence

import vallum_engine
from vallum.cache import Cache
from vallum.cli.options import Options
from vallum_engine import VERSION
from vallum_engine.detector import ByFile, Detector
from vallum_engine.digests import blake2b
from vallum_engine.recall import Recall
from vallum_engine.sources.ignores import ADVISORIES

_KIND = "trees"
FEWEST = 1000
"""Files: a smaller tree is read as fast as what is known of it."""
_IRRELEVANT = frozenset(
    (
        *("baseline", "cache", "delivery", "fail_on", "ignore_unfixed", "ignores"),
        *("offline", "place", "processes", "products", "progress", "vex"),
    )
)
"""What is asked and says nothing of what a file is found to hold."""


class Kept:
    """The recall of one scan, and its place in the cache."""

    def __init__(self, asked: Options, root: str, cache: Cache, detectors: Sequence[Detector]) -> None:
        self._cache = cache
        self._name = blake2b(os.fsencode(os.path.realpath(root)), digest_size=16).hexdigest()
        kept = cache.get(_KIND, self._name)
        self.known = kept is not None
        self.recall = Recall(
            kept, detectors, key=lambda: _key(asked, detectors), began=time.time_ns(), fresh=frozenset({ADVISORIES})
        )

    def keep(self, files: int) -> None:
        """For the next scan, where the tree is worth it."""
        if files >= FEWEST and (data := self.recall.dump()) is not None:
            self._cache.put(_KIND, self._name, *data)


def _key(asked: Options, detectors: Sequence[Detector]) -> str:
    """All but the files that decide what is found in them: the program, what it was asked, the rules."""
    digest = blake2b(digest_size=16)
    parts = [sys.version, VERSION, _program()]
    parts += [f"{name}={getattr(asked, name)!r}" for name in Options.__fields__ if name not in _IRRELEVANT]  # type: ignore[attr-defined]  # set by the decorator
    for detector in detectors:
        parts += [detector.name, detector.stamp if isinstance(detector, ByFile) else ""]
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%b" % (len(data), data))
    return digest.hexdigest()


def _program() -> str:
    """What the engine's own files are like: a version may be worked on."""
    found, folders = [], [os.path.dirname(vallum_engine.__file__)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders += [entry.path] if entry.name not in {"__pycache__", "rules"} else []
                elif entry.name.endswith(".py"):
                    stat = entry.stat()
                    found.append((entry.path, stat.st_size, stat.st_mtime_ns))
    return repr(sorted(found))
