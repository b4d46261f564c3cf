"""A second scan that reads only what changed says what one says that reads all."""

import contextlib
import gzip
import io
import os
import random
import shutil
import subprocess
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rescanning import Counter, Scans, tick, write

from vallum_engine.errors import UnreadableSource
from vallum_engine.recall import Recall
from vallum_engine.sources import recalled

SECRET = b"never kept: hunter2"


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    return buffer.getvalue()


TREE = {
    "a.txt": "a secret\n",
    "b.txt": "plain\n",
    "s/c.txt": "x\ny secret vallum:ignore known\n",
    "s/requirements.txt": "django==4.2\n",
    "s/deep/requirements.txt": "flask==1.0 # vallum:ignore\n",
    "s/deep/bin": b"\0\1",
    "lib.zip": zipped({"in.txt": "secret in", "requirements.txt": "django==4.1\n", "bin": b"\0"}),
    "cut.zip": zipped({"in.txt": "secret in"})[:-5],
    "old.env": "nothing",
    "timed.txt": "timed",
    "aside.txt": "aside secret",
    "more-requirements.txt": "flask==1.0\nhere\n",
}

NEVER_KEPT = {"aside.txt", "timed.txt", "s/c.txt", "s/deep/requirements.txt"}


def test_what_did_not_change_is_not_read_again_and_all_is_said_again(tmp_path):
    write(tmp_path, TREE)
    (tmp_path / "link").symlink_to("a.txt")
    scans = Scans(tmp_path)
    first = scans.same()
    assert {place.path for finding in first.findings for place in finding.locations} >= {"a.txt", "lib.zip!/in.txt"}
    assert first.suppressed
    scans.same()
    # What changes as time goes by, what has marks, and what more was said of than findings, is never kept.
    assert scans.read == ["aside.txt", "timed.txt", "s/c.txt", "s/deep/requirements.txt"]
    both = Scans(tmp_path, reader=True)
    both.same()
    both.same()
    assert both.read == scans.read


@pytest.mark.parametrize(
    ("change", "read"),
    [
        pytest.param({"b.txt": "secret"}, {"b.txt"}, id="content"),
        pytest.param({"s/new/n.txt": "n"}, {"s/new/n.txt"}, id="a new folder"),
        pytest.param(
            {"s/requirements.txt": "django==4.3\n"},
            {"s/requirements.txt", "more-requirements.txt", "lib.zip!/in.txt", "lib.zip!/requirements.txt"},
            id="a lockfile: all are read for what they come to together",
        ),
        pytest.param(
            {"lib.zip": zipped({"x": "secret"})},
            {"lib.zip!/x", "s/requirements.txt", "more-requirements.txt"},
            id="an archive",
        ),
        pytest.param(
            {".vallumignore": "s/\n"},
            {".vallumignore", "lib.zip!/in.txt", "lib.zip!/requirements.txt", "more-requirements.txt"},
            id="an ignore file",
        ),
    ],
)
def test_only_what_changed_is_read(tmp_path, change, read):
    write(tmp_path, {name: data for name, data in TREE.items() if name not in NEVER_KEPT})
    write(tmp_path, {"one.txt.gz": gzip.compress(b"plain"), "one.zip": zipped({"p": "plain"})})
    scans = Scans(tmp_path)
    scans.same()
    scans.same()
    assert scans.read == []
    write(tmp_path, change)
    scans.same()
    assert set(scans.read) == read
    scans.same()
    assert scans.read == []


def test_the_same_size_and_the_old_time_do_not_hide_a_change(tmp_path):
    write(tmp_path, {"a.txt": "plain1", "b.txt": "plain"})
    scans = Scans(tmp_path)
    assert not scans.same().findings
    was = (tmp_path / "a.txt").stat()
    write(tmp_path, {"a.txt": "secret"})
    os.utime(tmp_path / "a.txt", ns=(was.st_atime_ns, was.st_mtime_ns))
    assert (tmp_path / "a.txt").stat().st_mtime_ns == was.st_mtime_ns
    assert scans.same().findings


def test_a_file_that_was_written_while_the_clock_stood_still_is_not_believed(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"plain1")
    scans = Scans(tmp_path, later=0)
    for number in range(5):
        (tmp_path / "a.txt").write_bytes(b"secret" if number % 2 else b"plain1")
        assert bool(scans.same().findings) == bool(number % 2)
        assert scans.read == ["a.txt"]


def test_a_file_of_the_future_is_always_read(tmp_path):
    write(tmp_path, {"a.txt": "plain1"})
    os.utime(tmp_path / "a.txt", (9e9, 9e9))
    scans = Scans(tmp_path)
    for _ in range(3):
        scans.same()
        assert scans.read == ["a.txt"]


def test_another_file_with_the_look_of_the_old_one_is_read(tmp_path):
    write(tmp_path, {"a.txt": "plain1", "other.txt": "secret"})
    stat = (tmp_path / "a.txt").stat()
    os.utime(tmp_path / "other.txt", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    scans = Scans(tmp_path)
    scans.same()
    (tmp_path / "other.txt").replace(tmp_path / "a.txt")
    (found,) = scans.same().findings
    assert found.locations[0].path == "a.txt"


def test_a_detector_that_broke_is_asked_again(tmp_path):
    write(tmp_path, {"a.txt": "boom", "requirements.txt": "x==1 boom\n"})
    scans = Scans(tmp_path)
    for _ in range(3):
        assert scans.same().errors
        assert "a.txt" in scans.read


@pytest.mark.parametrize("kept", [b"", b"noise", b"vallum-recall/2\n", b"vallum-recall/2\n" + os.urandom(500)])
def test_noise_is_nothing_known(tmp_path, kept):
    write(tmp_path, TREE)
    scans = Scans(tmp_path)
    scans.kept = kept
    scans.same()


def test_a_kept_form_that_was_cut_or_flipped_is_nothing_known(tmp_path):
    write(tmp_path, TREE)
    scans = Scans(tmp_path)
    scans.same()
    kept = scans.kept
    for at in range(20, len(kept), 97):
        for broken in (kept[:at], kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :]):
            scans.kept = broken
            scans.same()
            assert "a.txt" in scans.read


def test_other_rules_or_options_know_nothing(tmp_path):
    write(tmp_path, TREE)
    scans = Scans(tmp_path)
    scans.same()
    scans.again("another key")
    assert "a.txt" in scans.read


def test_other_data_concludes_anew_and_reads_no_more_than_what_it_concludes_from(tmp_path, monkeypatch):
    write(tmp_path, TREE)
    scans = Scans(tmp_path)
    scans.same()
    monkeypatch.setattr(Counter, "stamp", "2")
    scans.same()
    assert "a.txt" not in scans.read
    assert "s/requirements.txt" in scans.read


def test_what_reads_any_file_in_the_end_concludes_anew_where_any_changed(tmp_path):
    write(
        tmp_path, {**{name: data for name, data in TREE.items() if name not in NEVER_KEPT}, "a.py": "1", "s/b.py": "2"}
    )
    scans = Scans(tmp_path, reader=True)
    scans.same()
    scans.same()
    assert scans.read == []
    write(tmp_path, {"s/b.py": "3"})
    scans.same()
    assert "a.txt" not in scans.read
    write(tmp_path, {"0.py": "0"})
    scans.same()
    scans.same()
    assert scans.read == []


def test_a_detector_that_does_not_say_what_it_depends_on_always_concludes_anew(tmp_path, monkeypatch):
    write(tmp_path, TREE)
    monkeypatch.setattr(Counter, "stamp", "")
    scans = Scans(tmp_path)
    for _ in range(3):
        scans.same()
    assert "s/requirements.txt" in scans.read


def test_nothing_of_a_files_content_is_kept(tmp_path):
    write(
        tmp_path,
        {
            "a.txt": b"secret" + b"-" * 50 + SECRET,
            "requirements.txt": b"a==1 # " + SECRET,
            "b.env": SECRET,
            "c.txt": b"/* vallum:ignore */ secret" + b" " * 50 + SECRET,
        },
    )
    scans = Scans(tmp_path)
    scans.same()
    assert b"hunter2" not in scans.kept


@pytest.mark.parametrize(
    "limits",
    [
        {"total_bytes": 40},
        {"total_bytes": 300},
        {"files": 7},
        {"files": 12},
        {"depth": 1},
        {"levels": 0},
        {"file_bytes": 8},
    ],
    ids=str,
)
def test_limits_are_met_at_the_same_places(tmp_path, limits):
    write(tmp_path, TREE)
    scans = Scans(tmp_path, **limits)
    for _ in range(3):
        scans.same()
    write(tmp_path, {"0.txt": "first of all"})
    scans.same()
    scans.same()


def git(root, *arguments):
    subprocess.run(["git", "-C", root, "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments], check=True)


def test_what_git_ignores_follows_its_index_and_its_files(tmp_path):
    write(tmp_path, {".gitignore": "*.env\n", "a.env": "secret 1", "s/b.env": "secret 2", "s/c.txt": "secret 3"})
    git(tmp_path, "init", "-q")
    scans = Scans(tmp_path)
    assert len(scans.same().findings) == 1
    scans.same()
    assert scans.read == []
    git(tmp_path, "add", "-f", "s/b.env")
    tick()
    assert len(scans.same().findings) == 2
    write(tmp_path, {"s/.gitignore": "c.txt\n"})
    assert len(scans.same().findings) == 1
    write(tmp_path, {".git/info/exclude": "s/\n"})
    scans.same()
    write(tmp_path, {".gitignore": "nothing\n"})
    scans.same()
    (tmp_path / ".git/index").write_bytes(b"noise")
    tick()
    scans.same()
    scans.same()
    shutil.rmtree(tmp_path / ".git")
    assert len(scans.same().findings) == 3
    inner = Scans(tmp_path / "s")
    git(tmp_path, "init", "-q")
    tick()
    for _ in range(2):
        inner.same()


CONTENTS = [
    b"",
    b"plain",
    b"plain\n",
    b"a secret",
    b"b secret\nvallum:ignore\nb secret",
    b"# vallum:ignore why\nc secret\n",
    b"count here",
    b"timed",
    b"aside",
    b"boom",
    b"\0binary",
    b"x" * 3000,
    zipped({"requirements.txt": "a==1\n", "b": "secret"}),
    zipped({"c": b"\0"}),
    b"PK\x03\x04 cut",
    b"*.txt\n",
    b"s/\n!s/a\n",
    b"django==4.2\nflask\n",
    b"-r other-requirements.txt\n",
]
NAMES = [
    "a.txt",
    "b.env",
    "requirements.txt",
    "other-requirements.txt",
    ".vallumignore",
    ".gitignore",
    "x.zip",
    "bell\a",
]
FOLDERS = ["", "s", "s/t", "node_modules/a"]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 30))
def test_whatever_happens_to_a_tree_both_ways_say_the_same(tmp_path_factory, seed):
    chance = random.Random(seed)
    root = tmp_path_factory.mktemp("tree")
    if chance.random() < 0.4:
        git(root, "init", "-q")
    scans = Scans(
        root,
        honour_ignores=chance.random() < 0.8,
        reader=chance.random() < 0.5,
        total_bytes=chance.choice([4 << 30, 4 << 30, 9000]),
    )
    for _ in range(6):
        for _ in range(chance.randint(0, 5)):
            happens(root, chance)
        tick()
        scans.same()


def happens(root, chance):
    path = root / chance.choice(FOLDERS) / chance.choice(NAMES)
    chance.choice([put] * 5 + [make, link, delete, rename, touch, quietly, quietly, add, drop])(root, path, chance)


def put(_, path, chance):
    if free(path):
        path.write_bytes(chance.choice(CONTENTS))


def make(_, path, __):
    if free(path):
        path.mkdir()


def link(_, path, __):
    if free(path):
        path.symlink_to("a.txt")


def free(path):
    """Whether something can be put there, after what was there is gone."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(FileExistsError, NotADirectoryError):
        path.parent.mkdir(parents=True, exist_ok=True)
    return path.parent.is_dir()


def delete(_, path, __):
    path.unlink(missing_ok=True) if path.is_file() else None


def rename(_, path, chance):
    other = path.with_name(chance.choice([*NAMES, "z.txt", "y.env"]))
    if path.exists() and not other.is_dir():
        path.replace(other) if path.is_file() else None


def touch(_, path, __):
    if path.is_file():
        os.utime(path)


def quietly(_, path, __):
    """Other content of the same size under the old time."""
    if path.is_file():
        stat = path.stat()
        path.write_bytes(bytes(reversed(path.read_bytes())))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def add(root, _, __):
    if (root / ".git").exists():
        subprocess.run(["git", "-C", root, "add", "-f", "."], check=False, capture_output=True)


def drop(root, _, __):
    shutil.rmtree(root / "s", ignore_errors=True)


def test_a_folder_that_is_none_is_said(tmp_path):
    with pytest.raises(UnreadableSource, match="cannot be opened"):
        list(recalled.walk(str(tmp_path / "no"), Recall(None, [], key=str, began=0)))
