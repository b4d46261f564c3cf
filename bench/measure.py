"""What one command costs: wall-clock and processor seconds, and the memory it held at most."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One tool at work. `codes` are the exit codes by which it says that it did its work."""

    name: str
    arguments: tuple[str, ...]
    codes: frozenset[int] = frozenset({0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    wall: float
    cpu: float
    mib: float


class WentWrong(Exception):
    """A tool did not do its work: its time would mean nothing."""


def cost(command: Command, *, where: Path, environment: Mapping[str, str], output: Path) -> Cost:
    """Run it once in `where`, its standard output into a file."""
    reading, report = os.pipe()
    with os.fdopen(reading, "rb") as told, output.open("wb") as out, output.with_suffix(".err").open("wb+") as err:
        launch = (sys.executable, "-I", "-S", str(_LAUNCH), str(report), *command.arguments)
        subprocess.run(launch, cwd=where, env=environment, stdout=out, stderr=err, pass_fds=(report,), check=True)
        os.close(report)
        used = json.loads(told.read())
        if used["code"] not in command.codes:
            err.seek(0)
            said = err.read().decode(errors="replace")[-2000:]
            raise WentWrong(f"{' '.join(command.arguments)} in {where} ended with {used['code']}:\n{said}")
    return Cost(wall=used["wall"], cpu=used["cpu"], mib=used["mib"])


def interleaved(
    commands: Sequence[Command], *, runs: int, where: Path, environment: Mapping[str, str], output: Path
) -> dict[str, list[Cost]]:
    """Every command `runs` times, in turn, each second round backwards; one round before that does not count."""
    costs: dict[str, list[Cost]] = {command.name: [] for command in commands}
    for number in range(runs + 1):
        for command in commands[:: -1 if number % 2 else 1]:
            once = cost(command, where=where, environment=environment, output=output / f"{command.name}.out")
            if number:
                costs[command.name].append(once)
    return costs


def environment(home: Path) -> dict[str, str]:
    """Ours, with Vallum's data apart, and with byte code kept, as an installation has it."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    }
    return inherited | {"VALLUM_HOME": str(home)}


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        wall=statistics.median(cost.wall for cost in costs),
        cpu=statistics.median(cost.cpu for cost in costs),
        mib=statistics.median(cost.mib for cost in costs),
    )


def machine() -> str:
    """What a reader needs to judge the figures: processors, and how busy they were with other work."""
    model = next(
        (
            line.partition(": ")[2]
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "processor unknown",
    )
    one, five, _ = os.getloadavg()
    return f"{os.cpu_count()} processors, {model}; load {one:.1f} (1 min), {five:.1f} (5 min)"
