"""The pre-commit hook, run by git itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vallum import hooks
from vallum.cli.exits import Exit

OTHER = "#!/bin/sh\necho another\n"


@pytest.fixture
def git(monkeypatch, tmp_path):
    """Git as a person has it, with a configuration of its own, and `vallum` on the path."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "vallum"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m vallum "$@"\n')
    program.chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = Alice\n\temail = alice@example.org\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")

    def run(folder, *words):
        return subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def work(git, tmp_path):
    folder = tmp_path / "work tree"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.txt").write_text("hello\n")
    git(folder, "add", "-A")
    assert git(folder, "commit", "-qm", "first").returncode == 0
    return folder


def hook_of(work):
    return work / ".git/hooks/pre-commit"


def test_git_refuses_a_commit_with_a_secret_and_takes_one_without(vallum, git, work, token):
    ran = vallum("hook", "install", work)
    assert (ran.code, ran.err) == (Exit.CLEAN, f"vallum: Installed: {hook_of(work)}\n")
    (work / "a.env").write_text(f"T={token}\n")
    git(work, "add", "-A")
    refused = git(work, "commit", "-qm", "second")
    assert refused.returncode == 1
    assert "a.env:1" in refused.stdout + refused.stderr
    assert token not in refused.stdout + refused.stderr
    (work / "a.env").write_text("T=\n")
    git(work, "add", "-A")
    assert git(work, "commit", "-qm", "second").returncode == 0


@pytest.mark.parametrize("words", [("--all",), ("a.txt",)], ids=["all", "one file"])
def test_what_a_commit_brings_past_the_index_is_seen(vallum, git, work, token, words):
    vallum("hook", "install", work)
    (work / "a.txt").write_text(f"T={token}\n")
    refused = git(work, "commit", "-qm", "second", *words)
    assert refused.returncode == 1
    assert "a.txt:1" in refused.stdout + refused.stderr


def test_an_index_of_another_repository_is_not_read(vallum, git, work, token, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    (other / "b.env").write_text(f"T={token}\n")
    git(other, "add", "-A")
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert vallum("scan", work, "--staged", "--only", "secrets").code == Exit.CLEAN


def test_a_linked_work_tree_has_the_same_hook(vallum, git, work, token, tmp_path):
    linked = tmp_path / "linked"
    git(work, "worktree", "add", "-q", linked, "-b", "side")
    assert vallum("hook", "install", linked).code == Exit.CLEAN
    assert hooks.is_ours(hook_of(work))
    (linked / "a.env").write_text(f"T={token}\n")
    git(linked, "add", "-A")
    assert git(linked, "commit", "-qm", "second").returncode == 1


@pytest.mark.parametrize("setting", ["hooks of mine", "~/shared"])
def test_the_folder_that_the_configuration_names(vallum, git, work, tmp_path, monkeypatch, setting):
    monkeypatch.setenv("HOME", str(tmp_path))
    git(work, "config", "core.hooksPath", setting)
    folder = tmp_path / "shared" if setting.startswith("~") else work / setting
    assert vallum("hook", "install", work).code == Exit.CLEAN
    assert hooks.is_ours(folder / "pre-commit")
    assert not hook_of(work).exists()


def test_hooks_that_are_switched_off(vallum, git, work):
    git(work, "config", "core.hooksPath", "/dev/null")
    ran = vallum("hook", "install", work)
    assert ran.code == Exit.USAGE
    assert "switched off" in ran.err


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_a_hook_of_another_origin_stays(vallum, work, verb):
    hook = hook_of(work)
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(OTHER)
    ran = vallum("hook", verb, work)
    assert ran.code == Exit.USAGE
    assert "another origin" in ran.err
    assert hook.read_text() == OTHER


def test_a_link_is_not_written_through(vallum, work, tmp_path):
    hook = hook_of(work)
    hook.parent.mkdir(exist_ok=True)
    vallum("hook", "install", work)
    elsewhere = tmp_path / "elsewhere"
    hook.rename(elsewhere)
    hook.symlink_to(elsewhere)
    assert vallum("hook", "install", work).code == Exit.USAGE
    assert vallum("hook", "uninstall", work).code == Exit.USAGE
    assert elsewhere.exists()


def test_twice_and_away(vallum, work):
    hook = hook_of(work)
    vallum("hook", "install", work)
    before = hook.read_bytes()
    hook.write_bytes(before + b"# changed by hand\n")
    assert "Written anew" in vallum("hook", "install", work).err
    assert hook.read_bytes() == before
    assert hook.stat().st_mode & 0o111
    assert "Taken away" in vallum("hook", "uninstall", work).err
    assert not hook.exists()
    assert "There is no hook" in vallum("hook", "uninstall", work).err
    assert [path.name for path in hook.parent.iterdir() if "vallum" in path.name or path.name.startswith(".")] == []


def test_below_the_top_folder(vallum, work):
    inner = work / "inner"
    inner.mkdir()
    assert vallum("hook", "install", inner).code == Exit.CLEAN
    assert hooks.is_ours(hook_of(work))


def test_no_repository_and_no_folder(vallum, tmp_path, git):
    for place in (tmp_path, tmp_path / "nothing"):
        ran = vallum("hook", "install", place)
        assert ran.code == Exit.USAGE
        assert "no work tree" in ran.err or "no folder" in ran.err


def test_without_the_command_nothing_is_committed_in_silence(vallum, git, work, monkeypatch):
    hook = hook_of(work)
    hooks.install(hook, "/nowhere/vallum")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (work / "b.txt").write_text("hello\n")
    git(work, "add", "-A")
    refused = git(work, "commit", "-qm", "second")
    assert refused.returncode == 1
    assert "nothing was scanned" in refused.stderr


def test_a_program_with_a_quote_in_its_path(work, tmp_path):
    hook = hook_of(work)
    hooks.install(hook, "/it's/vallum")
    ran = subprocess.run(["/bin/sh", "-n", hook], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert Path(hook).read_text().count("'/it'\"'\"'s/vallum'") == 1
