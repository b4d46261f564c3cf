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
    found = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)((?:.*\\\n)*.*)$", text, re.MULTILINE)
    versions: dict[str, set[str]] = {}
    for name, version, _ in found:  # more than one where a newer Python takes another
        versions.setdefault(plain(name), set()).add(version)
    assert len(versions) > 50
    assert [name for name, _, rest in found if "--hash=sha256:" not in rest] == []
    installed = {plain(item.metadata["Name"]): item.version for item in distributions()}
    assert sorted(installed.keys() - versions.keys() - OURS) == []
    assert {
        name: version for name, version in installed.items() if name in versions and version not in versions[name]
    } == {}
