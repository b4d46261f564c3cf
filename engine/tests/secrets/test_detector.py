"""Flows through the detector: places, encodings, floods, and what is said of what was not looked at."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaged import BOOK, PAIRS, PLAN, compiled

from vallum_engine.identity import PUBLIC_KEY, fingerprint, secret_hash
from vallum_engine.model.file import File
from vallum_engine.model.finding import Confidence, Finding, Severity
from vallum_engine.model.report import Verdict
from vallum_engine.pipeline import scan
from vallum_engine.secrets import samples
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.formats.choose import reader
from vallum_engine.triggers import HITS_PER_TRIGGER, Database, collect

FALLBACK = PLAN.fallback()
TOKEN = samples.fill("ghp_{github:36}")
OTHER = samples.fill("glpat-{base62:20}")


def findings(
    data: bytes, path: str = "src/shop.ts", database: Database | None = None, key: bytes = PUBLIC_KEY
) -> list[Finding]:
    database = database or compiled()
    detector = SecretsDetector(BOOK, fingerprint_key=key)
    detector.see_with(lambda text: database.hits(text).get(0, ()))
    return list(detector.detect(File(path, data), database.hits(data).get(0, ())))


def places(data: bytes) -> list[tuple[str, int, int]]:
    return sorted((f.rule, p.line, p.end_line) for f in findings(data) for p in f.locations)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
def test_lines_are_counted_to_the_hundred_thousandth(newline: str) -> None:
    lines = ["x = 1"] * 100_000
    for number in (1, 2, 50_000, 100_000):
        lines[number - 1] = f"token = {TOKEN}"
    assert {line for _, line, _ in places(newline.join(lines).encode())} == {1, 2, 50_000, 100_000}


def test_a_private_key_has_a_first_and_a_last_line() -> None:
    text = samples.fill("a\nb\n-----BEGIN RSA PRIVATE KEY-----\n{pem:640}\n-----END RSA PRIVATE KEY-----\nc\n")
    assert places(text.encode()) == [("private-key", 3, 14)]


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert places(b"\xff\xfe\x00"[2:] + b"\xc3\x28\n" + TOKEN.encode() + b"\xe2\x82") == [
        ("github-personal-access-token", 2, 2)
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_byte_order_mark_is_believed(encoding: str) -> None:
    text = f"line one\nline two\n{TOKEN}\n"
    data = b"\xfe\xff" + text.encode(encoding) if encoding == "utf-16-be" else text.encode(encoding)
    assert places(data) == [("github-personal-access-token", 3, 3)]


def test_a_long_line_costs_little_and_loses_nothing() -> None:
    filler = b"function a(b){return b.token?c:d};" * 30_000
    data = filler + b'var t="' + TOKEN.encode() + b'";' + filler
    assert len(data) > 2_000_000
    assert places(data) == [("github-personal-access-token", 1, 1)]


def test_the_same_secret_twice_is_one_finding_with_two_places() -> None:
    found = findings(f"{TOKEN}\n\n{TOKEN}\n".encode())
    assert [[place.line for place in finding.locations] for finding in found] == [[1, 3]]


def test_a_key_is_the_same_however_strings_write_it() -> None:
    key = samples.fill("-----BEGIN PRIVATE KEY-----\n{pem:640}\n-----END PRIVATE KEY-----")
    forms = [
        key,
        "  " + key.replace("\n", "\n  "),
        'KEY="' + key.replace("\n", "\\n") + '"',
        key.replace("\n", "\\r\\n"),
        key.replace("\n", "\\\\n"),
        "'" + key.replace("\n", "\\n' +\n  '") + "'",
        '"' + key.replace("\n", '\\n"\n "') + '"',
        key.replace("\n", " "),
    ]
    met = [findings(form.encode()) for form in forms]
    assert [len(found) for found in met] == [1] * len(forms)
    assert len({found[0].identity for found in met}) == 1
    assert all(found[0].evidence.startswith(met[0][0].evidence[:4]) for found in met)


def test_a_key_in_a_string_is_still_known_by_the_name_it_had() -> None:
    key = samples.fill("-----BEGIN PRIVATE KEY-----\n{pem:640}\n-----END PRIVATE KEY-----").replace("\n", "\\n")
    (found,) = findings(key.encode())
    body = key.encode().removeprefix(b"-----BEGIN PRIVATE KEY-----").removesuffix(b"-----END PRIVATE KEY-----")
    assert fingerprint(("secret/1", "private-key", secret_hash(body, PUBLIC_KEY))) in found.aliases


def test_a_provider_speaks_and_the_generic_rule_is_silent_wherever_the_value_stands() -> None:
    data = f'github_token = "{TOKEN}"\napi_secret = "{TOKEN}"\n'.encode()
    assert [finding.rule for finding in findings(data)] == ["github-personal-access-token"]


def test_a_key_with_its_secret_is_one_graver_finding() -> None:
    alone = findings(samples.fill("id = AKIA{base32:16}\n").encode())
    both = findings(samples.fill("aws_access_key_id = AKIA{base32:16}\naws_secret_access_key = {base64:40}\n").encode())
    assert [(f.rule, f.severity) for f in alone] == [("aws-access-key", Severity.MEDIUM)]
    assert [(f.rule, f.severity) for f in both] == [("aws-access-key", Severity.CRITICAL)]


def test_tests_and_examples_are_trusted_less_where_the_value_says_little() -> None:
    key = samples.fill("-----BEGIN PRIVATE KEY-----\n{pem:640}\n-----END PRIVATE KEY-----").encode()
    assert [f.confidence for f in findings(key, "deploy/key.pem")] == [Confidence.HIGH]
    assert [f.confidence for f in findings(key, "tests/key.pem")] == [Confidence.MEDIUM]
    assert [f.confidence for f in findings(TOKEN.encode(), "tests/a.py")] == [Confidence.HIGH]


def test_lockfiles_hold_hashes_not_secrets() -> None:
    line = samples.fill('"token": "{base62:40}"').encode()
    assert findings(line, "src/a.json")
    assert not findings(line, "package-lock.json")


def test_a_flood_is_cut_off_and_said() -> None:
    line = samples.fill('password = "{password:12}"\n')
    detector = SecretsDetector(BOOK)
    data = "".join(line.replace(" =", f"_{n} =", 1) for n in range(HITS_PER_TRIGGER + 5)).encode()
    report = scan([File("a.py", data)], [detector], triggers=compiled())
    assert [(gap.path, gap.ruleset, gap.verdict) for gap in report.coverage.gaps] == [
        ("a.py", "secrets", Verdict.SKIPPED)
    ]
    assert "generic-password: only the first 10,000 places" in report.coverage.gaps[0].why
    assert report.incomplete


def test_the_fingerprint_needs_the_key_and_the_evidence_gives_nothing_away() -> None:
    (one,), (other,) = findings(TOKEN.encode()), findings(TOKEN.encode(), key=b"another")
    assert one.identity != other.identity
    assert one.identity[0] == "secret/1"
    assert one.evidence.startswith(f"{TOKEN[:4]}…{TOKEN[-4:]}. Confidence high: ")
    short = findings(samples.fill('db_password = "{base62:6}{digits:3}"').encode())[0]
    assert len(short.evidence.partition(". ")[0]) == len("ab") + len("…") + len("z")


def test_the_rules_are_spoken_for() -> None:
    (ruleset,) = SecretsDetector(BOOK).rulesets()
    assert ruleset.name == "secrets"
    assert ruleset.version == f"{len(BOOK.rules)}-{BOOK.digest[:8]}"
    assert ruleset.rules == tuple(sorted(rule.id for rule in BOOK.rules))


FRAGMENTS = st.one_of(
    st.sampled_from([sample for _, found in PAIRS for sample in (*found.leaks, *found.clean)]).map(samples.fill),
    st.sampled_from(
        ["ghp_", "AKIA", "password = ", "token: '", "://a:", "@b.c", "-----BEGIN PRIVATE KEY-----", "key-", "sk-"]
    ),
    st.sampled_from(["\n", " ", '"', "'", "=", "\r\n", "{", ";", "/", "_", "-"]),
    st.text("abcdefABCDEF0123456789", max_size=40),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(FRAGMENTS, max_size=12))
def test_vectorscan_and_re_find_the_same(fragments: list[str]) -> None:
    data = "".join(fragments).encode()
    for path in ("src/shop.ts", "deploy/.env"):
        assert findings(data, path) == findings(data, path, FALLBACK)


@settings(max_examples=100, deadline=None)
@given(st.lists(FRAGMENTS, max_size=6))
def test_no_value_leaves_the_detector(fragments: list[str]) -> None:
    data = "".join(fragments).encode()
    hits = compiled().hits(data).get(0, ())
    detector = SecretsDetector(BOOK)
    detector.see_with(lambda text: compiled().hits(text).get(0, ()))
    values = [match.value.decode() for match in detector._matches(data, hits, "src/shop.ts")]
    said = "".join(repr(finding) + repr(finding.identity) for finding in findings(data))
    assert not [value for value in values if value in said]


def test_what_is_printed_of_a_match_or_a_setting_holds_no_value() -> None:
    data = f"T={TOKEN}\n".encode()
    (match,) = SecretsDetector(BOOK)._matches(data, compiled().hits(data)[0], "a.env")
    (setting,) = reader("lines")(data)
    assert match.value == setting.value == TOKEN.encode()
    assert TOKEN not in repr(match) + repr(setting)


def test_the_reason_of_a_mark_holds_no_secret_that_stands_behind_it() -> None:
    data = f'x = 1  # vallum:ignore an old one: TOKEN = "{TOKEN}"\n'.encode()
    detector = SecretsDetector(BOOK)
    report = scan([File("a.py", data)], [detector], triggers=collect([detector]).fallback())
    (hidden,) = report.suppressed
    assert hidden.reason == "an old …"
    assert TOKEN not in repr(report)
