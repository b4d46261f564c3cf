"""Claim: from a fresh clone to the first page takes less than 90 s, and a start of what is set up a few seconds.

Each time ends when a page was answered with 200, asked for at the address that was printed: what a newcomer waits for. There is
no peer: the platforms to compare with are started as sets of containers. Nothing here asserts a time.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import measure, tools
from bench.measure import Command, WentWrong

FIRST_PAGE, NO_OP = 90.0, 1.0
ADDRESS = re.compile(r"^  (https?://\S+)/   \(up in")
STEP = re.compile(r"^  (\S.*?)\s+([0-9.]+) s\b")
SCANS = 10.0  # the demo's two take a second or two: the next start must not share the processors with them
UP = (str(tools.OURS / "vallum-web"), "up", "--demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds until the first page, and what the platform said of its own steps."""

    page: float
    steps: Mapping[str, float]


@contextlib.contextmanager
def started(
    command: tuple[str, ...], *, where: Path, environment: Mapping[str, str], until: str = ""
) -> Iterator[Start]:
    """One run; it is taken down at the end of the block. `until` is a line to wait for after the page."""
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=where,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            yield _first_page(running, began, until)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C in a terminal does
            said = running.communicate(timeout=30)[0]
    if "  stopped" not in said:
        raise WentWrong(f"{' '.join(command)} did not stop in order:\n{said[-2000:]}")


def _first_page(running: subprocess.Popen[str], began: float, until: str) -> Start:
    said: list[str] = []
    page, steps = 0.0, {}
    for line in running.stdout or ():
        said.append(line)
        if found := ADDRESS.match(line):
            with urllib.request.urlopen(f"{found[1]}/", timeout=10) as answer:
                answer.read()
            page = time.perf_counter() - began
        elif found := STEP.match(line):
            steps[found[1]] = float(found[2])
        if page and until in "".join(said):
            return Start(page=page, steps=steps)
    raise WentWrong(f"No page came up:\n{''.join(said)[-2000:]}")


def starts(scratch: Path, runs: int) -> tuple[Start, list[Start]]:
    """The first, over nothing; then `runs` over what it left."""
    environment = _environment(scratch / "warm") | {"VALLUM_HOME": str(scratch / "warm" / "home")}
    with started(UP, where=measure.ROOT, environment=environment, until="the demo data are in place") as first:
        time.sleep(SCANS)
    again = []
    for _ in range(runs):
        with started(UP, where=measure.ROOT, environment=environment) as once:
            again.append(once)
    return first, again


def cold(scratch: Path) -> tuple[float, Start]:
    """What the last commit of this tree holds, with nothing fetched before: neither uv, nor packages, nor byte code."""
    clone = scratch / "clone"
    began = time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", measure.ROOT.as_uri(), str(clone)], check=True)
    cloned = time.perf_counter() - began
    environment = _environment(scratch / "cold")
    environment |= {"UV_CACHE_DIR": str(scratch / "uv"), "PIP_NO_CACHE_DIR": "1"}
    with started(("make", "run"), where=clone, environment=environment) as start:
        return cloned, start


def _environment(folder: Path) -> dict[str, str]:
    """Ours without what decides where state lies. Root's database goes beside it as well, to be removed with it."""
    folder.mkdir()
    folder.chmod(0o711)  # the database's account passes through
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("VALLUM_", "DATABASE_")) and name not in ("PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS")
    }
    return kept | {"VALLUM_DATABASE_FOLDER": str(folder / "database")}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="also from a fresh clone, which downloads every package")
    given = parser.parse_args()
    print(f"starting the platform · {measure.machine()}\n")
    scratch = Path(tempfile.mkdtemp(prefix="vallum-bench-"))
    scratch.chmod(0o711)
    try:
        first, again = starts(scratch, given.runs)
        show("first start, empty state", first)
        middle = sorted(again, key=lambda start: start.page)[len(again) // 2]
        show(f"second start, median of {given.runs}", middle)
        print(
            f"  {'':<34} least {min(start.page for start in again):.2f}, most {max(start.page for start in again):.2f}"
        )
        if given.cold:
            cloned, start = cold(scratch)
            show("fresh clone, `make run`", start)
            print(f"  {'':<34} and {cloned:.2f} s for the clone: {cloned + start.page:.1f} s of the {FIRST_PAGE:.0f} s")
        setup = Command(name="setup", arguments=("make", "setup"))
        costs = measure.interleaved(
            [setup], runs=given.runs, where=measure.ROOT, environment=os.environ, output=scratch
        )["setup"]
        wall = statistics.median(cost.wall for cost in costs) * 1e3
        print(f"  {'`make setup` with nothing to do':<34} {wall:5.0f} ms of {NO_OP * 1e3:.0f} ms")
    finally:
        shutil.rmtree(scratch)
    print(f"\nafterwards · {measure.machine()}")


def show(name: str, start: Start) -> None:
    steps = ", ".join(f"{step.replace(', ', ' and ')} {seconds:.1f}" for step, seconds in start.steps.items())
    print(f"  {name:<34} {start.page:6.2f} s  ({steps})")


if __name__ == "__main__":
    main()
