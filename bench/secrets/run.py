"""Claim: secrets are found several times faster than by the fastest peer, and more of them, with fewer false alarms.

Four parts. Beside kingfisher and detect-secrets in one run: time on source trees of others, truth on a labelled tree. Beside reading the
files and one bare pass of the same rules: what a scan adds to what no scan can do without.
Prints medians, ratios and counts; nothing here asserts one.
"""

import argparse
import tempfile
from pathlib import Path

from bench import measure
from bench.secrets import floor, judge, speed, truth
from bench.secrets.trees import TREES


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--part", choices=("speed", "truth", "judge", "floor"), action="append")
    parser.add_argument("--trees", default=",".join(tree.size for tree in TREES), help="sizes, joined by commas")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vallum-bench-") as folder:
        scratch = Path(folder)
        environment = measure.environment(scratch / "home")
        chosen = [tree for tree in TREES if tree.size in given.trees.split(",")]
        print(measure.machine())
        if "truth" in (given.part or ["truth"]):
            truth.run(scratch, environment)
        if "judge" in (given.part or ["judge"]):
            judge.run(scratch, environment)
        if "speed" in (given.part or ["speed"]):
            speed.run(chosen, given.runs, scratch, environment)
        if "floor" in (given.part or ["floor"]):
            floor.run(chosen, given.runs, scratch)
        print(f"\n{measure.machine()}, at the end")


if __name__ == "__main__":
    main()
