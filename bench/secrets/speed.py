"""How long each tool takes on a tree, and what it needs for it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import measure, tools
from bench.measure import Command, Cost
from bench.secrets import findings, trees
from bench.secrets.trees import Patience, Tree

_MB = 1e6
_NAME = "kingfisher, lean"
_LEAN = ("--turbo", "--no-extract-archives", "--no-binary")


def run(chosen: Sequence[Tree], runs: int, scratch: Path, environment: Mapping[str, str]) -> None:
    for tree in chosen:
        root = trees.unpacked(tree, scratch)
        files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
        size = sum(path.stat().st_size for path in files)
        output = scratch / tree.size
        output.mkdir()
        pairs = [
            tools.vallum("--only", "secrets", "--format", "json"),
            tools.kingfisher(),
            tools.kingfisher(*_LEAN, name=_NAME),
        ]
        slow = [tools.detect_secrets()] if tree.patience is Patience.ALWAYS else []
        costs = measure.interleaved([*pairs, *slow], runs=runs, where=root, environment=environment, output=output)
        if tree.patience is Patience.ONCE:
            costs |= _once(tools.detect_secrets(), root, environment, output)
        print(f"\n{tree.size}: {tree.name}, {len(files):,} files, {size / _MB:,.1f} MB; medians of {runs}, interleaved")
        _show(costs, len(files), size, root, output)
        if tree.patience is Patience.NEVER:
            print(f"  detect-secrets: {tree.patience.value}")


def _once(command: Command, root: Path, environment: Mapping[str, str], output: Path) -> dict[str, list[Cost]]:
    """A peer that takes minutes is run once, and its row says so."""
    return {
        command.name: [
            measure.cost(command, where=root, environment=environment, output=output / f"{command.name}.out")
        ]
    }


def _show(costs: Mapping[str, Sequence[Cost]], files: int, size: int, root: Path, output: Path) -> None:
    ours = measure.median(costs["vallum"])
    heads = ("wall s", "cpu s", "MiB", "files/s", "MB/s", "named", "wall / ours", "cpu / ours")
    print(f"  {'':<18}{''.join(f'{head:>12}' for head in heads)}")
    for name, every in costs.items():
        middle = measure.median(every)
        named = len(findings.places(name.partition(",")[0], output / f"{name}.out", root))
        cells = (
            f"{middle.wall:.2f}",
            f"{middle.cpu:.2f}",
            f"{middle.mib:.0f}",
            f"{files / middle.wall:,.0f}",
            f"{size / _MB / middle.wall:.0f}",
            f"{named:,}",
            f"{middle.wall / ours.wall:.1f}",
            f"{middle.cpu / ours.cpu:.1f}",
        )
        print(f"  {name:<18}{''.join(f'{cell:>12}' for cell in cells)}{'  (once)' if len(every) == 1 else ''}")
