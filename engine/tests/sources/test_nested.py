"""Archives among files, as people leave them, and as attackers do."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib

import pytest
import zstandard

from vallum_engine.model.file import File
from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_engine.sources import archive, directory, nested, zips
from vallum_engine.sources.limits import ArchiveLimits, Limits


def zipped(files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return buffer.getvalue()


def tar(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def walked(root, files, **limits):
    """What a walk of a folder with these files brings, and what it leaves out."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    found, skipped = {}, []
    for item in directory.walk(str(root), limits=Limits(**limits)):
        if isinstance(item, File):
            found[item.path] = item.data
        else:
            skipped.append((item.path, item.why, item.covered))
    return found, skipped


def opened(data, **limits):
    reader, items = nested.alone("x", io.BytesIO(data), len(data), ArchiveLimits(**limits))
    return reader, list(items)


A = {"a.txt": b"a"}


@pytest.mark.parametrize(
    ("name", "data", "path"),
    [
        pytest.param("lib/a.jar", zipped(A), "lib/a.jar!/a.txt", id="jar"),
        pytest.param("a.docx", zipped({"word/document.xml": b"a"}), "a.docx!/word/document.xml", id="office"),
        pytest.param("no-ending", zipped(A, zipfile.ZIP_STORED), "no-ending!/a.txt", id="whatever its name"),
        pytest.param("a.tar", tar(A), "a.tar!/a.txt", id="tar"),
        pytest.param("a.tgz", gzip.compress(tar(A)), "a.tgz!/a.txt", id="tar.gz"),
        pytest.param("a.tar.bz2", bz2.compress(tar(A)), "a.tar.bz2!/a.txt", id="tar.bz2"),
        pytest.param("a.tar.xz", lzma.compress(tar(A)), "a.tar.xz!/a.txt", id="tar.xz"),
        pytest.param("a.tar.zst", zstandard.compress(tar(A)), "a.tar.zst!/a.txt", id="tar.zst"),
        pytest.param("app.log.gz", gzip.compress(b"a"), "app.log.gz!/app.log", id="one file"),
        pytest.param("dump.sql.bz2", bz2.compress(b"a"), "dump.sql.bz2!/dump.sql", id="one file by bzip2"),
        pytest.param("dump.sql.zst", zstandard.compress(b"a"), "dump.sql.zst!/dump.sql", id="one file by zstd"),
        pytest.param("noname", gzip.compress(b"a"), "noname!/noname", id="one file without an ending"),
    ],
)
def test_an_archive_in_a_folder_is_opened_where_it_lies(tmp_path, name, data, path):
    assert walked(tmp_path, {name: data}) == ({path: b"a"}, [])


def test_archives_lie_in_one_another_to_a_depth(tmp_path):
    data = b"deep"
    for depth in range(5):
        data = zipped({f"{depth}.zip" if depth else "f": data, f"beside{depth}": b"b"})
    found, skipped = walked(tmp_path, {"x.war": data})
    assert set(found) == {
        "x.war!/beside4",
        "x.war!/4.zip!/beside3",
        "x.war!/4.zip!/3.zip!/beside2",
        "x.war!/4.zip!/3.zip!/2.zip!/beside1",
    }
    ((path, why, covered),) = skipped
    assert path == "x.war!/4.zip!/3.zip!/2.zip!/1.zip"
    assert why == "an archive in 4 others, one in another: not opened"
    assert not covered


def test_no_archive_is_opened_where_that_is_asked_and_nothing_in_one_has_ended(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped(A))
    (item,) = directory.walk(str(tmp_path), limits=Limits(levels=0))
    assert (item.path, item.why, item.covered, item.hidden) == (
        "a.zip",
        "an archive: not opened (--no-archives)",
        True,
        True,
    )
    (tmp_path / "outer.zip").write_bytes(zipped({"in.zip": zipped(A)}))
    (item,) = archive.read(str(tmp_path / "outer.zip"), limits=ArchiveLimits(levels=0))
    assert (item.path, item.covered, item.hidden) == ("in.zip", True, True)


def test_an_archive_that_is_given_opens_those_in_it(tmp_path):
    (tmp_path / "x").write_bytes(zipped({"in.tgz": gzip.compress(tar(A)), "b": b"b"}))
    assert [(item.path, item.data) for item in archive.read(str(tmp_path / "x"))] == [
        ("in.tgz!/a.txt", b"a"),
        ("b", b"b"),
    ]


def test_what_could_not_be_read_of_an_archive_is_not_spoken_for():
    gap = Exclusion(path="lib/a.jar", ruleset="", verdict=Verdict.SKIPPED, why="an archive: broken")
    coverage = Coverage(rulesets=(RuleSet(name="secrets", version="1", rules=None),), exclusions=(gap,))
    assert not coverage.speaks_for("secrets", "r", "lib/a.jar!/x")
    assert not coverage.speaks_for("secrets", "r", "lib/a.jar")
    assert coverage.speaks_for("secrets", "r", "lib/b.jar!/x")


def test_binary_files_of_an_archive_are_one_line(tmp_path):
    data = zipped({**{f"C{n}.class": b"\xca\xfe\xba\xbe\0" for n in range(1000)}, "a.txt": b"a"})
    found, skipped = walked(tmp_path, {"a.jar": data})
    assert found == {"a.jar!/a.txt": b"a"}
    assert skipped == [("a.jar", "in it C0.class and 999 more: binary", True)]


def test_an_encrypted_archive_is_a_gap_that_says_so(tmp_path):
    data = bytearray(zipped({"a": b"a", "b": b"b", "c": b"c"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        for _ in range(2):
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    found, skipped = walked(tmp_path, {"x.zip": bytes(data), "y": b"y"})
    assert found == {"x.zip!/c": b"c", "y": b"y"}
    assert skipped == [("x.zip", "in it a and 1 more: encrypted", False)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(zipped(A)[:-30], id="zip cut off"),
        pytest.param(gzip.compress(tar({"a": os.urandom(9000)}))[:5000], id="tar.gz cut off"),
        pytest.param(b"PK\x03\x04" + bytes(100), id="a beginning and no more"),
        pytest.param(b"\x1f\x8b\x08" + b"\xff" * 100, id="gzip of noise"),
        pytest.param(b"\x28\xb5\x2f\xfd" + b"\xff" * 100, id="zstd of noise"),
        pytest.param(b"\xfd7zXZ\0" + b"\xff" * 100, id="xz of noise"),
        pytest.param(b"BZh91AY&SY" + b"\xff" * 100, id="bzip2 of noise"),
    ],
)
def test_a_broken_archive_is_a_gap_and_the_walk_goes_on(tmp_path, data):
    for files in ({"0.zip": data, "z": b"z"}, {"outer.zip": zipped({"0.zip": data, "z": b"z"})}):
        root = tmp_path / str(len(files))
        root.mkdir()
        found, skipped = walked(root, files)
        assert list(found.values()) == [b"z"]
        ((path, why, covered),) = skipped
        assert path.endswith("0.zip")
        assert "an archive" in why
        assert not covered


@pytest.mark.parametrize("text", [b"BZh is no mark", b"PK", b"PKZIP was a program", b"\x1f\x8b", b"x" * 257 + b"ustar"])
def test_what_only_begins_like_an_archive_is_text(tmp_path, text):
    assert walked(tmp_path, {"a": text}) == ({"a": text}, [])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\win.ini", "win.ini"),
        ("..\\..\\evil", "evil"),
        ("a/!/../b", "a/!/b"),
        ("tab\tbell\a", r"tab\tbell\x07"),
    ],
)
@pytest.mark.parametrize("pack", [tar, zipped])
def test_names_that_lead_out_lead_nowhere_and_their_content_is_read(tmp_path, pack, name, shown):
    assert walked(tmp_path, {"x": pack({name: b"1"})}) == ({f"x!/{shown}": b"1"}, [])


class TestBombs:
    def test_one_in_a_folder_is_a_gap_and_the_rest_is_read(self, tmp_path):
        text = zipped({f"{n}": b"x" * (9 << 20) for n in range(9)})
        found, skipped = walked(tmp_path, {"a.zip": text, "b": b"b", "c.gz": gzip.compress(b"x" * (40 << 20))})
        assert set(found) == {"a.zip!/0", "b"}
        assert [(path, covered) for path, _, covered in skipped] == [("a.zip", False), ("c.gz", False)]
        assert "as only an archive bomb does" in skipped[0][1]
        assert "larger than 10 MiB" in skipped[1][1]

    def test_layers_of_copies_share_the_limits_of_the_outermost(self):
        # As 42.zip does: sixteen copies in each level come to gigabytes.
        data = zipped({"0": b"x" * (1 << 20)})
        for _ in range(3):
            data = zipped({f"{n}.zip": data for n in range(16)}, zipfile.ZIP_STORED)
        started = time.process_time()
        reader, items = opened(data)
        assert reader.bytes <= reader.allowed + (1 << 20)
        assert "as only an archive bomb does" in items[-1].why
        assert not items[-1].covered
        assert time.process_time() - started < 20

    def test_one_that_holds_itself_ends_at_the_depth(self):
        data = zipped({"f": b"x"})
        for _ in range(50):
            data = zipped({"f.zip": data}, zipfile.ZIP_STORED)
        reader, items = opened(data)
        assert [item.why for item in items] == ["an archive in 4 others, one in another: not opened"]
        assert reader.held == 0

    def test_entries_that_overlap_are_not_opened(self):
        data = bytearray(zipped({"a": b"a" * 100, "b": b"b" * 100}, zipfile.ZIP_STORED))
        struct.pack_into("<L", data, data.rfind(b"PK\x01\x02") + 42, 0)
        _, (item,) = opened(bytes(data))
        assert "overlap" in item.why

    def test_entries_without_end_are_not_taken_into_memory(self):
        count = 300_000
        entry = struct.pack("<4s4xHH4xLLLHHH4xLL", b"PK\x01\x02", 0, 0, 0, 0, 0, 1, 0, 0, 0, 0) + b"a"
        data = b"PK\x03\x04" + entry * count
        for end in (
            # The count lies; so does the narrow directory beside the wide one.
            struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) * count, 4, 0),
            struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(entry) * count, 4)
            + struct.pack("<4sLQL", b"PK\x06\x07", 0, 4 + len(entry) * count, 1)
            + struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, 46, 4, 0),
        ):
            packed = data + end
            tracemalloc.start()
            started = time.process_time()
            _, (item,) = opened(packed)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert "more than 50,000 files" in item.why
            assert time.process_time() - started < 30
            assert peak < 3 * len(packed)

    def test_sizes_that_lie_are_found_out(self):
        packed = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = packed.compress(b"x" * 100_000) + packed.flush()
        data = bytearray(zipped({"a": b"x" * 100_000}))
        assert body[:10] in data
        directory_at = data.rfind(b"PK\x01\x02")
        struct.pack_into("<L", data, directory_at + 24, 5)
        _, items = opened(bytes(data))
        assert [(item.path, item.covered) for item in items] == [("x", False)]
        assert "another size" in items[0].why
        struct.pack_into("<L", data, directory_at + 24, 0xFFFFFFF0)
        _, items = opened(bytes(data))
        assert "larger than 10 MiB" in items[0].why

    def test_archives_in_archives_take_no_more_memory_than_they_may(self):
        noise = zipped({"n": os.urandom(3 << 20)}, zipfile.ZIP_STORED)
        _, items = opened(zipped({"a.zip": zipped({"b.zip": noise}), "c": b"c"}), held_bytes=4 << 20)
        assert [item.path for item in items] == ["x!/a.zip", "x!/c"]
        assert "larger than 4 MiB: not opened" in items[0].why
        assert not items[0].covered

    def test_all_archives_of_a_folder_together_have_limits(self, tmp_path):
        many = {f"{n}.gz": gzip.compress(os.urandom(600).hex().encode()) for n in range(4)}
        found, skipped = walked(tmp_path, many, total_bytes=3000)
        assert len(found) == 3
        assert {why for _, why, _ in skipped} == {"an archive, after those before it reached the limits: not opened"}

    def test_reasons_without_end_are_few_lines(self):
        _, items = opened(zipped({"n" * 5000 + str(n): b"" for n in range(3000)}))
        assert len(items) == 1
        assert items[0].why.endswith("its name is longer than 4,096 letters")


def test_it_is_whole_with_zip64_and_with_something_before_it():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out, out.open("a.txt", "w", force_zip64=True) as member:
        member.write(b"a")
    for data in (buffer.getvalue(), b"#!/bin/sh\n" + zipped(A), zipped(A) + b"behind it"):
        (member,) = zips.members(io.BytesIO(data), ArchiveLimits())
        assert (member.name, b"".join(member.blocks())) == ("a.txt", b"a")
