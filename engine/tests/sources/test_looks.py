"""A folder that is what it was is not listed, where its file system tells."""

import os
from pathlib import Path

import pytest
from rescanning import Scans, tick, write

from vallum_engine.sources import directory, looks, recalled


def test_a_folder_that_tells_that_nothing_came_or_went_is_not_listed(tmp_path, monkeypatch):
    write(tmp_path, {"a/b/c.txt": "plain", "a/d.txt": "plain", "e/f.txt": "plain", "e/g/h.txt": "plain"})
    scans = Scans(tmp_path)
    scans.same()
    listed = []

    def listing(folder, most):
        listed.append(str(Path(f"/proc/self/fd/{folder}").readlink().relative_to(tmp_path)))
        return directory.listed(folder, most)

    monkeypatch.setattr(recalled, "listed", listing)
    scans.same()
    assert listed == ["."]
    write(tmp_path, {"e/g/new.txt": "secret"})
    listed.clear()
    assert scans.same().findings
    assert listed == [".", "e/g"]
    # Where the times of folders are not to be trusted, each is listed.
    monkeypatch.setattr(looks, "telling", lambda folder: None)
    write(tmp_path, {"a/b/new.txt": "secret"})
    listed.clear()
    scans.same()
    assert listed == [".", "a", "a/b", "e", "e/g"]
    assert scans.read == ["a/b/new.txt"]


def test_a_folder_that_became_a_link_to_one_like_it_is_not_followed(tmp_path):
    inside, outside = tmp_path / "tree", tmp_path / "outside"
    write(inside, {"a/b/c.txt": "secret"})
    scans = Scans(inside)
    assert scans.same().findings
    (inside / "a").rename(outside)
    (inside / "a").symlink_to(outside)
    tick()
    assert not scans.same().findings


@pytest.mark.parametrize(
    ("mounts", "told"),
    [
        ("36 35 {0} / / rw,noatime master:1 - ext4 /dev/root rw", True),
        ("1 1 0:99999 / /x rw - ext4 /dev/x rw\n36 35 {0} / / rw - overlay overlay rw", True),
        ("36 35 {0} / / rw - fuse.sshfs there: rw", False),
        ("36 35 {0} / / rw - nfs4 there: rw", False),
        ("36 35 0:99999 / / rw - ext4 /dev/root rw", False),
        ("noise\n- -\n", False),
        ("", False),
    ],
)
def test_only_file_systems_that_are_known_to_tell_are_believed(tmp_path, monkeypatch, mounts, told):
    device = tmp_path.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    monkeypatch.setattr(looks, "start_of", lambda path, most: mounts.format(number).encode())
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        assert looks.telling(folder) == (device if told else None)
    finally:
        os.close(folder)
