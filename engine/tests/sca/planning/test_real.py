"""Real lockfiles and manifests against OSV's archives: with the plan carried out, a scan finds what the plan calls unfixed, and no more.

Where no package manager is at hand, an entry of a lockfile is written as its command would write it: at the version that the
step says.
"""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from sca.planning.projects import scanned

from vallum_engine.model.file import File
from vallum_engine.model.plan import Way
from vallum_engine.reports.plan import render_diff, render_json, render_table
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.lockfiles import format_of
from vallum_engine.sca.planning.plan import plan
from vallum_engine.sca.planning.spots import STYLE_OF

DATA = Path(os.environ.get("VALLUM_TEST_DATA") or Path(__file__).parents[5] / "shared/data")
ECOSYSTEMS = ("Go", "Maven", "NuGet", "Packagist", "PyPI", "RubyGems", "crates.io", "npm")
MOST_BYTES = 4 << 20

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")]


@pytest.fixture(scope="module")
def advisories(tmp_path_factory):
    path = tmp_path_factory.mktemp("osv") / "advisories.db"
    build(_records(), path, meta=Meta(built_at="2026-01-01T00:00:00Z", source="shared"))
    with open_database(path) as opened:
        yield opened


def _records():
    for ecosystem in ECOSYSTEMS:
        with zipfile.ZipFile(DATA / f"osv/{ecosystem}.zip") as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".json"):
                    yield ecosystem, archive.read(name)


def projects():
    """Files of real projects that say something of packages: the large ones by folder, each of the others alone."""
    found = {}
    for path in sorted((DATA / "lockfiles/real").rglob("*")):
        if path.is_file() and format_of(path.name) and path.stat().st_size < MOST_BYTES:
            found.setdefault(path.parent.name, {})[path.name] = path.read_bytes()
    for entry in json.loads((DATA / "lockfiles/expected.json").read_bytes())["files"]:
        name = entry.get("present_as") or entry["file"].rpartition("/")[2]
        if "expect" not in entry and format_of(name):
            found[entry["file"]] = {name: (DATA / "lockfiles" / entry["file"]).read_bytes()}
    return {folder: {name: File(name, data) for name, data in own.items()} for folder, own in found.items()}


def planned(advisories, files):
    report, detector, keeper = scanned(advisories, files)
    return report, plan(report.findings, detector.inventory, files=keeper.files, advisories=advisories), detector


def renewed(files, made, entries):
    """The lockfiles as the steps' commands would write them: each entry at its new version, nothing else."""
    files = dict(files)
    for step in made.steps:
        if format_of(step.file) in STYLE_OF or step.way is Way.OTHER:
            continue
        lines = files[step.file].data.split(b"\n")
        for package in entries[step.file]:
            if package.name == step.name and package.version in step.versions:
                at = package.location.line - 1
                old, new = package.version.encode(), step.to.encode()
                block = [n for n in range(at, min(at + 12, len(lines))) if old in lines[n]]
                for where in sorted(block, key=lambda n: b"version" not in lines[n])[:1]:
                    lines[where] = lines[where].replace(old, new)
        files[step.file] = File(step.file, b"\n".join(lines))
    return files


def by_git(files, made, folder):
    """The manifests with the diff in them, put there by git."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, file in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(file.data)
    if diff := render_diff(made):
        subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=folder, input=diff, check=True)
    return {path: File(path, (folder / path).read_bytes()) for path in files}


def test_with_the_plan_carried_out_only_what_has_no_fix_is_left(advisories, tmp_path):
    told = {"projects": 0, "before": 0, "ended": 0, "edited": 0, "ways": set()}
    for folder, files in projects().items():
        report, made, detector = planned(advisories, files)
        if not report.findings:
            continue
        edited = by_git(files, made, tmp_path / "project")
        after, _, _ = scanned(advisories, renewed(edited, made, detector.inventory.by_path))
        expected = {(each.rule, own.name) for own in made.unfixed for each in own.findings}
        expected |= {(each.rule, own.name) for own in made.steps for each in own.remains}
        expected |= {(rule, own.name) for own in made.steps for rule in own.brings}
        by_hand = {step.name for step in made.steps if step.way is Way.OTHER}
        left = {(found.rule, found.package.name) for found in after.findings if found.package.name not in by_hand}
        assert {(rule, name.lower()) for rule, name in left} <= {(rule, name.lower()) for rule, name in expected}, (
            folder
        )
        told["projects"] += 1
        told["before"] += len(report.findings)
        told["ended"] += len(report.findings) - len(after.findings)
        told["edited"] += len(made.patches)
        told["ways"] |= {step.way for step in made.steps}
        assert render_table(made, report)
        assert render_json(made, report)
    assert told["projects"] > 10
    assert told["ended"] > 0.8 * told["before"] > 100
    assert told["edited"] > 3
    assert told["ways"] >= {Way.RAISE, Way.RENEW, Way.PARENT}
