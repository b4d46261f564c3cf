"""What a scan costs beyond what it cannot do without: reading the files, and one bare pass of the same rules over them.

Both in this process, in turn, with the rules ready; processor seconds, medians.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.secrets import trees
from bench.secrets.trees import Tree
from vallum_engine.pipeline import scan
from vallum_engine.secrets import rulebook
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.sources.directory import walk
from vallum_engine.triggers import Database, collect, joined

_MOST = 10 << 20


def run(chosen: Sequence[Tree], runs: int, scratch: Path) -> None:
    book = rulebook.packaged()
    plan = collect([SecretsDetector(book)])
    whole = plan.load(plan.compile())
    apart = joined([(part, part.load(part.compile())) for part in plan.parts()])
    print(f"\nbeyond reading and one bare pass of the same rules; processor seconds, medians of {runs}")
    for tree in chosen:
        root = trees.unpacked(tree, scratch / "floor")
        least, ours = _timed(runs, lambda root=root: _bare(root, whole), lambda root=root: _scan(root, book, apart))
        print(f"  {tree.name:<20}{least:>10.2f}{ours:>10.2f}{ours / least:>10.2f} times")


def _timed(runs: int, *works: Callable[[], None]) -> list[float]:
    costs: list[list[float]] = [[] for _ in works]
    for number in range(runs + 1):
        for work, cost in zip(works, costs, strict=True):
            began = time.process_time()
            work()
            if number:
                cost.append(time.process_time() - began)
    return [statistics.median(cost) for cost in costs]


def _bare(root: Path, database: Database) -> None:
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in names:
            file = os.open(f"{folder}/{name}", os.O_RDONLY)
            try:
                data = os.read(file, _MOST)
            finally:
                os.close(file)
            if b"\0" not in data[:8192]:
                database.hits(data)


def _scan(root: Path, book: rulebook.Rulebook, database: Database) -> None:
    scan(walk(str(root)), [SecretsDetector(book)], triggers=database)
