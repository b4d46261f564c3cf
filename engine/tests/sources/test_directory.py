"""A folder as people and attackers leave it."""

import os
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File
from vallum_engine.sources import directory
from vallum_engine.sources.limits import Limits


def walked(root, **options):
    files, skipped = {}, {}
    for item in directory.walk(str(root), **options):
        if isinstance(item, File):
            files[item.path] = item.data
        else:
            skipped[item.path] = (item.why, item.covered)
    return files, skipped


def test_a_package_database_is_read_though_it_is_binary(tmp_path):
    write(tmp_path, {"var/lib/rpm/rpmdb.sqlite": b"SQLite\0", "other.sqlite": b"SQLite\0"})
    found = {item.path: item for item in directory.walk(str(tmp_path))}
    assert found["var/lib/rpm/rpmdb.sqlite"] == File("var/lib/rpm/rpmdb.sqlite", b"SQLite\0", binary=True)
    assert found["other.sqlite"].why == "binary"


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def git(root, *arguments):
    subprocess.run(["git", "-C", root, "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments], check=True)


def test_files_come_sorted_and_whole(tmp_path):
    write(
        tmp_path,
        {"b/c.txt": "c", "a.txt": "a", "b.txt": "b", "b/a/d.txt": "d", "empty": "", "big.txt": b"x" * (3 << 20)},
    )
    paths = [item.path for item in directory.walk(str(tmp_path))]
    assert paths == ["a.txt", "b.txt", "big.txt", "empty", "b/c.txt", "b/a/d.txt"]
    assert walked(tmp_path)[0]["big.txt"] == b"x" * (3 << 20)


@pytest.mark.parametrize(
    ("content", "read"),
    [
        pytest.param(b"ab\0cd", False, id="NUL in the head"),
        pytest.param(b"a" * 9000 + b"\0", True, id="NUL after 8 KiB"),
        pytest.param(b"\xff\xfea\0b\0", True, id="UTF-16 little endian"),
        pytest.param(b"\xfe\xff\0a\0b", True, id="UTF-16 big endian"),
        pytest.param(b"\xff\xfe\0\0a\0\0\0", True, id="UTF-32 little endian"),
        pytest.param(b"\xc3\x28\xff", True, id="no UTF-8 at all"),
    ],
)
def test_binary_content_is_left_out(tmp_path, content, read):
    write(tmp_path, {"f": content})
    files, skipped = walked(tmp_path)
    assert files == ({"f": content} if read else {})
    assert skipped == ({} if read else {"f": ("binary", True)})


def test_links_pipes_and_sockets_are_named_and_not_touched(tmp_path):
    tree = tmp_path / "tree"
    write(tmp_path, {"outside/secret": "s", "tree/a": "a"})
    (tree / "link").symlink_to(tmp_path / "outside/secret")
    (tree / "folder").symlink_to(tmp_path / "outside")
    (tree / "loop").symlink_to(tree)
    os.mkfifo(tree / "pipe")
    files, skipped = walked(tree)
    assert files == {"a": b"a"}
    assert skipped == {
        "link": ("symbolic link", True),
        "folder": ("symbolic link", True),
        "loop": ("symbolic link", True),
        "pipe": ("neither file nor folder", True),
    }


def test_a_root_that_is_a_link_is_followed_because_a_person_named_it(tmp_path):
    write(tmp_path, {"tree/a": "a"})
    (tmp_path / "link").symlink_to(tmp_path / "tree")
    assert walked(tmp_path / "link")[0] == {"a": b"a"}


def test_a_huge_file_costs_nothing_and_is_a_gap(tmp_path):
    with (tmp_path / "text.log").open("wb") as sparse:
        sparse.write(b"x" * (1 << 20))
        sparse.truncate(2 << 30)
    with (tmp_path / "zeros").open("wb") as sparse:
        sparse.truncate(2 << 30)
    write(tmp_path, {"z.txt": "z"})
    started = time.process_time()
    files, skipped = walked(tmp_path)
    assert time.process_time() - started < 0.5
    assert files == {"z.txt": b"z"}
    assert skipped == {"text.log": ("larger than 10 MiB: 2 GiB", False), "zeros": ("binary", True)}


@pytest.mark.parametrize("length", [0, 65_535, 65_536, 65_537, 131_072, 1_500_000])
@pytest.mark.parametrize("told", [65_536, 70_000, None])
def test_a_file_is_read_to_its_end_whatever_length_it_tells(tmp_path, monkeypatch, length, told):
    data = bytes(32 + at % 90 for at in range(length))
    (tmp_path / "text").write_bytes(data)
    if told is not None:  # it grows, or is cut off, after it was asked
        monkeypatch.setattr(os, "fstat", lambda _: SimpleNamespace(st_size=told))
    assert walked(tmp_path)[0] == {"text": data}
    if length > 65_536:
        assert walked(tmp_path, limits=Limits(file_bytes=max(length, told or 0)))[0] == {"text": data}
        assert list(walked(tmp_path, limits=Limits(file_bytes=length - 1))[1]) == ["text"]


def test_lockfiles_may_be_larger(tmp_path):
    write(tmp_path, {"package-lock.json": b"x" * 3000, "other.json": b"x" * 3000})
    files, skipped = walked(tmp_path, limits=Limits(file_bytes=2000, large_file_bytes=4000))
    assert list(files) == ["package-lock.json"]
    assert skipped == {"other.json": ("larger than 2 KiB: 2.9 KiB", False)}


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        pytest.param(Limits(files=2), "more than 2 files", id="files"),
        pytest.param(Limits(total_bytes=5), "more than 5 bytes", id="bytes"),
    ],
)
def test_a_limit_on_the_whole_ends_the_walk_and_says_where(tmp_path, limits, why):
    write(tmp_path, {"a": "aaa", "b": "bbb", "c": "ccc"})
    with pytest.raises(UnreadableSource, match=f"stopped .*{why}"):
        walked(tmp_path, limits=limits)


def test_folders_too_deep_are_a_gap(tmp_path):
    write(tmp_path, {"a/b/c/d": "x", "a/b/e": "y"})
    files, skipped = walked(tmp_path, limits=Limits(depth=2))
    assert files == {"a/b/e": b"y"}
    assert skipped == {"a/b/c/": ("deeper than 2 folders", False)}


def test_a_thousand_folders_deep_is_no_crash(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1000):
        os.mkdir("deep-enough", dir_fd=here)
        deeper = os.open("deep-enough", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    files, skipped = walked(tmp_path)
    assert files == {}
    assert [why for why, _ in skipped.values()] == ["deeper than 100 folders"]
    subprocess.run(["rm", "-rf", tmp_path / "deep-enough"], check=True)


def test_names_that_cannot_be_shown_are_escaped(tmp_path):
    for name in (b"\xff\xfe.txt", "\u202etxt.exe".encode(), b"line\nbreak", b"\x1b[31mred", "schön".encode()):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:  # noqa: PTH123 - a name that is no text
            file.write(b"x")
    assert set(walked(tmp_path)[0]) == {r"\xff\xfe.txt", r"\u202etxt.exe", r"line\nbreak", r"\x1b[31mred", "schön"}


def test_what_cannot_be_opened_is_a_gap_and_the_rest_stands(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root opens everything")
    write(tmp_path, {"closed/a": "a", "f": "f", "g": "g"})
    (tmp_path / "closed").chmod(0)
    (tmp_path / "f").chmod(0)
    files, skipped = walked(tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert files == {"g": b"g"}
    assert skipped == {
        "closed/": ("cannot be opened: Permission denied", False),
        "f": ("cannot be opened: Permission denied", False),
    }


@pytest.mark.parametrize("name", ["absent", "file"])
def test_a_root_that_is_no_folder_is_refused(tmp_path, name):
    write(tmp_path, {"file": "x"})
    with pytest.raises(UnreadableSource, match="cannot be opened as a folder"):
        walked(tmp_path / name)


def test_every_descriptor_is_closed_even_when_the_reader_leaves_early(tmp_path):
    write(tmp_path, {"a/b/c/d": "x", "a/b/e": "y"})
    before = len(list(Path("/proc/self/fd").iterdir()))
    for item in directory.walk(str(tmp_path)):
        assert item
        break
    walked(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


class TestGitignore:
    def repository(self, root):
        write(root, {".gitignore": "*.log\nbuild/\n", "a.log": "tracked", "build/kept": "tracked", "src/x": "x"})
        git(root, "init", "-q")
        git(root, "add", "-f", ".")
        write(
            root,
            {
                "b.log": "untracked",
                "build/new": "untracked",
                "src/c.log": "untracked",
                "src/new": "n",
                "out/build/x": "x",
            },
        )

    def test_it_hides_only_untracked_files(self, tmp_path):
        self.repository(tmp_path)
        files, skipped = walked(tmp_path)
        assert set(files) == {".gitignore", "a.log", "build/kept", "src/x", "src/new"}
        assert skipped == {
            "b.log": ("untracked, .gitignore:1", True),
            "build/new": ("untracked, .gitignore:2", True),
            "src/c.log": ("untracked, .gitignore:1", True),
            "out/build/": ("untracked, .gitignore:2", True),
        }

    def test_it_can_be_switched_off(self, tmp_path):
        self.repository(tmp_path)
        files, skipped = walked(tmp_path, honour_ignores=False)
        assert {"b.log", "build/new", "out/build/x"} <= set(files)
        assert skipped == {}

    def test_outside_a_repository_it_says_nothing(self, tmp_path):
        write(tmp_path, {".gitignore": "*.log", "a.log": "a"})
        assert set(walked(tmp_path)[0]) == {".gitignore", "a.log"}

    def test_a_folder_of_a_repository_obeys_the_files_above_it(self, tmp_path):
        self.repository(tmp_path)
        write(tmp_path, {".git/info/exclude": "new\n"})
        files, skipped = walked(tmp_path / "src")
        assert set(files) == {"x"}
        assert skipped == {
            "c.log": ("untracked, ../.gitignore:1", True),
            "new": ("untracked, .git/info/exclude:1", True),
        }

    def test_a_repository_inside_has_rules_of_its_own(self, tmp_path):
        self.repository(tmp_path)
        write(tmp_path, {"inner/d.log": "d", "inner/.gitignore": "*.tmp", "inner/e.tmp": "e"})
        git(tmp_path / "inner", "init", "-q")
        files, skipped = walked(tmp_path)
        assert "inner/d.log" in files
        assert skipped["inner/e.tmp"] == ("untracked, inner/.gitignore:1", True)

    def test_a_damaged_index_hides_nothing_and_says_so(self, tmp_path):
        self.repository(tmp_path)
        (tmp_path / ".git/index").write_bytes(b"DIRC" + bytes(100))
        files, skipped = walked(tmp_path)
        assert "b.log" in files
        assert ".gitignore hides nothing here" in skipped[".git/"][0]

    def test_an_index_that_is_a_pipe_or_a_link_is_not_waited_for(self, tmp_path):
        self.repository(tmp_path)
        (tmp_path / ".git/index").unlink()
        os.mkfifo(tmp_path / ".git/index")
        assert "src/x" in walked(tmp_path)[0]


class TestVallumignore:
    def test_it_hides_tracked_files_and_is_never_silent(self, tmp_path):
        write(tmp_path, {".vallumignore": "# samples\nfixtures/\n*.snap\n", "fixtures/a": "a", "b.snap": "b", "c": "c"})
        git(tmp_path, "init", "-q")
        git(tmp_path, "add", "-A")
        files, skipped = walked(tmp_path)
        assert set(files) == {".vallumignore", "c"}
        assert skipped == {"b.snap": (".vallumignore:3", True), "fixtures/": (".vallumignore:2", True)}

    def test_a_nested_file_speaks_for_its_folder(self, tmp_path):
        write(tmp_path, {"x/.vallumignore": "/a\n", "x/a": "1", "x/b/a": "2", "a": "3"})
        files, skipped = walked(tmp_path)
        assert set(files) == {"a", "x/.vallumignore", "x/b/a"}
        assert skipped == {"x/a": ("x/.vallumignore:1", True)}
