"""Pipelines that we hand out: what they say is what the command understands."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from vallum.cli import ci, options
from vallum.cli.exits import Exit
from vallum.hooks import COMMAND
from vallum_engine import VERSION

ROOT = Path(__file__).parents[3]
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")
YAML = sorted(set(ci.TEMPLATES) - {"jenkins"})


def commands(text):
    """Every command line of ours, as a shell would hand it over."""
    found = []
    for line in text.splitlines():
        at = re.search(r"(?:^|[\s'\"])(vallum scan [^']*)", line)
        if at and not line.lstrip().startswith(("#", "//")):
            found.append(shlex.split(at.group(1)))
    return found


@pytest.mark.parametrize("service", sorted(ci.TEMPLATES))
def test_every_command_in_it_is_one_of_ours(vallum, service):
    ran = vallum("ci", "print", service)
    assert ran.code == Exit.CLEAN
    lines = commands(ran.out)
    assert lines
    for words in lines:
        assert words[:2] == ["vallum", "scan"]
        options.parse(words[2:])
    assert f"vallum=={VERSION}" in ran.out
    assert "@VERSION@" not in ran.out


@pytest.mark.parametrize("service", YAML)
def test_it_is_yaml_without_doubles(service):
    assert yaml.compose(ci.text(service)) is not None
    assert isinstance(yaml.safe_load(ci.text(service)), dict)


def test_github_has_no_more_rights_than_it_needs_and_names_no_moving_version():
    flow = yaml.safe_load(ci.text("github"))
    [job] = flow["jobs"].values()
    assert flow["permissions"] == {}
    assert job["permissions"] == {"contents": "read", "security-events": "write"}
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [action for action in used if not PINNED.fullmatch(action)] == []
    assert sum("upload-sarif" in action for action in used) == 1
    assert all("${{" not in step.get("run", "") for step in job["steps"])  # a branch's name is no code
    [report] = re.findall(r"--output (\S+)", ci.text("github"))
    assert job["steps"][-1]["with"]["sarif_file"] == report


def test_each_service_keeps_the_report_that_the_scan_writes():
    kept = {
        "azure": [step["publish"] for step in yaml.safe_load(ci.text("azure"))["steps"] if "publish" in step],
        "bitbucket": yaml.safe_load(ci.text("bitbucket"))["pipelines"]["branches"]["main"][0]["step"]["artifacts"],
        "circleci": [
            step["store_artifacts"]["path"]
            for step in yaml.safe_load(ci.text("circleci"))["jobs"]["vallum"]["steps"]
            if "store_artifacts" in step
        ],
        "gitlab": yaml.safe_load(ci.text("gitlab"))["vallum"]["artifacts"]["paths"],
        "jenkins": re.findall(r"archiveArtifacts artifacts: '([^']+)'", ci.text("jenkins")),
    }
    for service, reports in kept.items():
        assert reports
        assert set(reports) == set(re.findall(r"--output (\S+)", ci.text(service)))


def test_jenkins_closes_what_it_opens():
    code = "\n".join(line for line in ci.text("jenkins").splitlines() if not line.startswith("//"))
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", code)
    depth, lowest = 0, 0
    for sign in bare:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        lowest = min(lowest, depth)
    assert (depth, lowest) == (0, 0)
    for part in ("pipeline", "agent", "stages", "steps", "post"):
        assert re.search(rf"\b{part} \{{", bare)


def test_the_manifest_of_the_pre_commit_framework():
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert set(hook) == {
        "id", "name", "description", "entry", "language", "pass_filenames", "always_run", "stages",
        "minimum_pre_commit_version",
    }  # fmt: skip
    assert hook["id"] == "vallum-secrets"
    assert hook["entry"] == COMMAND
    assert hook["pass_filenames"] is False
    options.parse(shlex.split(COMMAND)[2:])


def test_a_service_that_is_not_known(vallum):
    assert vallum("ci", "print", "teamcity").code == Exit.USAGE
