"""Programs that tell what they are made of: built here byte by byte, in each form and word size, and cut off anywhere."""

import struct
import tarfile
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum_engine.model.file import File, Skipped
from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_engine.sources import archive, directory
from vallum_engine.sources.executables import MOST_TABLE, told, told_of

MODULES = "path\tcode.example/shop\ndep\tcode.example/left\tv1.5.0\th1:a=\n"
TOLD = b"go\tgo1.21.3\n" + MODULES.encode()
RUST = zlib.compress(b'{"packages": []}')
FRAME = b"0w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6"
BASE = 0x400000


def counted(text):
    """With its length before it, seven bits a byte."""
    length, out = len(text), b""
    while length >= 0x80:
        out += bytes([length & 0x7F | 0x80])
        length >>= 7
    return out + bytes([length]) + text


def inline():
    """Build info of Go 1.18 and later."""
    head = (b"\xff Go buildinf:" + bytes([8, 2])).ljust(32, b"\0")
    return head + counted(b"go1.21.3") + counted(FRAME + MODULES.encode() + FRAME)


def pointed(address, *, order="<", wide=True):
    """Build info before Go 1.18, as it lies at `address`: two addresses of strings."""
    letter, size = ("Q", 8) if wide else ("I", 4)
    strings = b"go1.21.3", FRAME + MODULES.encode() + FRAME
    heads = address + 32
    texts = heads + 4 * size
    head = b"\xff Go buildinf:" + bytes([size, order == ">"])
    head += struct.pack(order + letter * 2, heads, heads + 2 * size)
    places = struct.pack(order + letter * 4, texts, len(strings[0]), texts + len(strings[0]), len(strings[1]))
    return head.ljust(32, b"\0") + places + b"".join(strings)


def elf(content, *, name=".go.buildinfo", order="<", wide=True):
    """One section and one segment with `content`."""
    names = b"\0" + name.encode() + b"\0.shstrtab\0"
    size = 64 if wide else 52
    row, segment = (64, 56) if wide else (40, 32)
    at = 4096
    tables = at + len(content) + len(names)
    head = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    letter = "Q" if wide else "I"
    head += struct.pack(order + "HHI" + letter * 3, 2, 62, 1, BASE, size, tables)
    head += struct.pack(order + "IHHHHHH", 0, size, segment, 1, row, 3, 2)
    flags = 6
    if wide:
        programs = struct.pack(order + "IIQQQQQQ", 1, flags, at, BASE, BASE, len(content), len(content), 16)
    else:
        programs = struct.pack(order + "IIIIIIII", 1, at, BASE, BASE, len(content), len(content), flags, 16)
    form = order + "II" + letter * 4 + "II" + letter * 2
    sections = [
        struct.pack(form, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        struct.pack(form, 1, 1, 3, BASE, at, len(content), 0, 0, 16, 0),
        struct.pack(form, 2 + len(name), 3, 0, 0, at + len(content), len(names), 0, 0, 1, 0),
    ]
    return (head + programs).ljust(at, b"\0") + content + names + b"".join(sections)


def pe(content, *, name=b".data"):
    """64 bit, with one section that may be written."""
    head = (b"MZ" + bytes(0x3A) + struct.pack("<I", 0x80)).ljust(0x80, b"\0")
    optional = struct.pack("<H", 0x20B) + bytes(22) + struct.pack("<Q", BASE) + bytes(208)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0)
    section = struct.pack("<8sIIIIIIHHI", name, len(content), 0x1000, len(content), 0x1000, 0, 0, 0, 0, 0xC0000040)
    return (head + coff + optional + section).ljust(0x1000, b"\0") + content


def macho(content, *, order="<", wide=True, named=b"__go_buildinfo"):
    """One segment with one section."""
    at = 4096
    magic = {("<", True): 0xFEEDFACF, (">", True): 0xFEEDFACF, ("<", False): 0xFEEDFACE, (">", False): 0xFEEDFACE}[
        order, wide
    ]
    letter = "Q" if wide else "I"
    place = struct.pack(order + letter * 2 + "I", BASE, len(content), at)
    section = (named.ljust(16, b"\0") + b"__DATA".ljust(16, b"\0") + place).ljust(80 if wide else 68, b"\0")
    segment = b"__DATA".ljust(16, b"\0") + struct.pack(order + letter * 4, BASE, len(content), at, len(content))
    segment += struct.pack(order + "IIII", 3, 3, 1, 0) + section
    command = struct.pack(order + "II", 0x19 if wide else 1, len(segment) + 8) + segment
    head = struct.pack(order + "IIIIIII", magic, 0, 0, 2, 1, len(command), 0) + (bytes(4) if wide else b"")
    return (head + command).ljust(at, b"\0") + content


def fat(content):
    """One program for one processor, behind the head for several."""
    return struct.pack(">IIIIIII", 0xCAFEBABE, 1, 0, 0, 8192, len(content), 12).ljust(8192, b"\0") + content


FORMS = [
    pytest.param(elf(inline()), TOLD, id="elf"),
    pytest.param(elf(inline(), wide=False), TOLD, id="elf, 32 bit"),
    pytest.param(elf(inline(), order=">"), TOLD, id="elf, the other order"),
    pytest.param(elf(inline(), name=".data"), TOLD, id="elf, in the data that may be written"),
    pytest.param(elf(pointed(BASE)), TOLD, id="elf, before Go 1.18"),
    pytest.param(
        elf(pointed(BASE, order=">", wide=False), order=">", wide=False),
        TOLD,
        id="elf, before Go 1.18, 32 bit, other order",
    ),
    pytest.param(elf(RUST, name=".dep-v0"), RUST, id="elf, of Rust"),
    pytest.param(pe(inline()), TOLD, id="pe"),
    pytest.param(pe(pointed(BASE + 0x1000)), TOLD, id="pe, before Go 1.18"),
    pytest.param(pe(RUST, name=b".dep-v0"), RUST, id="pe, of Rust"),
    pytest.param(macho(inline()), TOLD, id="mach-o"),
    pytest.param(macho(inline(), wide=False), TOLD, id="mach-o, 32 bit"),
    pytest.param(macho(inline(), order=">"), TOLD, id="mach-o, the other order"),
    pytest.param(macho(inline(), named=b"__data"), TOLD, id="mach-o, in the data"),
    pytest.param(macho(RUST, named=b".dep-v0"), RUST, id="mach-o, of Rust"),
]


@pytest.mark.parametrize(("program", "expected"), FORMS)
def test_a_program_tells_what_it_is_made_of(program, expected):
    found = told_of("bin/tool", program)
    name = "dep-v0" if expected == RUST else "go.buildinfo"
    assert (found.path, found.data, found.binary) == (f"bin/tool/{name}", expected, expected == RUST)


def test_a_program_of_several_processors_tells_by_its_first():
    inner = macho(inline())
    assert told_of("tool", fat(inner)).data == TOLD


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(elf(b"nothing" * 100, name=".data"), id="a program of neither"),
        pytest.param(b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + bytes(100), id="a Java class"),
        pytest.param(b"MZ" + bytes(100), id="an empty one"),
        pytest.param(b"\x7fELF", id="a head alone"),
        pytest.param(b"text", id="text"),
    ],
)
def test_others_tell_nothing(data):
    assert told_of("x", data) is None


@settings(max_examples=600, deadline=None)
@given(
    number=st.integers(0, len(FORMS) - 1),
    length=st.floats(0, 1),
    changes=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=8)), max_size=4),
)
def test_a_lie_in_a_program_is_no_crash(number, length, changes):
    data = bytearray(FORMS[number].values[0])
    for at, new in changes:
        data[at : at + len(new)] = new
    told_of("x", bytes(data[: int(len(data) * length)]))


@pytest.mark.parametrize("row", [pytest.param(54, id="segments"), pytest.param(58, id="sections")])
def test_a_program_that_says_that_its_rows_are_long_is_not_read_as_a_whole(row):
    data = bytearray(elf(inline()))
    data[row : row + 4] = b"\xff" * 4
    asked = []

    def read(at, size):
        asked.append(size)
        return bytes(data[at : at + size])

    told(bytes(data), read)
    assert max(asked) == MOST_TABLE


def test_a_folder_and_an_archive_hand_on_what_programs_tell(tmp_path):
    (tmp_path / "tool").write_bytes(elf(inline()))
    (tmp_path / "other").write_bytes(elf(b"nothing" * 9, name=".data"))
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in ("tool", "other"):
            tar.add(tmp_path / name, name)
    path = tmp_path.parent / "programs.tar"
    path.write_bytes(packed.getvalue())
    expected = {("tool/go.buildinfo", TOLD)}
    for items in (list(directory.walk(str(tmp_path))), list(archive.read(str(path)))):
        assert {(item.path, item.data) for item in items if isinstance(item, File)} == expected
        assert [(item.path, item.why, item.covered) for item in items if isinstance(item, Skipped)] == [
            ("other", "binary", True)
        ]


def test_a_program_that_could_not_be_read_resolves_nothing_that_it_told():
    gap = Exclusion(path="bin/tool", ruleset="", verdict=Verdict.SKIPPED, why="cannot be read")
    coverage = Coverage(rulesets=(RuleSet(name="packages/Go", version="1", rules=None),), exclusions=(gap,))
    assert not coverage.speaks_for("packages/Go", "CVE-2020-1", "bin/tool/go.buildinfo")
    assert not coverage.speaks_for("packages/Go", "CVE-2020-1", "bin/tool")
    assert coverage.speaks_for("packages/Go", "CVE-2020-1", "bin/tools/go.buildinfo")
