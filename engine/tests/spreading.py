"""A scan in a process of its own, for tests of scans in several: `python spreading.py FOLDER PROCESSES PIDS [TROUBLE] [BYTES]`.

The trouble is `refused`, `threaded`, or `crowded-N`: no more than N files may be opened at once.
It prints the report, and appends to the file PIDS which process looked at what.
"""

import contextlib
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path

from speaking import ByItself, sighting

from vallum_engine.detector import Trigger
from vallum_engine.errors import Overrun
from vallum_engine.model.report import RuleSet
from vallum_engine.pipeline import scan
from vallum_engine.reports.json import render
from vallum_engine.sources import directory, spread
from vallum_engine.sources.limits import Limits
from vallum_engine.triggers import collect

FIRST = os.getpid()


class Words(ByItself):
    """Is killed and waits on demand, and notes which process looked at what."""

    triggers = (Trigger(rb"secret|aside|boom|kill|wait"),)

    def __init__(self, pids):
        super().__init__()
        self._pids = pids

    def rulesets(self):
        return (RuleSet(name="words", version="1", rules=("r",)),)

    def wants(self, path):
        return False

    def detect(self, file, hits):
        with self._pids.open("a") as log:
            log.write(f"{os.getpid()} {file.path}\n")
        if b"kill" in file.data and os.getpid() != FIRST:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"wait" in file.data:
            time.sleep(0.5)
        if b"aside" in file.data:
            self.leave(file.path)
        for number, line in enumerate(file.data.split(b"\n"), 1):
            if b"secret" in line:
                yield sighting("r", file.path, number, line.split()[1])
        if b"boom" in file.data:
            raise ValueError("boom")


class Chain:
    """Concludes from several files, and from their order."""

    name = "chain"
    triggers = ()

    def __init__(self):
        self._met = []

    def rulesets(self):
        return (RuleSet(name="chain", version="1", rules=("c",)),)

    def wants(self, path):
        return path.endswith(".link")

    def detect(self, file, hits):
        self._met.append(file.path)
        return ()

    def conclude(self):
        for number, path in enumerate(self._met):
            yield sighting("c", path, 1, b"%d" % number, "chain")

    def exclusions(self):
        return ()

    def packages(self):
        return ()


def main(root, processes, pids, *more):
    if "refused" in more:
        os.fork = refused
    if "threaded" in more:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    for word in more:
        if word.startswith("crowded-"):  # so many files may be open beside those that are
            first = os.open(root, os.O_RDONLY)
            os.close(first)
            most = first + int(word[-1])
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    limits = Limits(total_bytes=int(next(filter(str.isdigit, more), 1 << 30)))
    try:
        report = scanned(root, int(processes), Path(pids), limits)
    except Overrun:
        sys.stderr.write("overrun\n")
        report = scanned(root, 1, Path(pids), limits)
    sys.stdout.buffer.write(render(report))


def refused():
    raise BlockingIOError("fork: no more processes")


def scanned(root, processes, pids, limits):
    detectors = [Words(pids), Chain()]
    asked = {"triggers": collect(detectors).fallback(), "target": {"name": "tree"}}
    if processes == 1:
        return scan(directory.walk(root, limits=limits), detectors, **asked)
    own = spread.Spread(detectors, processes)
    with contextlib.closing(spread.walk(root, own, limits=limits)) as files:
        return scan(files, detectors, recall=own, **asked)


if __name__ == "__main__":
    main(*sys.argv[1:])
