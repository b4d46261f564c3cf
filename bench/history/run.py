"""Claim: a history of more than ten thousand commits is looked through several times faster than by the fastest peer.

Each version of a file is read once, however many commits hold it. Prints medians, ratios and counts; nothing here asserts one.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import measure, tools
from bench.history import repository
from bench.measure import Cost


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vallum-bench-") as folder:
        scratch = Path(folder)
        print(measure.machine())
        root = scratch / "repository"
        commits, leaks = repository.made(root)
        size = sum(path.stat().st_size for path in (root / ".git").rglob("*.pack"))
        print(
            f"{commits:,} commits of {repository.PROJECT}, packed {size / 1e6:,.0f} MB, {len(leaks)} leaks since removed"
        )
        commands = [tools.vallum("--history", "--only", "secrets", "--format", "json"), tools.kingfisher()]
        environment = measure.environment(scratch / "home")
        costs = measure.interleaved(commands, runs=given.runs, where=root, environment=environment, output=scratch)
        show(costs, leaks, scratch)
        print(f"\n{measure.machine()}, at the end")


def show(costs: Mapping[str, Sequence[Cost]], leaks: Mapping[str, str], output: Path) -> None:
    ours = measure.median(costs["vallum"])
    heads = ("wall s", "cpu s", "MiB", "leaks", "wall / ours", "cpu / ours")
    print(f"  {'':<18}{''.join(f'{head:>12}' for head in heads)}")
    for name, every in costs.items():
        middle = measure.median(every)
        said = (output / f"{name}.out").read_text("utf-8", "replace")
        cells = (
            f"{middle.wall:.2f}",
            f"{middle.cpu:.2f}",
            f"{middle.mib:.0f}",
            f"{sum(path in said for path in leaks)}",
            f"{middle.wall / ours.wall:.1f}",
            f"{middle.cpu / ours.cpu:.1f}",
        )
        print(f"  {name:<18}{''.join(f'{cell:>12}' for cell in cells)}")


if __name__ == "__main__":
    main()
