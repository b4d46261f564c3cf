"""Repositories made by git itself, and what a scan of them says."""

import json
import os
import subprocess

import pytest

MOMENT = 1_700_000_000
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.org",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "HOME": "/nonexistent",
}


class Repository:
    """A work tree whose commits are a minute apart."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.moment = MOMENT
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *options)

    def git(self, *arguments, stdin=b"", check=True):
        moment = f"{self.moment} +0000"
        environment = {**ENVIRONMENT, "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        words = ("git", "-c", "protocol.file.allow=always", *arguments)
        done = subprocess.run(words, cwd=self.folder, env=environment, input=stdin, capture_output=True, check=check)
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def put(self, files):
        for name, content in files.items():
            path = self.folder / os.fsdecode(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files=None, message="work", *options):
        self.put(files or {})
        self.moment += 60
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, *options)
        return self.git("rev-parse", "HEAD")

    def remove(self, name):
        (self.folder / name).unlink()
        return self.commit(message=f"without {name}")


@pytest.fixture
def repository(make):
    return make("repo")


@pytest.fixture
def make(tmp_path):
    """Another repository beside the first."""
    return lambda name, *options: Repository(tmp_path / name, *options)


@pytest.fixture
def look(vallum):
    """Scan and read the JSON report."""

    def run(folder, *options):
        ran = vallum("scan", folder, "--only", "secrets", "--format", "json", *options)
        assert ran.out, ran.err
        return Answer(ran.code, json.loads(ran.out))

    return run


class Answer:
    def __init__(self, code, report):
        self.code = code
        self.report = report
        self.findings = report["findings"]
        self.suppressed = report["suppressed"]
        self.gaps = [(row["path"], row["why"]) for row in report["coverage"]["exclusions"] if not row["covered"]]

    @property
    def one(self):
        assert len(self.findings) == 1, self.findings
        return self.findings[0]

    @property
    def places(self):
        return sorted({(place["path"], place["line"]) for one in self.findings for place in one["locations"]})
