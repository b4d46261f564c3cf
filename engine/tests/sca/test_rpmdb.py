"""rpm's databases: the three forms say the same, rpm's own files are read, and damage ends in a clear error in little time."""

import random
import shutil
import struct
import subprocess
import time

import pytest
import rpmdbs

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles import rpmdb

BLOBS = [
    rpmdbs.header(name="gpg-pubkey", version="8483c65d", release="5ccc5b19"),
    rpmdbs.header(
        name="openssl-libs",
        epoch=1,
        version="3.0.7",
        release="24.el9",
        arch="x86_64",
        source="openssl-3.0.7-24.el9.src.rpm",
    ),
    rpmdbs.header(
        name="bash", version="5.1.8", release="6.el9", arch="x86_64", source="bash-5.1.8-6.el9.src.rpm", padding=9000
    ),
    rpmdbs.header(name="nodejs", epoch=0, version="18.1", release="1", module="nodejs:18:9020020230327152102:rhel9"),
]
EXPECTED = [
    ("openssl-libs", "1:3.0.7-24.el9", "openssl", "", "x86_64", ""),
    ("bash", "5.1.8-6.el9", "", "", "x86_64", ""),
    ("nodejs", "18.1-1", "", "", "", "nodejs:18"),
]


def read(data):
    found = list(rpmdb.extract(File("var/lib/rpm/Packages", data, binary=True)))
    return [(p.name, p.version, p.source, p.source_version, p.arch, p.module) for p in found]


@pytest.fixture(params=sorted(rpmdbs.FORMS))
def written(request, tmp_path):
    """Return a function that writes headers in one of the forms."""
    return lambda blobs: rpmdbs.FORMS[request.param](blobs, tmp_path / "rpmdb.sqlite")


def test_a_database_gives_what_is_installed(written):
    assert read(written(BLOBS)) == EXPECTED


def test_a_database_of_a_big_endian_machine_is_read():
    assert read(rpmdbs.as_bdb(BLOBS, order=">")) == EXPECTED


def test_thousands_of_packages_take_several_levels_of_pages(tmp_path):
    blobs = [rpmdbs.header(name=f"p{n}", version="1", release="1", padding=n % 9000) for n in range(3000)]
    found = read(rpmdbs.as_sqlite(blobs, tmp_path / "rpmdb.sqlite"))
    assert [row[0] for row in found] == [f"p{n}" for n in range(3000)]


def test_an_empty_file_holds_nothing():
    assert read(b"") == []


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff" * 64, id="counts beyond everything"),
        pytest.param(BLOBS[1][:60], id="cut off"),
        pytest.param(rpmdbs.header(name="x", version="1"), id="no release"),
        pytest.param(rpmdbs.header(name="x" * 5000, version="1", release="1"), id="a name without an end"),
        pytest.param(
            b"\0\0\0\1\0\0\0\4" + b"\0\0\3\xe8\0\0\0\6\xff\xff\xff\xff\0\0\0\1" + b"abcd", id="a value outside"
        ),
    ],
)
def test_a_broken_header_is_a_clear_error(written, blob):
    with pytest.raises(BrokenData, match=r"^line 1: the database cannot be read: .*rpm --rebuilddb"):
        read(written([BLOBS[1], blob]))


@pytest.mark.parametrize("data", [b"text\n" * 900, b"\0" * 4096, b"RpmP", rpmdbs.as_ndb(BLOBS)[:5000]])
def test_what_is_no_database_is_a_clear_error(data):
    with pytest.raises(BrokenData, match="the database cannot be read"):
        read(data)


def test_damage_anywhere_ends_soon_and_in_no_other_error(written):
    whole = written(BLOBS)
    chance = random.Random(7)
    started = time.process_time()
    for _ in range(400):
        data = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
        for _ in range(chance.randrange(6)):
            if data:
                data[chance.randrange(len(data))] = chance.choice((0, 1, 127, 255, chance.randrange(256)))
        try:
            read(bytes(data))
        except BrokenData:
            continue
    assert time.process_time() - started < 20


def test_pages_that_lead_in_a_circle_end(tmp_path):
    blobs = [rpmdbs.header(name=f"p{n}", version="1", release="1", padding=9000) for n in range(400)]
    data = bytearray(rpmdbs.as_sqlite(blobs, tmp_path / "rpmdb.sqlite"))
    for at in range(4096, len(data), 4096):
        if data[at] == 5:
            data[at + 8 : at + 12] = (at // 4096 + 1).to_bytes(4, "big")
        elif data[at] not in (13, 10):
            data[at : at + 4] = (at // 4096 + 1).to_bytes(4, "big")
    with pytest.raises(BrokenData, match="circle"):
        read(bytes(data))


def test_items_of_a_hash_that_overlap_end():
    """A key of nothing takes the place of the next item back to the end of the page, where the same package is again."""
    head, size = rpmdbs.header(name="p", version="1", release="1"), 1 << 15
    meta = rpmdbs.as_bdb([head])[:4096].ljust(size, b"\0")
    key, value, nothing, count = size - 8, size // 2 + 8, size // 2, 4 * 1000
    places = struct.pack(f"<{count}H", *[key, value, nothing, size] * 1000)
    page = bytearray((rpmdbs.page("<", 1, 0, count, value, 13) + places).ljust(size, b"\0"))
    page[nothing], page[value : value + 1 + len(head)], page[key : key + 2] = 1, b"\1" + head, b"\1\1"
    data = bytearray(meta) + page
    data[20:24] = size.to_bytes(4, "little")
    with pytest.raises(BrokenData, match="overlap"):
        read(bytes(data))


SPEC = """
Name: tool
Epoch: 2
Version: 1.2
Release: 3.el9
Summary: A tool
License: MIT
BuildArch: noarch
%description
A tool.
%package -n libtool-x
Summary: Its library
Version: 9.9
%description -n libtool-x
Its library.
%files
%files -n libtool-x
"""


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("rpm") and shutil.which("rpmbuild")), reason="no rpm here")
def test_what_rpm_itself_writes_is_read(tmp_path):
    (tmp_path / "tool.spec").write_text(SPEC)
    build = ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {tmp_path}", str(tmp_path / "tool.spec")]
    subprocess.run(build, check=True, capture_output=True)
    packages = sorted(map(str, tmp_path.glob("RPMS/*/*.rpm")))
    flags = ["--dbpath", str(tmp_path / "db"), "--define", "_db_backend sqlite"]
    (tmp_path / "db").mkdir()
    subprocess.run(
        ["rpm", *flags, "-i", "--justdb", "--nodeps", "--ignoreos", *packages], check=True, capture_output=True
    )
    form = "%{name} %{epoch}:%{version}-%{release} %{sourcerpm}\n"
    asked = subprocess.run(["rpm", *flags, "-qa", "--qf", form], check=True, capture_output=True, text=True)
    found = rpmdb.extract(File("var/lib/rpm/rpmdb.sqlite", (tmp_path / "db/rpmdb.sqlite").read_bytes(), binary=True))
    ours = {(p.name, p.version, p.source or p.name, p.source_version or p.version) for p in found}
    assert ours == {("tool", "2:1.2-3.el9", "tool", "2:1.2-3.el9"), ("libtool-x", "2:9.9-3.el9", "tool", "2:1.2-3.el9")}
    assert {f"{name} {version} tool-1.2-3.el9.src.rpm" for name, version, *_ in ours} == set(
        asked.stdout.split("\n")
    ) - {""}
