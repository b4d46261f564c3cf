"""Claim: 10,000 packages are matched in 150 ms from process start, and in 250 ms where there are 20 times the advisories.

What it came to: docs/benchmarks.md.

The list is of real lockfiles and of packages that advisories name, so that most of it has to be compared. Beside it stands
osv-scanner (`beside.py`). Nothing here asserts a time.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import measure, tools
from bench.measure import ROOT, Command, Cost
from bench.packages import beside, lists

DATA = ROOT / ".vallum" / "bench-data" / "packages"
GOALS = {1: 0.150, 20: 0.250}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--data", default=str(ROOT.parent / "shared" / "data"), help="a folder with osv/ and lockfiles/real/"
    )
    parser.add_argument("--packages", type=int, default=10_000)
    parser.add_argument("--times", default="1,20", help="how many times the advisories are there")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--peer", default="", help="osv-scanner's program (default: found, or built where Go is)")
    parser.add_argument("--peer-runs", type=int, default=5)
    given = parser.parse_args()
    archives = Path(given.data) / "osv"
    DATA.mkdir(parents=True, exist_ok=True)
    listed = lists.packages(archives, Path(given.data) / "lockfiles" / "real", given.packages)
    (DATA / "packages.json").write_text(json.dumps(listed))
    print(f"{len(listed):,} packages, {given.runs} interleaved runs · {measure.machine()}\n")
    print(f"  {'':<34} {'median':>8} {'least':>8} {'cpu':>8} {'least cpu':>10} {'MiB':>6}")
    for times in map(int, given.times.split(",")):
        path = DATA / f"advisories-{times}.sqlite"
        facts = lists.database(archives, path, times=times)
        print(f"{facts.advisories:,} advisories, {path.stat().st_size / 1e6:.0f} MB")
        show(run(ours(path), given.runs), times)
    try:
        peer = Path(given.peer) if given.peer else tools.osv_scanner()
    except tools.NoPeer as error:
        print(f"Without a peer: {error}.")
    else:
        beside.run(peer, Path(given.data), listed, runs=given.peer_runs)


def ours(database: Path) -> list[Command]:
    python = str(tools.OURS / "python")
    worker = str(Path(__file__).with_name("work.py"))
    return [
        Command(name="python -c pass", arguments=(python, "-c", "pass")),
        Command(name="vallum", arguments=(python, worker, str(database), str(DATA / "packages.json"))),
    ]


def run(commands: Sequence[Command], runs: int) -> dict[str, list[Cost]]:
    with tempfile.TemporaryDirectory(prefix="vallum-bench-") as folder:
        scratch = Path(folder)
        costs = measure.interleaved(
            commands, runs=runs, where=scratch, environment=measure.environment(scratch / "home"), output=scratch
        )
        found, affected, unordered = (scratch / "vallum.out").read_text().split()
        print(f"  {found} findings in {affected} packages, {unordered} that no order reads")
        return costs


def show(costs: dict[str, list[Cost]], times: int) -> None:
    for name, all_runs in costs.items():
        middle = measure.median(all_runs)
        least, least_cpu = min(run.wall for run in all_runs), min(run.cpu for run in all_runs)
        wall = f"{middle.wall * 1e3:5.0f} ms {least * 1e3:5.0f} ms"
        print(f"  {name:<34} {wall} {middle.cpu * 1e3:5.0f} ms {least_cpu * 1e3:7.0f} ms {middle.mib:6.0f}")
    if goal := GOALS.get(times):
        print(f"  of the {goal * 1e3:.0f} ms that it may take\n")


if __name__ == "__main__":
    main()
