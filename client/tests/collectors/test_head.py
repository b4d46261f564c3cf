"""What is checked out, by git's own files and by hostile ones."""

import os
import subprocess

import pytest

from vallum.collectors.repository.head import checked_out


def git(*arguments, cwd):
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    git("init", "-q", "-b", "topic/one", cwd=tmp_path)
    git("commit", "-q", "--allow-empty", "-m", "First", cwd=tmp_path)
    return tmp_path


def test_a_branch_and_its_commit(repository):
    assert checked_out(repository) == {"branch": "topic/one", "commit": git("rev-parse", "HEAD", cwd=repository)}


def test_a_branch_that_git_packed(repository):
    git("pack-refs", "--all", cwd=repository)
    assert checked_out(repository)["commit"] == git("rev-parse", "HEAD", cwd=repository)


def test_a_commit_without_a_branch(repository):
    git("checkout", "-q", "--detach", cwd=repository)
    assert checked_out(repository) == {"commit": git("rev-parse", "HEAD", cwd=repository)}


def test_a_repository_without_commits(tmp_path):
    git("init", "-q", "-b", "main", cwd=tmp_path)
    assert checked_out(tmp_path) == {"branch": "main"}


@pytest.mark.parametrize(
    "head",
    ["", "ref: refs/heads/../../../etc/passwd", "ref: /etc/passwd", "ref: refs/heads/\x1b[31m", "x" * 5000, "0" * 39],
    ids=["empty", "out of the folder", "absolute", "control characters", "long", "short commit"],
)
def test_a_hostile_head_says_nothing(repository, head):
    (repository / ".git/HEAD").write_text(head)
    assert checked_out(repository) == {}


def test_a_head_that_is_a_link_or_a_pipe_is_not_followed(repository):
    (repository / ".git/HEAD").unlink()
    (repository / ".git/HEAD").symlink_to("/etc/hostname")
    assert checked_out(repository) == {}
    (repository / ".git/HEAD").unlink()
    os.mkfifo(repository / ".git/HEAD")
    assert checked_out(repository) == {}


def test_a_folder_without_git(tmp_path):
    assert checked_out(tmp_path) == {}
