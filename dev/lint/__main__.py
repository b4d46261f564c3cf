"""`python -m dev.lint [PATH…]`: exit code 1 and one line for each problem, or silence."""

import sys
from pathlib import Path

from dev.lint import runner

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Judge the whole tree; with paths, only what lies under them."""
    try:
        paths = runner.tracked(ROOT)
        allowances = runner.allowed(ROOT)
    except runner.Unreadable as error:
        print(f"dev.lint: {error}", file=sys.stderr)
        return 2
    if arguments:
        chosen = tuple(str(Path(given).resolve().relative_to(ROOT)) for given in arguments)
        paths = [path for path in paths if path in chosen or path.startswith(tuple(f"{part}/" for part in chosen))]
        allowances = {key: reason for key, reason in allowances.items() if key[1] in paths}
    found = runner.judge(runner.sources(ROOT, paths), allowances)
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
