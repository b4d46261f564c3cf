"""Archives as publishers pack them, and as attackers do."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import time
import zipfile

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File
from vallum_engine.sources import archive
from vallum_engine.sources.limits import ArchiveLimits

FILES = {
    "pkg-1.0/setup.py": b"print(1)\n",
    "pkg-1.0/src/deep/a.txt": b"a" * 5000,
    "pkg-1.0/empty": b"",
    "pkg-1.0/" + "n" * 150: b"n",
}


def tar(files=FILES, *, form=tarfile.PAX_FORMAT, extra=()):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as out:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
        for info in extra:
            out.addfile(info)
    return buffer.getvalue()


def zipped(files=FILES, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return buffer.getvalue()


def read(tmp_path, data, **limits):
    path = tmp_path / "thing.tar"
    path.write_bytes(data)
    files, skipped = {}, {}
    for item in archive.read(str(path), limits=ArchiveLimits(**limits)):
        if isinstance(item, File):
            files[item.path] = item.data
        else:
            skipped[item.path] = (item.why, item.covered)
    return files, skipped


PACKED = {
    "tar": tar(),
    "tar of GNU": tar(form=tarfile.GNU_FORMAT),
    "tar.gz": gzip.compress(tar()),
    "tar.gz of two members": gzip.compress(tar()[:700]) + gzip.compress(tar()[700:]),
    "tar.bz2": bz2.compress(tar()),
    "tar.xz": lzma.compress(tar()),
    "tar.xz of two streams": lzma.compress(tar()[:700]) + lzma.compress(tar()[700:]),
    "tar.zst": zstandard.compress(tar()),
    "zip": zipped(),
    "zip, stored": zipped(method=zipfile.ZIP_STORED),
    "zip, bzip2": zipped(method=zipfile.ZIP_BZIP2),
}


@pytest.mark.parametrize("kind", sorted(PACKED))
def test_every_kind_yields_the_same_files(tmp_path, kind):
    assert read(tmp_path, PACKED[kind]) == (FILES, {})


@pytest.mark.parametrize("kind", sorted(PACKED))
def test_an_archive_cut_off_anywhere_is_an_incomplete_walk(tmp_path, kind):
    data = PACKED[kind]
    for end in {len(data) // 5 * part for part in range(1, 5)}:
        with pytest.raises(UnreadableSource, match=r"cut off|damaged|no archive|end marker"):
            read(tmp_path, data[:end])


@pytest.mark.parametrize("kind", sorted(PACKED))
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_flipped_byte_is_read_or_refused(tmp_path_factory, kind, data):
    packed = bytearray(PACKED[kind])
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read(tmp_path_factory.getbasetemp(), bytes(packed))
    except UnreadableSource:
        return


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/etc/passwd", "..\\evil", "C:\\evil", "c:evil", "a/..", "\\\\server\\share", ".."],
)
@pytest.mark.parametrize("pack", [tar, zipped], ids=["tar", "zip"])
def test_a_name_that_leads_out_is_said_and_never_used(tmp_path, pack, name):
    files, skipped = read(tmp_path, pack({name: b"x", "fine": b"y"}))
    assert files == {"fine": b"y"}
    assert list(skipped.values()) == [("its name leads out of the archive", False)]


def test_names_are_made_plain(tmp_path):
    files, _ = read(tmp_path, zipped({"./a//b/./c": b"1", "d\\e": b"2", "bell\a": b"3"}))
    assert files == {"a/b/c": b"1", "d/e": b"2", r"bell\x07": b"3"}


def test_links_and_devices_in_a_tar_are_said(tmp_path):
    extra = []
    for name, kind in (
        ("link", tarfile.SYMTYPE),
        ("hard", tarfile.LNKTYPE),
        ("tty", tarfile.CHRTYPE),
        ("dir", tarfile.DIRTYPE),
    ):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "../../etc/passwd"
        extra.append(info)
    files, skipped = read(tmp_path, tar({"a": b"a"}, extra=extra))
    assert files == {"a": b"a"}
    assert skipped == {
        "link": ("symbolic link", True),
        "hard": ("hard link", True),
        "tty": ("neither file nor folder", True),
    }


def test_a_link_in_a_zip_is_said(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        out.writestr(info, "../../etc/passwd")
    assert read(tmp_path, buffer.getvalue()) == ({}, {"link": ("symbolic link", True)})


def test_archives_inside_are_opened(tmp_path):
    files, skipped = read(tmp_path, zipped({"inner.zip": zipped(), "a": b"a"}))
    assert files == {"a": b"a", **{f"inner.zip!/{name}": data for name, data in FILES.items()}}
    assert skipped == {}


def test_a_package_database_is_read_though_it_is_binary(tmp_path):
    path = tmp_path / "thing"
    path.write_bytes(tar({"var/lib/rpm/Packages": b"\0db", "other": b"\0db"}))
    found = list(archive.read(str(path)))
    assert found[0] == File("var/lib/rpm/Packages", b"\0db", binary=True)
    assert found[1].why == "binary"


class TestBombs:
    @pytest.mark.parametrize(
        "pack",
        [
            pytest.param(lambda data: gzip.compress(tar({"a": data, "b": data})), id="tar.gz"),
            pytest.param(lambda data: lzma.compress(tar({"a": data, "b": data}), preset=0), id="tar.xz"),
            pytest.param(lambda data: zstandard.compress(tar({"a": data, "b": data})), id="tar.zst"),
            pytest.param(lambda data: zipped({f"{n}": data[: 9 << 20] for n in range(8)}), id="zip"),
        ],
    )
    @pytest.mark.asvs("5.2.3")
    def test_what_unpacks_to_too_much_is_stopped(self, tmp_path, pack):
        data = pack(b"x" * (40 << 20))
        started = time.process_time()
        with pytest.raises(UnreadableSource, match="bomb"):
            read(tmp_path, data)
        assert time.process_time() - started < 3

    def test_the_sum_has_a_limit_however_well_packed(self, tmp_path):
        noise = {f"{n}": os.urandom(50_000).hex().encode() for n in range(5)}
        with pytest.raises(UnreadableSource, match="unpacks to more than 200 KiB"):
            read(tmp_path, zipped(noise), total_bytes=200 << 10)

    @pytest.mark.asvs("5.2.3")
    def test_too_many_files(self, tmp_path):
        many = {f"{n}": b"" for n in range(12)}
        for data in (zipped(many), tar(many)):
            with pytest.raises(UnreadableSource, match="more than 10 files"):
                read(tmp_path, data, files=10)

    def test_too_deep_is_a_gap(self, tmp_path):
        files, skipped = read(tmp_path, zipped({"a/" * 21 + "x": b"x", "y": b"y"}))
        assert files == {"y": b"y"}
        assert list(skipped.values()) == [("deeper than 20 folders", False)]

    def test_a_file_too_large_is_a_gap_and_the_rest_stands(self, tmp_path):
        big = os.urandom(8 << 10).hex().encode()
        for data in (zipped({"big": big, "a": b"a"}), tar({"big": big, "a": b"a"})):
            files, skipped = read(tmp_path, data, file_bytes=10 << 10)
            assert files == {"a": b"a"}
            assert skipped == {"big": ("larger than 10 KiB: 16 KiB", False)}

    def test_entries_that_overlap_are_refused(self, tmp_path):
        data = bytearray(zipped({"a": b"a" * 100, "b": b"b" * 100}, zipfile.ZIP_STORED))
        second = data.rfind(b"PK\x01\x02")
        struct.pack_into("<L", data, second + 42, 0)  # the second entry points at the first one's content
        with pytest.raises(UnreadableSource, match="overlap"):
            read(tmp_path, bytes(data))

    def test_a_directory_that_is_longer_than_any_honest_one(self, tmp_path):
        data = bytearray(zipped())
        struct.pack_into("<HHL", data, data.rfind(b"PK\x05\x06") + 8, 0xFFF0, 0xFFF0, 0x7FFFFFFF)
        with pytest.raises(UnreadableSource, match="more than 50,000 files"):
            read(tmp_path, bytes(data))

    def test_a_header_that_asks_for_a_gigabyte_of_name(self, tmp_path):
        info = tarfile.TarInfo("x")
        info.type, info.size = tarfile.XHDTYPE, 1 << 30
        with pytest.raises(UnreadableSource, match="a name in the archive is"):
            read(tmp_path, info.tobuf(tarfile.USTAR_FORMAT) + bytes(2048))

    def test_a_dictionary_of_a_gigabyte_is_not_allocated(self, tmp_path):
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
        data = bytearray(lzma.compress(tar(), filters=filters))
        block = 12
        data[block + 4] = 38  # 1 GiB, in the block header's own notation
        header = block + (data[block] + 1) * 4
        struct.pack_into("<L", data, header - 4, __import__("zlib").crc32(bytes(data[block : header - 4])))
        with pytest.raises(UnreadableSource, match="Memory usage limit"):
            read(tmp_path, bytes(data))


def test_an_encrypted_entry_is_a_gap_and_the_rest_stands(tmp_path):
    data = bytearray(zipped({"a": b"a", "b": b"b"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + offset] |= 1
    assert read(tmp_path, bytes(data)) == ({"b": b"b"}, {"a": ("encrypted", False)})


def test_a_damaged_entry_of_a_zip_is_a_gap_and_the_rest_stands(tmp_path):
    data = bytearray(zipped({"x": b"aaaa", "b": b"bbbb"}, zipfile.ZIP_STORED))
    data[data.find(b"aaaa")] ^= 1
    files, skipped = read(tmp_path, bytes(data))
    assert files == {"b": b"bbbb"}
    assert skipped["x"][0].startswith("damaged: Bad CRC-32")
    assert skipped["x"][1] is False


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\x7fELF" + bytes(600), bytes(1024)], ids=["empty", "text", "ELF", "zeros"]
)
@pytest.mark.asvs("5.2.2")
def test_what_is_no_archive_and_is_called_one_is_said(tmp_path, data):
    with pytest.raises(UnreadableSource, match=r"no archive that Vallum reads\. It reads \.zip"):
        read(tmp_path, data)


def test_an_entry_with_attributes_without_end_takes_little_time(tmp_path):
    entry = tarfile.TarInfo("a")
    entry.pax_headers = {f"k{n}": "v" for n in range(75_000)}
    data = entry.tobuf(tarfile.PAX_FORMAT) + bytes(1024)
    started = time.process_time()
    files, _ = read(tmp_path, data)
    assert files == {"a": b""}
    assert time.process_time() - started < 1


def test_a_gzip_of_something_else_is_said(tmp_path):
    with pytest.raises(UnreadableSource, match="no tar file"):
        read(tmp_path, gzip.compress(b"x" * 2000))


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableSource, match="neither a folder nor a file"):
        list(archive.read(str(tmp_path / "pipe")))


@pytest.mark.parametrize("pack", [tar, zipped])
def test_a_name_that_no_disk_could_hold_is_left_out_and_said(tmp_path, pack):
    name = "folder/" * 8000 + "a"
    files, skipped = read(tmp_path, pack({name: b"1", "b": b"2"}))
    assert files == {"b": b"2"}
    ((shown, (why, covered)),) = skipped.items()
    assert name.startswith(shown.removesuffix("…"))
    assert len(shown) < 200
    assert (why, covered) == ("its name is longer than 4,096 letters", False)
