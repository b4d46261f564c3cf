"""Scans of one folder, each with what the one before it kept, held to scans of everything."""

import time

from speaking import ByItself, sighting

from vallum_engine.detector import Trigger
from vallum_engine.model.file import File
from vallum_engine.model.report import Report, RuleSet
from vallum_engine.pipeline import scan
from vallum_engine.recall import MARGIN, Recall
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sources import directory, recalled
from vallum_engine.sources.again import of_folder
from vallum_engine.sources.limits import Limits
from vallum_engine.triggers import collect


class Words(ByItself):
    """Finds each line with a word, says aside what it did not look at, and breaks on demand."""

    triggers = (Trigger(rb"secret|aside|boom|timed"),)

    def __init__(self):
        super().__init__()
        self.seen = []

    def rulesets(self):
        return (RuleSet(name="words", version="1", rules=("r", "timed")),)

    def wants(self, path):
        return path.endswith(".env")

    def detect(self, file, hits):
        self.seen.append(file.path)
        for number, line in enumerate(file.data.split(b"\n"), 1):
            if b"aside" in line:
                self.leave(file.path)
            if b"timed" in line:
                self.timed.add("timed")
            if b"secret" in line or b"timed" in line:
                yield sighting("timed" if b"timed" in line else "r", file.path, number, line[:40])
        if b"boom" in file.data:
            raise ValueError("boom")


class Counter(Words):
    """Concludes from all files that it asked for: how many there are, and where."""

    name = "counter"
    by_file = False
    triggers = (Trigger(rb"count"),)

    def wants(self, path):
        return path.endswith("requirements.txt")

    def rulesets(self):
        return (RuleSet(name="counter", version=str(len(self.seen)), rules=("n",)),)

    def detect(self, file, hits):
        self.seen.append(file.path)
        if b"here" in file.data:
            yield sighting("n", file.path, 1, b"here", self.name)

    def conclude(self):
        for place, path in enumerate(self.seen):
            yield sighting("n", path, 1, str(place).encode(), self.name)


class Reader(Counter):
    """Concludes from files that it reads again in the end."""

    name = "reader"

    def look_again(self, tree):
        self.tree = tree

    def conclude(self):
        asked = [path for path in self.tree.paths if path.endswith(".py")]
        for place, file in enumerate(self.tree.again(asked)):
            yield sighting("n", file.path, 1, str(place).encode() + file.data[:9], self.name)
        for path in self.tree.unread:
            yield sighting("n", path, 1, b"unread", self.name)


class Twice:
    """A source whose files can be asked for again."""

    def __init__(self, items, root):
        self.items = items
        self.root = root

    def __iter__(self):
        return iter(self.items)

    def again(self, paths):
        return of_folder(self.root, paths)


class Scans:
    """Scans of one folder, each with what the one before it kept."""

    def __init__(self, root, *, later=MARGIN, honour_ignores=True, reader=False, **limits):
        self.reader = reader
        self.root = str(root)
        self.limits = Limits(**limits)
        self.later = later
        """How much later the clock is than it is: the files of a test are all new."""
        self.honour_ignores = honour_ignores
        self.kept = None
        self.read = []

    def detectors(self):
        """One that looks at any file in the end, or none."""
        more = [Reader(), PackageDetector(None, today="2026-01-01", data="none")]
        return [Words(), Counter(), *(more if self.reader else ())]

    def whole(self):
        found = self.detectors()
        walk = directory.walk(self.root, limits=self.limits, honour_ignores=self.honour_ignores)
        source = Twice(walk, self.root) if self.reader else walk
        return scan(source, found, triggers=collect(found).fallback(), honour_ignores=self.honour_ignores)

    def again(self, key="k"):
        found = self.detectors()
        recall = Recall(self.kept, found, key=lambda: key, began=time.time_ns() + self.later)
        walk = recalled.walk(self.root, recall, limits=self.limits, honour_ignores=self.honour_ignores)
        self.read = []
        report = scan(
            Twice(self._watched(walk), self.root) if self.reader else self._watched(walk),
            found,
            triggers=collect(found).fallback(),
            honour_ignores=self.honour_ignores,
            recall=recall,
        )
        self.kept = b"".join(recall.dump() or (self.kept or b"",))
        return report

    def _watched(self, items):
        for item in items:
            if isinstance(item, File):
                self.read.append(item.path)
            yield item

    def same(self):
        """The report of both ways, which must be equal."""
        whole, again = self.whole(), self.again()
        for field in Report.__fields__:
            assert getattr(again, field) == getattr(whole, field)
        return again


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    tick()


def tick():
    """Past the tick of the file system's clock, in which a change cannot be told from the one before."""
    time.sleep(0.02)
