"""Secrets that are written in an encoding: found where they stand, named with how they were written, at a linear cost."""

import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaged import BOOK, compiled

from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.report import Report, Verdict
from vallum_engine.pipeline import scan
from vallum_engine.secrets import decoding, disguises, samples
from vallum_engine.secrets.decoding import MOST, decoded
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.disguises import in_base64
from vallum_engine.secrets.encoding import Encoding
from vallum_engine.sources.content import is_binary

GITHUB = samples.fill("ghp_{github:36}").encode()
AWS = samples.fill("aws_access_key_id=AKIA{base32:16}\naws_secret_access_key={base64:40}\n").encode()
KEY = samples.fill("-----BEGIN RSA PRIVATE KEY-----\n{pem:1600}\n-----END RSA PRIVATE KEY-----\n").encode()
DATABASE = samples.fill("postgres://shop:{base62:18}@db.shop.internal:5432/shop").encode()


def report(data: bytes, path: str = "src/shop.ts") -> Report:
    return scan([File(path, data)], [SecretsDetector(BOOK)], triggers=compiled())


def found(data: bytes) -> list[tuple[str, int]]:
    return sorted((finding.rule, place.line) for finding in report(data).findings for place in finding.locations)


def evidence(data: bytes) -> str:
    (finding,) = report(data).findings
    return finding.evidence


def wrapped(text: bytes, width: int, end: bytes) -> bytes:
    return end.join(text[start : start + width] for start in range(0, len(text), width))


def hexed(text: bytes) -> bytes:
    return text.hex().encode()


def every_byte(mark: str) -> Callable[[bytes], bytes]:
    return lambda text: "".join(f"\\{mark}{byte:02x}" for byte in text).encode()


@pytest.mark.parametrize("before", [b"", b" ", b"x ", b"name=shop;"], ids=["", "one byte", "two bytes", "words"])
@pytest.mark.parametrize(
    ("encode", "name"),
    [
        pytest.param(b64encode, "base64", id="base64"),
        pytest.param(urlsafe_b64encode, "base64", id="url-safe base64"),
        pytest.param(lambda text: urlsafe_b64encode(text).rstrip(b"="), "base64", id="base64 without padding"),
        pytest.param(lambda text: b64encode(b64encode(text)), "base64 in base64", id="base64 twice"),
        pytest.param(lambda text: b64encode(text.decode().encode("utf-16-le")), "UTF-16 in base64", id="powershell"),
        pytest.param(hexed, "hexadecimal", id="hexadecimal"),
        pytest.param(lambda text: hexed(text).upper(), "hexadecimal", id="upper hexadecimal"),
        pytest.param(lambda text: b64encode(hexed(text)), None, id="hexadecimal in base64"),
        pytest.param(every_byte("x"), "string escapes", id="x escapes"),
        pytest.param(every_byte("u00"), "string escapes", id="u escapes"),
    ],
)
def test_what_is_encoded_is_found_on_its_line(encode, name, before) -> None:
    for token, rule in (
        (GITHUB, "github-personal-access-token"),
        (AWS, "aws-access-key"),
        (DATABASE, "database-url-password"),
    ):
        data = b'one\ntwo = "' + encode(before + token + b" ") + b'"\nthree\n'
        if name is None:  # what holds no sign of its own once it is encoded twice in two ways is not looked for
            assert found(data) in ([], [(rule, 2)])
            continue
        assert found(data) == [(rule, 2)]
        assert f"written in {name}. Confidence" in evidence(data)


@pytest.mark.parametrize("glued", [b"token_", b"AUTH-", b"/", b"data:text/plain;base64,", b"ab/cd/"])
def test_a_name_right_before_does_not_shift_the_text(glued: bytes) -> None:
    assert found(b"x = " + glued + b64encode(b"token is " + GITHUB)) == [("github-personal-access-token", 1)]


@pytest.mark.parametrize(
    ("width", "end"),
    [(76, b"\n"), (64, b"\r\n"), (60, b"\n      "), (76, b"\\n"), (64, b'"\n    "'), (64, b'" +\n    "')],
    ids=["mime", "windows", "a block in YAML", "escaped", "a literal", "joined literals"],
)
def test_wrapped_lines_are_one_text_and_each_byte_keeps_its_line(width: int, end: bytes) -> None:
    text = b64encode(b"# settings\n" * 40 + GITHUB + b"\n" + b"# more\n" * 40)
    data = b'blob: "' + wrapped(text, width, end) + b'"\n'
    ((rule, line),) = found(data)
    place = (11 * 40 * 4 // 3) // width
    assert (rule, line) == ("github-personal-access-token", 1 + place * end.count(b"\n"))


def test_a_key_in_base64_spans_its_lines_and_is_the_same_finding_as_in_plain_text() -> None:
    (plain,) = report(KEY).findings
    (encoded,) = report(b"data:\n  tls.key: " + b64encode(KEY) + b"\n").findings
    assert plain.fingerprint == encoded.fingerprint
    assert [place.line for place in encoded.locations] == [2]
    assert encoded.message.startswith("Private key in base64: ")


def test_one_secret_written_in_two_ways_is_one_finding_with_two_places() -> None:
    (finding,) = report(GITHUB + b"\n" + b64encode(GITHUB) + b"\n" + hexed(GITHUB)).findings
    assert [place.line for place in finding.locations] == [1, 2, 3]


def test_a_file_of_settings_in_base64_gives_all_its_secrets() -> None:
    text = b"A=1\nGITHUB_TOKEN=" + GITHUB + b"\n" + AWS + b"DATABASE_URL=" + DATABASE + b"\n"
    assert found(b64encode(text)) == [
        ("aws-access-key", 1),
        ("database-url-password", 1),
        ("github-personal-access-token", 1),
    ]


@pytest.mark.parametrize(
    ("data", "how"),
    [
        pytest.param(b"u=" + quote(DATABASE, safe="").encode(), "URL escapes", id="url"),
        pytest.param(
            b"AWS_SECRET_ACCESS_KEY=" + quote(b"ab/" + AWS[-41:-4], safe="").encode(), "URL escapes", id="a slash"
        ),
        pytest.param(b'{"u": "' + DATABASE.replace(b"/", b"\\/") + b'"}', "string escapes", id="slashes in JSON"),
        pytest.param(
            b'api_key = "' + samples.fill("{base62:20}\\u002f{base62:19}").encode() + b'"',
            "string escapes",
            id="a letter in JSON",
        ),
    ],
)
def test_escapes_are_undone(data: bytes, how: str) -> None:
    assert f"written in {how}. " in evidence(b"one\n" + data + b"\n")
    assert [line for _, line in found(b"one\n" + data + b"\n")] == [2]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_wide_text_is_read_with_and_without_a_mark(encoding: str) -> None:
    data = f"# settings of the shop\nTOKEN = {GITHUB.decode()}\n".encode(encoding)
    assert not is_binary(data)
    assert found(data) == [("github-personal-access-token", 2)]
    assert "written in UTF-" in evidence(data)


@pytest.mark.parametrize(
    "data",
    [
        bytes(64),
        b"\x7fELF\x02\x01\x01" + bytes(60),
        bytes(range(256)) * 4,
        b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(range(60)),
        b"\x01\x00\x02\x00" * 40,
        b"a\0b",
    ],
    ids=["zeros", "elf", "every byte", "zip", "small numbers", "a word"],
)
def test_binary_content_is_not_taken_for_wide_text(data: bytes) -> None:
    assert is_binary(data)


@pytest.mark.parametrize(
    "text",
    [
        b"ghp_" + b"x" * 36,
        b"just a sentence about a password and a token",
        b"AKIAIOSFODNN7EXAMPLE",
        b"postgres://user:password@localhost/shop",
        b"-----BEGIN CERTIFICATE-----\n" + b"A" * 400,
    ],
)
def test_what_is_clean_stays_clean_when_encoded(text: bytes) -> None:
    for data in (b64encode(text), b64encode(b64encode(text)), hexed(text), quote(text, safe="").encode()):
        assert found(b"value: " + data) == []


def test_the_literal_alone_decides_what_is_looked_for() -> None:
    for before in range(6):
        for after in range(6):
            text = b64encode(b"\xa5" * before + b"secret" + b"\x5a" * after)
            assert any(form in text for form in in_base64(b"secret"))


def test_every_rule_with_a_fixed_part_is_looked_for_in_base64() -> None:
    patterns = b"|".join(pattern for encoding, pattern in BOOK.disguises if encoding == Encoding.BASE64)
    assert all(form in patterns for form in in_base64(b"ghp_"))
    assert len(disguises.of([rb"\b(shop_[a-z]{20})\b"])) < len(BOOK.disguises)


def spent(data: bytes) -> tuple[float, Report]:
    started = time.process_time()
    seen = report(data)
    return time.process_time() - started, seen


FORM = b64encode(b"ghp_ghp_")[:5]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b64encode(samples.fill("{base64:900000}").encode()), id="a megabyte of noise"),
        pytest.param(b64encode(b"secret = token; " * 60_000), id="a megabyte of words"),
        pytest.param(b64encode(b64encode(b64encode(b64encode(b64encode(GITHUB * 2_000))))), id="five layers"),
        pytest.param(FORM * 200_000, id="a megabyte of signs that decode to nothing"),
        pytest.param((FORM + b"\n") * 200_000, id="signs on lines"),
        pytest.param(wrapped(FORM * 200_000, 76, b"\n"), id="signs in wrapped lines"),
        pytest.param(b'password="\\x41' * 80_000, id="escapes on one line"),
        pytest.param(b"token=%41" * 120_000, id="URL escapes on one line"),
        pytest.param(hexed(b"ghp_") * 130_000, id="a megabyte of hexadecimal"),
        pytest.param((b"00" * 20 + b"\n") * 200_000 + (hexed(b"ghp_") * 5 + b"\n") * 10_000, id="hexadecimal in lines"),
        pytest.param(b"\\x67\\x68\\x70\\x5f" * 60_000, id="a megabyte of x escapes"),
    ],
)
def test_a_hostile_megabyte_costs_seconds_at_most(data: bytes) -> None:
    seconds, _ = spent(data)
    assert seconds < 12


def test_too_many_encoded_parts_are_cut_off_and_said() -> None:
    data = b"\n".join(b64encode(b"%06d token %06d" % (n, n)) for n in range(MOST + 3))
    gaps = report(data).coverage.gaps
    assert any(f"only the first {MOST:,} encoded parts" in gap.why or "first 10,000 places" in gap.why for gap in gaps)
    assert {gap.verdict for gap in gaps} == {Verdict.SKIPPED}


PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([GITHUB, AWS, KEY, DATABASE, b"\n", b'"', b"secret", b"\\x", b"%3A%2F%2F", FORM]),
    st.sampled_from([GITHUB, AWS, DATABASE]).flatmap(
        lambda text: st.sampled_from([b64encode(text), hexed(text), quote(text).encode(), b64encode(b64encode(text))])
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=10), st.integers(0, 400), st.sampled_from(Encoding))
def test_whatever_is_decoded_came_from_within_the_text(pieces: list[bytes], end: int, encoding: Encoding) -> None:
    data = b"".join(pieces)
    if encoding is Encoding.UTF_16:
        return
    for part in decoded(data, [(encoding, min(end, len(data)))]):
        places = [part.origin(position) for position in range(len(part.data) + 1)]
        assert places == sorted(places)
        assert all(0 <= place <= len(data) for place in places)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=8))
def test_no_value_is_said_however_it_was_written(pieces: list[bytes]) -> None:
    findings: tuple[Finding, ...] = report(b"".join(pieces)).findings
    said = repr(findings)
    for value in (GITHUB, AWS.split(b"=")[-1].strip(), DATABASE.split(b":")[2].split(b"@")[0]):
        assert value.decode() not in said


BLOCKS = st.lists(
    st.one_of(
        st.sampled_from([b"\n", b"\r\n", b"  ", b'" +\n"', b"\\n", b"name: ", b"short", b"\\", b"=="]),
        st.integers(1, 40).map(lambda size: b"QUJD" * size),
        st.integers(1, 6).map(lambda lines: (b"QUJD" * 15 + b"\n") * lines),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(BLOCKS, st.data())
def test_a_block_is_the_same_however_little_is_looked_at_around_it(blocks: list[bytes], draw: st.DataObject) -> None:
    data = b"".join(blocks)
    ends = sorted(draw.draw(st.lists(st.integers(1, len(data) + 1), max_size=6)))
    said = []
    for reach in (1, 1 << 30):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(decoding, "_REACH", reach)
            said += [
                list(decoded(data, [(encoding, end) for end in ends]))
                for encoding in (Encoding.BASE64, Encoding.HEXADECIMAL)
            ]
    assert said[:2] == said[2:]


def test_a_block_that_is_longer_than_what_is_looked_at_first_is_decoded_whole() -> None:
    text = b64encode(b"x " * 75_000 + GITHUB + b" y" * 75_000)
    lines = b"\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    ((rule, line),) = found(b"key: |\n" + lines + b"\n")
    assert (rule, line) == ("github-personal-access-token", 2 + 150_000 // 57)
