"""The command over something untrusted: what was not brought reaches the report as gaps."""

import io

import pytest

from vallum_engine import wire
from vallum_guard import sandbox
from vallum_guard.sandbox import Level
from vallum_web.scans import scanner
from vallum_web.scans.scanner import Job


@pytest.fixture
def home(tmp_path, settings):
    settings.HOME = str(tmp_path / "home")
    return tmp_path / "home"


def test_more_gaps_than_a_command_line_holds_are_in_the_report(home, tmp_path):
    if sandbox.isolation().level is Level.NONE:
        pytest.skip(f"no isolation here: {sandbox.isolation().reason}")
    tree = tmp_path / "scratch" / "repository"
    tree.mkdir(parents=True)
    (tree / "a.txt").write_text("hello")
    files = tuple(f"{'deep/' * 50}{number}\udce9.bin" for number in range(9_000))
    out = io.BytesIO()
    scanner.scan(Job(path=tree, left_out=(*files, "lib/dep/")), sink=out.write, tell=lambda _numbers: None)
    out.seek(0)
    report = wire.read(out)
    assert report.incomplete
    gaps = {gap.path: gap.why for gap in report.coverage.exclusions}
    assert len(gaps) == 9_001
    assert gaps["lib/dep/"] == "submodule: not fetched"
    assert gaps[f"{'deep/' * 50}8999\\xe9.bin"] == "too large to be fetched"
    assert report.stats.files == 1
