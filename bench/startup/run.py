"""Claim: `vallum scan` of an empty folder takes less than 150 ms, warm (median of 20), beside its peers' start-up.

What a person feels at every commit hook. Runs are interleaved; nothing here asserts a time.
"""

import argparse
import tempfile
from pathlib import Path

from bench import measure, tools
from bench.measure import Command, Cost

TARGET = 0.150


def commands() -> list[Command]:
    python = str(tools.OURS / "python")
    return [
        Command(name="python -c pass", arguments=(python, "-c", "pass")),
        Command(name="python -c 'import argparse'", arguments=(python, "-c", "import argparse")),
        Command(name="vallum --version", arguments=(str(tools.OURS / "vallum"), "--version")),
        tools.vallum(),
        tools.kingfisher(),
        tools.detect_secrets(),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vallum-bench-") as folder:
        scratch = Path(folder)
        empty, output = scratch / "empty", scratch / "output"
        empty.mkdir()
        output.mkdir()
        costs = measure.interleaved(
            commands(), runs=given.runs, where=empty, environment=measure.environment(scratch / "home"), output=output
        )
    show(costs, given.runs)


def show(costs: dict[str, list[Cost]], runs: int) -> None:
    print(f"start-up, an empty folder, {runs} interleaved runs · {measure.machine()}\n")
    print(f"  {'':<28} {'median':>8} {'least':>8} {'cpu':>8} {'least cpu':>10} {'MiB':>6} {'/ vallum':>9}")
    ours = measure.median(costs["vallum"])
    for name, all_runs in costs.items():
        middle = measure.median(all_runs)
        least, least_cpu = min(run.wall for run in all_runs), min(run.cpu for run in all_runs)
        print(
            f"  {name:<28} {middle.wall * 1e3:5.0f} ms {least * 1e3:5.0f} ms {middle.cpu * 1e3:5.0f} ms {least_cpu * 1e3:7.0f} ms"
            f" {middle.mib:6.0f} {middle.wall / ours.wall:8.1f}x"
        )
    print(f"\n  vallum scan: {ours.wall * 1e3:.0f} ms of the {TARGET * 1e3:.0f} ms it may take")


if __name__ == "__main__":
    main()
