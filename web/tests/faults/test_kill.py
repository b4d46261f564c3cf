"""`kill -9` of each process while a scan runs: the scan ends whole or says why not, and nothing outlives its parent.

One platform for all of it, in the order of this file: what a killed process left must not trouble the next scan either.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.running import Platform, eventually, write_leaks

from vallum_web.embedded import leftovers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

LINKS = 120  # of one file of ten megabytes: seconds of scanning, and no disk
FEW, MANY = 20, 3000


def worker(run: Platform) -> int:
    return run.named("vallum_web.config.worker")[0]


def scanner(run: Platform) -> int:
    """The command itself, at the bottom of its sandbox."""
    return eventually(lambda: [pid for pid in run.named("bin/vallum scan") if "bwrap" not in run.processes()[pid]])[-1]


def postmaster(run: Platform) -> int:
    return leftovers.pid_of(run.folder / "place" / "data")


def web(run: Platform) -> int:
    return run.named("granian")[0]


def web_worker(number: int) -> Callable[[Platform], int]:
    def find(run: Platform) -> int:
        main = web(run)
        return eventually(lambda: workers if len(workers := _workers(run, main)) == 2 else None)[number]

    return find


def _workers(run: Platform, main: int) -> list[int]:
    return [
        pid for pid, command in sorted(run.processes().items()) if _parent(pid) == main and "tracker" not in command
    ]


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


class Bench:
    """The platform with two assets: `long` takes seconds to scan, `full` takes seconds to digest."""

    def __init__(self, run: Platform) -> None:
        self.run = run
        self.long, self.full = run.folder / "long", run.folder / "full"
        self.long_places = write_leaks(self.long, "leaks.txt", FEW)
        self.full_places: list[tuple[str, int]] = []
        (self.long / "code").mkdir()
        seed = self.long / "code" / "seed.py"
        seed.write_text(
            "".join(f"    result = compute(first, second, third={n})  # the usual\n" for n in range(150_000))
        )
        for number in range(LINKS):
            os.link(seed, self.long / "code" / f"{number}.py")


@pytest.fixture(scope="module")
def bench(place) -> Iterator[Bench]:
    run = Platform(place)
    made = Bench(run)
    made.full.mkdir()
    run.up()
    try:
        run.fill({"long": made.long, "full": made.full})
        first = run.end_of(run.request("long"))
        assert first["status"] == "done", first
        assert run.findings("long") == {"open": made.long_places}
        yield made
        run.stop()
        assert run.processes() == {}
    finally:
        run.sweep()


@pytest.mark.parametrize(
    ("victim", "expected"),
    [
        pytest.param(worker, {"done"}, id="worker"),
        pytest.param(scanner, {"failed"}, id="sandboxed scanner"),
        pytest.param(postmaster, {"done"}, id="database"),
        pytest.param(web, {"done"}, id="web server"),
        pytest.param(web_worker(0), {"done"}, id="first web worker"),
        pytest.param(web_worker(1), {"done"}, id="second web worker"),
    ],
)
def test_killed_while_scanning(bench, victim, expected):
    run = bench.run
    key = run.request("long")
    run.wait_for_phase(key, "scanning")
    pid = victim(run)
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    eventually(lambda: run.ask("GET", "assets") is not None, seconds=60)
    answered = time.monotonic() - began
    scan = run.end_of(key)
    took = time.monotonic() - began
    assert answered < 60, answered
    assert took < 120, took
    assert scan["status"] in expected, scan
    assert pid not in run.processes()
    assert run.findings("long") == {"open": bench.long_places}
    assert run.resolved_events(key) == 0
    if scan["status"] == "failed":
        assert "killed" in scan["failure"]
        assert "scan again" in scan["failure"]
    # The same again, undisturbed.
    again = run.end_of(run.request("long"))
    assert (again["status"], again["attempts"]) == ("done", 1)
    assert not list((run.home / "scratch").glob("*-*"))


@pytest.mark.parametrize("victim", [pytest.param(worker, id="worker"), pytest.param(postmaster, id="database")])
def test_killed_while_digesting(bench, victim):
    """All tokens are others than last time: each finding known is to be resolved, and as many are new."""
    run = bench.run
    if not bench.full_places:
        bench.full_places = write_leaks(bench.full, "1.txt", MANY)
        assert run.end_of(run.request("full"))["status"] == "done"
    before = run.findings("full")
    (known,) = {path for path, _ in before["open"]}
    fresh = write_leaks(bench.full, f"{int(known[0]) + 1}.txt", MANY)
    (bench.full / known).unlink()
    key = run.request("full")
    run.wait_for_phase(key, "digesting")
    os.kill(victim(run), signal.SIGKILL)
    after = {"open": fresh, "resolved": sorted(before.get("resolved", []) + before["open"])}
    seen = []

    def over() -> bool:
        found = run.findings("full")
        if found is not None:
            seen.append(found)
        scan = run.scan(key)
        return scan is not None and bool(scan["finished_at"])

    eventually(over, seconds=60)
    scan = run.scan(key)
    assert scan["status"] == "done", scan
    assert scan["attempts"] == 2
    assert run.findings("full") == after
    assert all(found in (before, after) for found in seen)


def test_nothing_outlives_the_parent_and_the_next_start_takes_the_scan_up(bench):
    run = bench.run
    key = run.request("long")
    run.wait_for_phase(key, "scanning")
    run.process.kill()
    run.process.wait()
    eventually(lambda: not run.processes(), seconds=10)
    run.up()
    scan = run.end_of(key)
    assert (scan["status"], scan["attempts"]) == ("done", 2)
    assert run.findings("long") == {"open": bench.long_places}
    assert run.resolved_events(key) == 0


def test_a_scan_whose_source_is_gone_fails_and_resolves_nothing(bench):
    run = bench.run
    away = bench.long.with_name("away")
    bench.long.rename(away)
    try:
        scan = run.end_of(run.request("long"))
    finally:
        away.rename(bench.long)
    assert scan["status"] == "failed"
    assert "bring it back, then scan again" in scan["failure"]
    assert run.findings("long") == {"open": bench.long_places}
