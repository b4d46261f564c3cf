"""Repositories made to hurt whoever checks them out: refused or defused, and nothing of them stays or runs."""

import contextlib
import subprocess
from pathlib import Path

import pytest

from vallum_guard import errors, git
from vallum_guard.git import Origin
from vallum_guard.removal import remove

GIT = {
    "PATH": "/usr/bin:/bin",
    "GIT_AUTHOR_NAME": "Mallory",
    "GIT_AUTHOR_EMAIL": "mallory@example.org",
    "GIT_COMMITTER_NAME": "Mallory",
    "GIT_COMMITTER_EMAIL": "mallory@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


class Forge:
    """Writes objects that git's own commands would refuse to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run("init", "-q", "--bare", "-b", "main", str(folder), cwd=folder.parent)

    def run(self, *arguments, stdin=b"", cwd=None):
        done = subprocess.run(
            ("git", *arguments), cwd=cwd or self.folder, input=stdin, env=GIT, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def blob(self, content):
        return self.run("hash-object", "-w", "--stdin", stdin=content)

    def tree(self, *entries):
        raw = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
        return self.run("hash-object", "-w", "--literally", "-t", "tree", "--stdin", stdin=raw)

    def publish(self, tree):
        commit = self.run("commit-tree", tree, "-m", "gift")
        self.run("update-ref", "refs/heads/main", commit)


def dot_git(forge):
    hook = forge.blob(b"#!/bin/sh\ntouch /tmp/pwned\n")
    return forge.tree(("40000", ".git", forge.tree(("40000", "hooks", forge.tree(("100755", "post-checkout", hook))))))


def dot_git_in_capitals(forge):
    return forge.tree(("40000", ".GIT", forge.tree(("100644", "config", forge.blob(b"[core]\n\tfsmonitor=id\n")))))


def short_name(forge):
    return forge.tree(("40000", "git~1", forge.tree(("100644", "config", forge.blob(b"x")))))


def invisible_letter(forge):
    return forge.tree(("40000", ".g\u200cit", forge.tree(("100644", "config", forge.blob(b"x")))))


def parent_folder(forge):
    return forge.tree(("40000", "..", forge.tree(("100644", "escaped", forge.blob(b"x")))))


def slash_in_a_name(forge):
    return forge.tree(("100644", "../escaped", forge.blob(b"x")))


def absolute_name(forge):
    return forge.tree(("100644", "/tmp/escaped", forge.blob(b"x")))


def linked_modules_file(forge):
    return forge.tree(("120000", ".gitmodules", forge.blob(b".git/config")))


def option_as_submodule(forge):
    modules = b'[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch /tmp/pwned\n'
    return forge.tree(("100644", ".gitmodules", forge.blob(modules)))


REFUSED = [
    dot_git,
    dot_git_in_capitals,
    short_name,
    invisible_letter,
    parent_folder,
    slash_in_a_name,
    absolute_name,
    linked_modules_file,
    option_as_submodule,
]


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_malformed_and_hostile_objects_are_refused(host, tmp_path, make):
    forge = Forge(tmp_path / "gift.git")
    forge.publish(make(forge))
    (host.root / f"{make.__name__}.git").symlink_to(forge.folder)
    with pytest.raises(errors.CloneFailed, match="malformed or hostile"):
        git.clone(Origin(url=f"{host.address}/{make.__name__}.git"), tmp_path / "clone", route=host.route)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gift.git"]


def link_then_folder(forge):
    """A link and a folder of one name: a checkout that follows the link writes outside."""
    inside = forge.tree(("100644", "escaped", forge.blob(b"x")))
    return forge.tree(("120000", "a", forge.blob(b"/tmp")), ("40000", "a", inside))


def submodule_entry(forge):
    modules = forge.blob(b'[submodule "x"]\n\tpath = x\n\turl = https://127.0.0.1/x.git\n')
    return forge.tree(("100644", ".gitmodules", modules), ("160000", "x", "1" * 40))


def attributes_with_programs(forge):
    rules = b"* filter=evil diff=evil merge=evil working-tree-encoding=UTF-16 ident eol=crlf\n"
    return forge.tree(("100644", ".gitattributes", forge.blob(rules)), ("100644", "file", forge.blob(b"$Id$\n")))


def deep_tree(forge):
    tree = forge.tree(("100644", "bottom", forge.blob(b"x")))
    for _ in range(300):
        tree = forge.tree(("40000", "d", tree))
    return tree


@pytest.mark.parametrize(
    "make", [link_then_folder, submodule_entry, attributes_with_programs, deep_tree], ids=lambda make: make.__name__
)
def test_the_rest_is_defused_or_refused(host, tmp_path, make):
    forge = Forge(tmp_path / "gift.git")
    forge.publish(make(forge))
    (host.root / f"{make.__name__}.git").symlink_to(forge.folder)
    target = tmp_path / "clone"
    try:
        git.clone(Origin(url=f"{host.address}/{make.__name__}.git"), target, route=host.route)
    except errors.CloneFailed:
        assert not target.exists()
        return
    assert [path for path in target.rglob("*") if path.is_symlink()] == []
    assert not Path("/tmp/escaped").exists()


@pytest.mark.slow
def test_a_fan_of_folders_over_the_limit_is_stopped(host, tmp_path):
    """A git bomb: a few objects that a checkout multiplies."""
    forge = Forge(tmp_path / "gift.git")
    tree = forge.blob(b"boom")
    kind = "100644"
    for _ in range(6):
        tree, kind = forge.tree(*((kind, f"f{number}", tree) for number in range(10))), "40000"
    forge.publish(tree)
    (host.root / "bomb.git").symlink_to(forge.folder)
    limits = git.Limits(files=5_000, seconds=60)
    with pytest.raises(errors.TooLarge, match="5000 files"):
        git.clone(Origin(url=f"{host.address}/bomb.git"), tmp_path / "clone", route=host.route, limits=limits)
    assert not (tmp_path / "clone").exists()


@pytest.mark.slow
def test_a_tree_deeper_than_a_program_calls_itself_comes_and_goes(host, tmp_path):
    """A thousand folders within folders broke the clean-up, and with what was left every start of a worker."""
    forge = Forge(tmp_path / "gift.git")
    tree = forge.tree(("100644", "f", forge.blob(b"x")))
    for _ in range(1300):
        tree = forge.tree(("40000", "a", tree))
    forge.publish(tree)
    (host.root / "deep.git").symlink_to(forge.folder)
    target = tmp_path / "clone"
    with contextlib.suppress(errors.CloneFailed):
        git.clone(Origin(url=f"{host.address}/deep.git"), target, route=host.route)
        assert target.exists()
    remove(target)
    assert not target.exists()
