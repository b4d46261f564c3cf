"""The diff of a plan, as git and patch take it: whatever the files hold, and however they are called."""

import json
import shutil
import subprocess

import pytest

from vallum_engine.model.known import Known
from vallum_engine.model.plan import Patch, Plan
from vallum_engine.model.report import Report
from vallum_engine.reports.plan import render_diff, render_json, render_table

FILES = {
    "a b/package.json": (b"x\n1.5.0\n", b"x\n2.0.0\n"),
    "caf\u00e9/requirements.txt": (b"left==1.5.0", b"left==2.0.0"),
    'q"u/go.mod': (b"a\r\nb\r\n1.5\r\n", b"a\r\nb\r\n2.0\r\n"),
    "l/Gemfile": (b"\xff1.5\x0cq\n\x85z\n", b"\xff2.0\x0cq\n\x85z\n"),
    "e/package.json": (b"a\nb", b"a\nb\nc\n"),
}


@pytest.mark.parametrize("tool", [["git", "apply", "-"], ["patch", "-p1", "-s", "--binary"]])
def test_the_diff_leads_from_what_was_to_what_is_to_be(tmp_path, tool):
    if not shutil.which(tool[0]):
        pytest.skip(f"no {tool[0]}")
    plan = Plan(patches=tuple(Patch(path=path, before=old, after=new) for path, (old, new) in sorted(FILES.items())))
    for path, (old, _) in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(old)
    subprocess.run(tool, cwd=tmp_path, input=render_diff(plan), check=True)
    for path, (_, new) in FILES.items():
        assert (tmp_path / path).read_bytes() == new, path


def test_a_plan_that_changes_nothing_has_no_diff():
    assert render_diff(Plan(patches=(Patch(path="a", before=b"1", after=b"1"),))) == b""


def test_a_plan_says_how_old_the_advisories_are_that_it_is_made_of():
    report = Report(engine="1", advisories=Known(as_of="2026-01-01T00:00:00Z", days=40))
    assert "Advisories as of 2026-01-01 (40 days old). Run `vallum db update`." in render_table(Plan(), report).decode()
    told = json.loads(render_json(Plan(), report))["advisories"]
    assert (told["as_of"], told["days"], told["starter"]) == ("2026-01-01T00:00:00Z", 40, False)
    assert json.loads(render_json(Plan(), Report(engine="1")))["advisories"] is None
