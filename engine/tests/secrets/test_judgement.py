"""The small judgements: random or not, placeholder or not, how much to show, whether a checksum holds."""

import re
from base64 import b32encode, b64encode
from hashlib import shake_128

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaged import BOOK, compiled

from vallum_engine.model.evidence import redacted
from vallum_engine.model.file import File
from vallum_engine.pipeline import scan
from vallum_engine.secrets import rulebook
from vallum_engine.secrets.checksums import CHECKSUMS, base62, github_crc32
from vallum_engine.secrets.context import quiet, trial
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.entropy import shannon, wordlike
from vallum_engine.secrets.placeholders import dummy_password, is_placeholder
from vallum_engine.secrets.samples import fill
from vallum_engine.triggers import collect


def test_the_checksum_is_the_issuers() -> None:
    # A revoked token that GitHub's own article made known, in two halves.
    assert github_crc32(b"zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ") == b"0mLq17"
    assert base62(0, 6) == b"000000"


@pytest.mark.parametrize("prefix", ["ghp", "gho", "npm"])
def test_a_typo_breaks_the_checksum(prefix: str) -> None:
    token = fill(f"{prefix}_{{github:36}}").encode()
    assert CHECKSUMS["github-crc32"](token)
    assert not CHECKSUMS["github-crc32"](token[:-1] + (b"a" if token[-1:] != b"a" else b"b"))


@pytest.mark.parametrize(
    ("checksum", "key"),
    [
        ("crc16-base32", b"GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"),
        ("bech32", b"npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"),
    ],
    ids=["a public key of SEP-23", "a public key of NIP-19"],
)
def test_a_checksum_holds_for_what_the_standard_prints(checksum: str, key: bytes) -> None:
    assert CHECKSUMS[checksum](key)
    assert not CHECKSUMS[checksum](key[:-1] + (b"Z" if key[-1:] != b"Z" else b"A"))


@pytest.mark.parametrize(
    ("checksum", "hole"),
    [
        ("crc16-base32", "{nkey:32}"),
        ("crc16-base32", "{strkey:32}"),
        ("bech32", "{nsec:32}"),
        ("sanctum-crc32b", "{sanctum:40}"),
        ("synapse-crc32", "{synapse:20}"),
    ],
)
def test_a_letter_that_is_wrong_anywhere_breaks_the_checksum(checksum: str, hole: str) -> None:
    key = fill(hole).encode()
    assert CHECKSUMS[checksum](key)
    for place in range(5, len(key)):
        typo = key[:place] + (b"Q" if key[place : place + 1] not in b"Qq" else b"Z") + key[place + 1 :]
        assert not CHECKSUMS[checksum](typo if hole != "{nsec:32}" else typo.lower())


@pytest.mark.parametrize(("account", "genuine"), [(123456789012, False), (111122223333, False), (270714286841, True)])
def test_a_key_of_an_account_in_manuals_was_never_issued(account: int, genuine: bool) -> None:  # noqa: FBT001 - a parameter of a test
    key = b"AKIA" + b32encode((1 << 47 | account << 7).to_bytes(6) + b"noise"[:4])
    assert CHECKSUMS["aws-account"](key) is genuine


def test_what_is_no_base32_has_no_checksum() -> None:
    assert not CHECKSUMS["crc16-base32"](b"SU1")
    assert not CHECKSUMS["crc16-base32"](b"")
    assert not CHECKSUMS["bech32"](b"")


@pytest.mark.parametrize(
    "join",
    ["\n", "\\n", '\\n" +\n    "', "\r\n# ", '",\n "'],
    ids=["lines", "escaped", "joined", "commented", "a list"],
)
def test_a_key_with_lines_left_out_is_no_key(join: str) -> None:
    noise = shake_128(b"key").digest(1214)
    text = b64encode(b"\x30\x82" + len(noise).to_bytes(2, "big") + noise).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    assert CHECKSUMS["der-length"](join.join(lines).encode())
    assert not CHECKSUMS["der-length"](join.join(lines[:4] + lines[-2:]).encode())


@pytest.mark.parametrize(
    "value",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "sk_live_xxxxxxxxxxxx",
        "your_api_key_123",
        "<your token>",
        "${TOKEN}",
        "$TOKEN",
        "{{ token }}",
        "%(password)s",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "1234567890123456",
        "abcdefghijklmnop",
        "0123456789abcdef",
        "process.env.KEY",
        "deadbeefdeadbeef",
        "CHANGE_ME_PLEASE1",
        "...",
        "qwertyuiop123456",
        "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
        "sk_live_1A2B3C4D5E6F7G8H9I0J1K2L",
        "abcd1234efgh5678ijkl9012",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "123e4567-e89b-12d3-a456-426614174000",
        "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "ENC(q0dXn2Yb7LkP)",
    ],
)
def test_placeholders(value: str) -> None:
    assert is_placeholder(value.encode())


@pytest.mark.parametrize(
    "hole", ["{base62:32}", "{hex:40}", "{base64:43}", "{upper-alnum:24}", "{uuid}", "{base64:1200}"]
)
def test_noise_is_no_placeholder(hole: str) -> None:
    assert not [
        text for text in (fill(hole + str(n))[: -len(str(n))] for n in range(200)) if is_placeholder(text.encode())
    ]


@pytest.mark.parametrize(
    "value",
    [
        b"password",
        b"P@ssw0rd!",
        b"changeme",
        b"********",
        b"hunter2",
        b"we1come!",
        b"4dm1n",
        b"xxxxxxxx",
        b"MyPassw0rd1",
        b"Secr3tPassw00rd",
        b"SomePas2w0rd",
        b"pass%20pass",
        b"U2FsdGVkX1+sealed",
    ],
)
def test_what_everybody_knows_is_no_password(value: bytes) -> None:
    assert dummy_password(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"production-database-credentials", True), (b"AuthenticationManager", True), (b"x9f2kq7Lm", False), (b"", False)],
)
def test_words_are_told_from_noise(value, expected) -> None:
    assert wordlike(value) is expected


def test_noise_is_rarely_wordlike() -> None:
    texts = [fill(f"{{alpha:32}}{n}")[:32].encode() for n in range(500)]
    assert sum(map(wordlike, texts)) == 0


def test_base_16_behind_a_short_prefix_is_rarely_wordlike() -> None:
    texts = [fill(f"key_{{hex:64}}{n}")[:68].encode() for n in range(500)]
    assert sum(map(wordlike, texts)) <= 2


def test_entropy() -> None:
    assert shannon(b"") == 0.0
    assert shannon(b"aaaa") == 0.0
    assert shannon(b"abcd") == 2.0
    assert shannon(bytes(range(256)) * 300) == pytest.approx(8.0)


@given(st.binary(max_size=60))
def test_no_more_than_a_third_is_shown_and_never_more_than_four_at_an_end(value: bytes) -> None:
    text = value.decode("utf-8", "replace")
    head, tail = redacted(value).split("…")[0], redacted(value).rpartition("…")[2]
    assert max(len(head), len(tail)) <= 4
    assert (len(head) + len(tail)) * 3 <= len(text) or "…" in text
    assert redacted(value).isprintable()


@pytest.mark.parametrize(
    ("path", "is_quiet", "is_trial"),
    [
        ("src/app.py", False, False),
        ("package-lock.json", True, False),
        ("web/app.min.js", True, False),
        ("tests/test_a.py", False, True),
        ("docs/a.rst", False, True),
        ("src/contest/latest.py", False, False),
        (".env.example", False, True),
    ],
)
def test_paths(path, is_quiet, is_trial) -> None:
    assert (quiet(path), trial(path)) == (is_quiet, is_trial)


def test_samples_are_the_same_each_time_and_differ_from_hole_to_hole() -> None:
    assert fill("{hex:8} {hex:8}") == fill("{hex:8} {hex:8}")
    one, other = fill("{hex:8} {hex:8}").split()
    assert one != other
    assert fill("{not-a-hole} {}") == "{not-a-hole} {}"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", fill("{uuid}"))


def test_a_right_checksum_outweighs_a_word_that_chance_spelled() -> None:
    body = b"fake" + fill("{base62:26}").encode()
    token = b"ghp_" + body + github_crc32(body)
    assert is_placeholder(token)
    detector = SecretsDetector(rulebook.packaged())
    database = collect([detector]).fallback()
    file = File("a.py", b"TOKEN = '" + token + b"'\n")
    found = [finding.rule for finding in detector.detect(file, database.hits(file.data)[0])]
    assert found == ["github-personal-access-token"]


def test_an_expression_in_braces_stands_for_a_value() -> None:
    assert dummy_password(b"{_noise(18)}")
    assert not dummy_password(b"{7hX+q2!}Rw9")


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        pytest.param(
            "a.py", f'password = "Blue${"Harbor"}(42)%"', "generic-password", id="signs that templates have too"
        ),
        pytest.param("a.py", f'password = "TheRiverside{"!"}33sun"', "generic-password", id="words and a sign"),
        pytest.param("a.py", 'password = "the_riverside_33_sun"', "", id="words of an identifier"),
        pytest.param("a.yml", "password: env(DB_PASSWORD_1)", "", id="a function"),
        pytest.param("a.yml", "password: '%env(DB_PASSWORD_1)%'", "", id="a function between signs"),
        pytest.param("a.php", '$password = "$prefix-4$name"', "", id="variables in a text"),
        pytest.param("a.js", "const passwordRule = '^[a-z0-9]{8,}'", "", id="an expression"),
        pytest.param("a.py", 'password_hash = "$2y$14$wHhBmAgOMZEld9iJtV."', "", id="a hash that is cut"),
        pytest.param("a.py", 'User(password__startswith="bcrypt_sha256$")', "", id="how hashes begin"),
        pytest.param(
            "a.json", r'"a": "{\\\"password\\\": \\\"{base62:12}!7\\\"}"', "generic-password", id="JSON in JSON in JSON"
        ),
        pytest.param("a.yml", "password_encryption: scram-sha-256!", "", id="how passwords are kept"),
        pytest.param("a.py", 'METHODS = ["md5", "password", "scram-sha-256"]', "", id="a list of words"),
        pytest.param("a.json", '"secret": "lzma-sdk-2006-to-9.20"', "", id="words and numbers"),
        pytest.param("a.yaml", "checksum/secret: {hex:64}", "", id="a checksum of a secret"),
        pytest.param("a.js", 'if (password=="a"){b=";a.x(c3("}', "", id="code between two texts"),
    ],
)
def test_what_stands_behind_a_name(path: str, line: str, expected: str) -> None:
    data = fill(line).encode()
    report = scan([File(path, data)], [SecretsDetector(BOOK)], triggers=compiled())
    assert [finding.rule for finding in report.findings] == ([expected] if expected else [])
