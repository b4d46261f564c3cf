"""A tree as large as a monorepo's: the first scan of it, and the next ones, which read only what changed."""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from bench import measure, tools
from bench.measure import Command, Cost
from bench.secrets import trees

_CODES = frozenset({0, 1, 3})  # 3: files that could not be read, which trees of others have
_SETTLED = 3  # seconds after which files are believed to be what they look like


def main() -> None:
    asked = _asked()
    with tempfile.TemporaryDirectory(prefix="vallum-bench-", dir=asked.scratch or None) as scratch:
        place = Path(scratch)
        tree = place / "tree"
        _build(tree, [Path(given) for given in asked.given] or _fetched(place), asked.megabytes << 20)
        if asked.git:
            _git(tree, "init", "--quiet")
            _git(tree, "add", "--force", ".")
        bench = _Bench(tree, place)
        print(f"{measure.machine()}\n{bench.size()}\n")
        for name, costs in bench.measured(asked.runs).items():
            print(_row(name, costs))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=1024, help="how large the tree is made, by copies")
    parser.add_argument(
        "--from", dest="given", action="append", default=[], help="a folder instead of fetched packages"
    )
    parser.add_argument("--git", action="store_true", help="as a git repository with all files tracked")
    parser.add_argument("--scratch", default="", help="where the tree is made")
    return parser.parse_args()


def _fetched(scratch: Path) -> list[Path]:
    return [trees.unpacked(tree, scratch / "packages") for tree in trees.TREES]


def _build(tree: Path, packages: list[Path], most: int) -> None:
    """Copies of the packages, one after the other, until they are large enough. A copy is read like any other file."""
    held = number = 0
    while held < most:
        package = packages[number % len(packages)]
        copy = tree / f"{package.name}-{number // len(packages)}"
        shutil.copytree(package, copy, symlinks=True)
        held += sum(path.lstat().st_size for path in copy.rglob("*") if path.is_file() and not path.is_symlink())
        number += 1


def _git(tree: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", tree, *arguments], check=True, stdout=subprocess.DEVNULL)


class _Bench:
    def __init__(self, tree: Path, scratch: Path) -> None:
        self.tree = tree
        self.scratch = scratch
        self.environment = measure.environment(scratch / "home")
        self.vallum = str(tools.OURS / "vallum")
        subprocess.run([self.vallum, "db", "prepare"], env=self.environment, check=True, stderr=subprocess.DEVNULL)

    def size(self) -> str:
        files = [path for path in self.tree.rglob("*") if path.is_file() and ".git" not in path.parts]
        folders = sum(path.is_dir() for path in self.tree.rglob("*"))
        size = sum(path.lstat().st_size for path in files)
        return f"{len(files):,} files in {folders:,} folders, {size / 1e6:,.0f} MB"

    def measured(self, runs: int) -> dict[str, list[Cost]]:
        """In turn, for other work on the machine to fall on all alike. Each report must be that of a scan of everything."""
        time.sleep(_SETTLED)
        source, lock = self._one("*.py"), self._one("*requirements*.txt")
        costs: dict[str, list[Cost]] = {}
        self._scan({}, "", "--no-cache")  # caches of pages and of byte code
        for _ in range(runs):
            whole = self._scan(costs, "everything (--no-cache)", "--no-cache")
            shutil.rmtree(self.scratch / "home/cache/trees", ignore_errors=True)
            self._same(whole, self._scan(costs, "first"))
            self._same(whole, self._scan(costs, "second"))
            for name, changed in (("a source file changed", source), ("a lockfile changed", lock)):
                with changed.open("a") as file:
                    file.write("\n")
                time.sleep(_SETTLED)
                self._same(whole, self._scan(costs, name), but="bytes")
        return costs

    def _one(self, pattern: str) -> Path:
        return next(path for path in sorted(self.tree.rglob(pattern)) if path.is_file() and path.stat().st_size)

    def _scan(self, costs: dict[str, list[Cost]], name: str, *options: str) -> dict[str, object]:
        command = Command(name=name, arguments=(self.vallum, "scan", "--format", "json", *options, "."), codes=_CODES)
        output = self.scratch / "report.json"
        cost = measure.cost(command, where=self.tree, environment=self.environment, output=output)
        costs.setdefault(name, []).append(cost)
        report: dict[str, object] = json.loads(output.read_bytes())
        return report

    @staticmethod
    def _same(whole: dict[str, object], report: dict[str, object], *, but: str = "") -> None:
        for one in (whole, report):
            stats = one["stats"]
            if isinstance(stats, dict):
                stats.pop("seconds", None)
                stats.pop(but, None)
        if whole != report:
            raise SystemExit("the reports differ")


def _row(name: str, costs: list[Cost]) -> str:
    middle = measure.median(costs)
    least = min(cost.cpu for cost in costs)
    return f"| {name} | {middle.wall:.2f} s | {middle.cpu:.2f} s | {least:.2f} s | {middle.mib:.0f} MiB |"


if __name__ == "__main__":
    main()
