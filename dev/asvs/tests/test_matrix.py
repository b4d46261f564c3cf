import csv
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from dev.asvs import matrix
from dev.asvs.matrix import Outcome, Requirement, Status

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("VALLUM_TEST_DATA", ROOT.parent / "shared" / "data")) / "asvs" / "asvs-5.0.0-en.csv"
DAY = date(2026, 11, 25)


def entry(**more: Any) -> Requirement:
    return Requirement(**{"id": "1.2.3", "level": 1, "status": Status.TEST, **more})


@pytest.mark.parametrize(
    ("item", "said"),
    [
        pytest.param(entry(), "", id="tests speak for themselves"),
        pytest.param(entry(status=Status.NA), "without a reason", id="not applicable, for no reason"),
        pytest.param(entry(status=Status.NA, why="There is no such thing here."), "", id="not applicable, for a reason"),
        pytest.param(entry(status=Status.DOC, where="docs/nothing.md"), "no document", id="a document that is not there"),
        pytest.param(entry(status=Status.DOC, where="docs/security.md#no"), "no heading", id="an anchor that is not there"),
        pytest.param(entry(status=Status.DOC, where="docs/security.md#sessions"), "", id="a section"),
        pytest.param(
            entry(status=Status.ATTESTED, why="Looked at all of it.", reviewed=DAY - timedelta(days=181)),
            "more than 180 days",
            id="looked at long ago",
        ),
        pytest.param(entry(status=Status.ATTESTED, why="Looked at all of it."), "nobody says when", id="looked at, some day"),
    ],
)  # fmt: skip
def test_an_entry_is_whole(item: Requirement, said: str) -> None:
    flaws = [flaw for flaw in matrix.flaws({item.id: item}, ROOT, today=DAY) if "Level" not in flaw]
    assert bool(flaws) is bool(said)
    assert said in "".join(flaws)


@pytest.mark.parametrize(
    ("item", "outcomes", "said"),
    [
        pytest.param(entry(), [Outcome.PASSED], "", id="proven"),
        pytest.param(entry(), [], "no test bears it", id="no test"),
        pytest.param(entry(), [Outcome.SKIPPED], "were skipped", id="skipped alone"),
        pytest.param(entry(), [Outcome.SKIPPED, Outcome.PASSED], "", id="one skipped, one passed"),
        pytest.param(entry(), [Outcome.PASSED, Outcome.FAILED], "failed", id="one failed"),
        pytest.param(
            entry(status=Status.NA, why="There is no such thing here."), [Outcome.PASSED], "is tested", id="tested after all"
        ),
    ],
)  # fmt: skip
def test_a_gap_is_seen(item: Requirement, outcomes: list[Outcome], said: str) -> None:
    gaps = matrix.gaps({item.id: item}, {item.id: outcomes})
    assert bool(gaps) is bool(said)
    assert said in "".join(gaps)


def test_every_entry_of_ours_is_whole_and_none_is_missing() -> None:
    ours = matrix.load(ROOT)
    assert matrix.flaws(ours, ROOT, today=max(item.reviewed or DAY for item in ours.values())) == []


def test_ids_and_levels_are_the_standards() -> None:
    if not DATA.is_file():
        pytest.skip(f"the standard's list is not at {DATA}: set VALLUM_TEST_DATA")
    with DATA.open(encoding="utf-8-sig") as file:
        rows = {row["req_id"].removeprefix("V"): int(row["L"]) for row in csv.DictReader(file)}
    assert {item.id: item.level for item in matrix.load(ROOT).values()} == {
        name: level for name, level in rows.items() if level < 3
    }
    assert matrix.level_3(ROOT) == {name for name, level in rows.items() if level == 3}


PLUGIN = """
import pytest
@pytest.mark.asvs("1.2.4")
def test_one(): assert True
"""


@pytest.mark.slow
def test_a_full_run_fails_on_a_gap(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plug-in in a run of its own: one test bears one id, and 252 are open."""
    pytester.makepyfile(PLUGIN)
    pytester.makeini("[pytest]\nmarkers = asvs(ids)\ntestpaths = .\n")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    run = pytester.runpytest_subprocess("-p", "dev.asvs.plugin")
    assert run.ret == 1
    run.stdout.fnmatch_lines(["*OWASP ASVS*", "*gap: 1.2.1: no test bears it*"])
    assert "gap: 1.2.4" not in run.stdout.str()
    assert pytester.runpytest_subprocess("-p", "dev.asvs.plugin", "-k", "one").ret == 0
