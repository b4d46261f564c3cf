"""The lock is the inventory of what others wrote: every distribution in use, at one version, by its hashes."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"vallum", "vallum-engine", "vallum-guard", "vallum-web"}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.asvs("15.1.2")
def test_everything_installed_is_in_the_lock_with_its_hashes() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    entries = {
        plain(match[1]): match
        for match in re.finditer(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)((?:.*\\\n)*.*)$", text, re.MULTILINE)
    }
    assert len(entries) > 50
    assert [name for name, match in entries.items() if "--hash=sha256:" not in match[3]] == []
    installed = {plain(item.metadata["Name"]): item.version for item in distributions()}
    assert sorted(installed.keys() - entries.keys() - OURS) == []
    assert {
        name: version for name, version in installed.items() if name in entries and entries[name][2] != version
    } == {}
