"""Files that are asked for a second time: those that were there, and nothing out of the tree."""

import os
from pathlib import Path

import pytest

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.sources.again import of_folder, of_stream
from vallum_engine.sources.limits import Limits

OPEN = Path("/proc/self/fd")


@pytest.fixture
def tree(tmp_path):
    for path in ("a.py", "b/c.py", "b/d/e.py", "f/g.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    return tmp_path


def read(root, *paths, **more):
    return {file.path: file.data.decode() for file in of_folder(str(root), paths, **more)}


def test_files_come_in_the_order_asked(tree):
    asked = ("b/d/e.py", "a.py", "f/g.py", "b/c.py")
    assert read(tree, *asked) == {path: path for path in asked}


def test_what_is_gone_or_no_file_is_left_out(tree):
    assert read(tree, "a.py", "no.py", "no/no.py", "b", "a.py/x", "f/g.py") == {"a.py": "a.py", "f/g.py": "f/g.py"}


def test_nothing_is_followed_out_of_the_tree(tree, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.py").write_text("secret")
    (tree / "link.py").symlink_to(outside / "secret.py")
    (tree / "linked").symlink_to(outside)
    os.mkfifo(tree / "pipe.py")
    assert read(tree, "link.py", "linked/secret.py", "../outside/secret.py", "pipe.py", "a.py") == {"a.py": "a.py"}


def test_what_is_too_large_or_no_text_is_left_out(tree):
    (tree / "large.py").write_bytes(b"#" * 3_000_000)
    (tree / "binary.py").write_bytes(b"\0\1\2" * 1000)
    assert read(tree, "large.py", "binary.py", limits=Limits(file_bytes=2_000_000)) == {}
    assert len(read(tree, "large.py")["large.py"]) == 3_000_000


def test_folders_are_closed(tree):
    before = len(list(OPEN.iterdir()))
    list(of_folder(str(tree), ["b/d/e.py", "a.py", "b/c.py", "f/no.py"]))
    assert len(list(OPEN.iterdir())) == before


def test_a_folder_that_is_gone_is_said(tmp_path):
    with pytest.raises(UnreadableSource, match="cannot be opened again"):
        list(of_folder(str(tmp_path / "no"), ["a.py"]))


def test_a_stream_is_read_from_its_beginning():
    items = [File("a", b"1"), Skipped("b", "too large"), File("c", b"2"), File("d", b"3", binary=True)]
    assert [file.path for file in of_stream(lambda: items, ["c", "a", "b", "d"])] == ["a", "c"]
