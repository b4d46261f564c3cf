"""Git's index, written by git itself in every version, and by somebody who means harm."""

import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.errors import UnreadableSource
from vallum_engine.sources import gitindex

NAMES = [
    "a.txt",
    "src/deep/er/x.py",
    "src/y.py",
    "src.py",
    "z" * 200,
    "ä/ö.txt",
    "with space",
    "a" * 7,
    "a" * 8,
    "a" * 9,
]


def git(root, *arguments):
    subprocess.run(["git", "-C", root, "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments], check=True)


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-q")
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    git(tmp_path, "add", "-A")
    return tmp_path


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_every_version_names_the_tracked_files(repository, version):
    if version == "3":
        (repository / "later").write_text("")
        git(repository, "add", "--intent-to-add", "later")  # the flag that needs version 3
    else:
        git(repository, "update-index", "--index-version", version)
    data = (repository / ".git/index").read_bytes()
    assert data[7] == int(version)
    tracked = gitindex.parse(data)
    assert tracked.files - {"later"} == set(NAMES)
    assert tracked.folders == {"src", "src/deep", "src/deep/er", "ä"}


def test_paths_count_from_the_folder_asked_for(repository):
    tracked = gitindex.parse((repository / ".git/index").read_bytes(), below="src/")
    assert tracked.files == {"deep/er/x.py", "y.py"}
    assert tracked.folders == {"deep", "deep/er"}


def test_a_repository_with_long_object_names(tmp_path):
    git(tmp_path, "init", "-q", "--object-format=sha256")
    (tmp_path / "a").write_text("")
    (tmp_path / "b").write_text("")
    git(tmp_path, "add", "-A")
    assert gitindex.is_sha256((tmp_path / ".git/config").read_bytes())
    assert gitindex.parse((tmp_path / ".git/index").read_bytes(), sha256=True).files == {"a", "b"}


def test_a_split_index_is_refused(repository):
    git(repository, "update-index", "--split-index")
    with pytest.raises(UnreadableSource, match="split"):
        gitindex.parse((repository / ".git/index").read_bytes())


def test_an_index_cut_off_anywhere_is_refused_or_shorter(repository):
    data = (repository / ".git/index").read_bytes()
    for end in range(0, len(data) - 20, 7):
        try:
            assert gitindex.parse(data[:end]).files <= set(NAMES)
        except UnreadableSource:
            continue


@given(st.binary(max_size=400), st.sampled_from([2, 3, 4]), st.integers(0, 2**32 - 1))
def test_any_bytes_are_read_or_refused(tail, version, count):
    data = b"DIRC" + version.to_bytes(4, "big") + count.to_bytes(4, "big") + tail
    try:
        gitindex.parse(data)
    except UnreadableSource as error:
        assert "index" in str(error)  # noqa: PT017 - both outcomes are right


def test_shared_prefixes_cannot_grow_without_end():
    entry = bytes(60) + b"\0\0"
    data = b"DIRC\0\0\0\4" + (100_000).to_bytes(4, "big") + (entry + b"\0" + b"x" * 100 + b"\0") * 100_000
    started = time.process_time()
    with pytest.raises(UnreadableSource, match="names"):
        gitindex.parse(data)
    assert time.process_time() - started < 2
