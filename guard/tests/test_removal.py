"""Folders that a stranger made are gone afterwards, whatever was in them."""

import os

import pytest

from vallum_guard.removal import remove, remove_quietly


def nest(place, depth, mode=0o700):
    """Folders within folders, deeper than any path can say."""
    at = os.open(place, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("a", mode, dir_fd=at)
        os.mkdir("b", dir_fd=at)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=at))
        os.symlink("/", "link", dir_fd=at)
        if mode != 0o700:
            break
        inner = os.open("a", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)


@pytest.mark.slow
def test_a_tree_deeper_than_any_path_goes(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    nest(folder, 2500)  # two bytes a level: a path ends at 4096
    remove(folder)
    assert not folder.exists()


def test_no_link_is_followed(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    for place in (outside, folder):
        place.mkdir()
        (place / "kept").write_text("x")
    (folder / "out").symlink_to(outside)
    (folder / "in").mkdir()
    (folder / "in" / "out").symlink_to(outside)
    remove(folder)
    assert (outside / "kept").read_text() == "x"
    (tmp_path / "link").symlink_to(outside)
    with pytest.raises(OSError, match="directory"):
        remove(tmp_path / "link")
    remove_quietly(tmp_path / "link")
    assert (outside / "kept").exists()


def test_folders_that_nobody_may_enter_go_too(tmp_path):
    folder = tmp_path / "folder"
    (folder / "in").mkdir(parents=True)
    nest(folder / "in", 1, mode=0)
    (folder / "in").chmod(0)
    remove(folder)
    assert not folder.exists()


def test_what_is_not_there_is_fine(tmp_path):
    remove(tmp_path / "nothing")
