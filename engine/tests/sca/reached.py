"""A project with a lockfile, as a source that can be asked for its files again."""

import json

from vallum_engine.model.file import File, Skipped
from vallum_engine.pipeline import scan
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sources.again import of_stream
from vallum_engine.triggers import EMPTY

LOCK = {
    "name": "shop",
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"left": "*", "way": "*"}, "devDependencies": {"tool": "*"}},
        "node_modules/left": {"version": "1.0.0"},
        "node_modules/way": {"version": "1.0.0", "dependencies": {"deep": "*"}},
        "node_modules/deep": {"version": "1.0.0"},
        "node_modules/tool": {"version": "1.0.0", "dev": True, "dependencies": {"wrench": "*"}},
        "node_modules/wrench": {"version": "1.0.0", "dev": True},
    },
}
NPM = json.dumps(LOCK)


class Twice:
    """Files that can be asked for again."""

    def __init__(self, files, skipped=()):
        self.files = [File(path, text.encode()) for path, text in sorted(files.items())]
        self.skipped = [Skipped(path, "too large") for path in skipped]
        self.asked = []

    def __iter__(self):
        return iter([*self.files, *self.skipped])

    def again(self, paths):
        self.asked += paths
        return of_stream(lambda: self.files, paths)


def reachability(database, files, *, skipped=(), sound=True):
    """What is said of the one vulnerable package of a tree."""
    report = scan(Twice(files, skipped), [PackageDetector(database)], triggers=EMPTY)
    assert not (sound and report.errors)
    assert len({finding.package.name for finding in report.findings}) == 1
    return report.findings[0].reachability
