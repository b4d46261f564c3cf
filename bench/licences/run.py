"""Claim: the licence texts of real packages come to what the packages declare, and where they do not, ours is seldom wrong.

The peer is the declaration: more than 1,500 packages of three registries, fetched by name and checked by hash, and what is installed here.
Each disagreement was looked at by somebody, and stands with a verdict in `judged.tsv`; what has none yet is printed.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench import measure
from bench.licences import fetching
from bench.licences.comparing import COMPARED, Compared, Outcome, compared

TABLE = Path(__file__).with_name("judged.tsv")
VERDICTS = ("files", "declaration", "ours")
INSTALLED = "installed"
Judged = Mapping[tuple[str, ...], tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=",".join((*fetching.ECOSYSTEMS, INSTALLED)), help="joined by commas")
    given = parser.parse_args()
    judged = judgements()
    found: dict[str, Sequence[Compared]] = {}
    with tempfile.TemporaryDirectory(prefix="vallum-bench-") as scratch:
        environment = measure.environment(Path(scratch) / "home")
        for name in given.only.split(","):
            here = fetching.installed(Path(scratch) / "here") if name == INSTALLED else fetching.folder(name)
            found[name] = _new(compared(here, environment), found.values())
    _show(found)
    for name, rows in found.items():
        _tell(name, [one for one in rows if one.outcome in COMPARED and one.outcome is not Outcome.AGREE], judged)


def judgements() -> Judged:
    """By name, version, declared and found: the verdict and its reason."""
    rows = (line.split("\t") for line in TABLE.read_text("utf-8").splitlines()[1:])
    return {tuple(row[:4]): (row[4], row[5]) for row in rows}


def _new(rows: Sequence[Compared], before: Iterable[Sequence[Compared]]) -> Sequence[Compared]:
    """Without what another list has in the same version."""
    seen = {one.key for others in before for one in others}
    return [one for one in rows if one.key not in seen]


def _show(found: Mapping[str, Sequence[Compared]]) -> None:
    counts = {name: Counter(one.outcome for one in rows) for name, rows in found.items()}
    counts["all"] = sum(counts.values(), Counter())
    print(f"{'':<44}" + "".join(f"{name:>11}" for name in counts))
    print(f"{'packages':<44}" + "".join(f"{count.total():11,}" for count in counts.values()))
    for outcome in Outcome:
        if outcome is COMPARED[0]:
            sums = [sum(count[each] for each in COMPARED) for count in counts.values()]
            print(f"{'compared':<44}" + "".join(f"{number:11,}" for number in sums))
        print(f"  {outcome.value:<42}" + "".join(f"{count[outcome]:11,}" for count in counts.values()))


def _tell(name: str, rows: Sequence[Compared], judged: Judged) -> None:
    """Every disagreement of a list with the verdict on it."""
    verdicts = Counter(judged.get(one.key, ("none", ""))[0] for one in rows)
    told = ", ".join(f"{verdict} {verdicts[verdict]}" for verdict in (*VERDICTS, "none"))
    print(f"\n{name}: {len(rows)} disagreements; who is right: {told}")
    for one in rows:
        verdict, reason = judged.get(one.key, ("none", "nobody looked at it yet"))
        print(f"  {verdict:<12}{one.name} {one.version}: {one.outcome.value}")
        print(f"    declares {one.declared}, the files come to {one.found}: {reason}")


if __name__ == "__main__":
    main()
