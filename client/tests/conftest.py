"""The command, run as a person runs it, in a home of its own."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from vallum.cli.main import main
from vallum_engine.secrets.samples import fill


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A home in which rules are compiled and the starter advisories built: once for all tests."""
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "VALLUM_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "vallum", "db", "prepare"], env=environment, check=True, capture_output=True)
    return home


@pytest.fixture(autouse=True)
def home(prepared, tmp_path_factory, monkeypatch):
    """A private home with everything ready, and no opening to the outside."""
    place = tmp_path_factory.mktemp("own") / "home"
    shutil.copytree(prepared, place)
    for name in ("VALLUM_ADVISORIES", "VALLUM_EGRESS_ALLOW", "VALLUM_TOKEN", "VALLUM_DB_SOURCE", "VALLUM_HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VALLUM_HOME", str(place))
    return place


@pytest.fixture
def vallum(capsys):
    """Run the command in this process."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(code=code, out=said.out, err=said.err)

    return run


@pytest.fixture
def program():
    """The command line that runs it as a process of its own."""
    return [sys.executable, "-m", "vallum"]


@pytest.fixture
def tree(tmp_path):
    """A folder to scan."""
    place = tmp_path / "tree"
    place.mkdir()
    return place


@pytest.fixture(scope="session")
def token():
    """A secret that the rules know by its checksum, made at test time: none may lie in this tree."""
    return fill("ghp_{github:36}")


def write(root: Path, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
