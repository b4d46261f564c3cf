"""What a scaffold wants done, as a value; and the doing, all of it or nothing."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class Refused(Exception):
    """Nothing was written; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Files to create, files to write anew with something added, and what is left to a person."""

    create: Mapping[str, str] = field(default_factory=dict)
    change: Mapping[str, str] = field(default_factory=dict)
    todo: tuple[str, ...]


def carry_out(plan: Plan, root: Path) -> list[str]:
    """Write it; the paths written. Raises Refused, before writing anything, when a file to create exists."""
    for path in plan.create:
        if (root / path).exists():
            raise Refused(f"{path} exists, and stays as it is. Choose another ID, or edit the file.")
    written = {**plan.create, **plan.change}
    for path, text in sorted(written.items()):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    _tidy([root / path for path in written if path.endswith(".py")], root)
    return sorted(written)


def _tidy(paths: list[Path], root: Path) -> None:
    """Imports in order and joined, and the house's format: a scaffold adds lines, ruff knows where they belong."""
    if paths:
        ruff = [sys.executable, "-m", "ruff"]
        settings = ["--quiet", "--config", str(root / "pyproject.toml")]
        subprocess.run([*ruff, "check", *settings, "--select", "I", "--fix", *map(str, paths)], check=True)
        subprocess.run([*ruff, "format", *settings, *map(str, paths)], check=True)
