"""The wire: what goes in comes out; anything else is refused with a sentence."""

import contextlib
import io
import json
import random
import time
from dataclasses import replace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum_engine import VERSION, wire
from vallum_engine.errors import BrokenWire, UnknownWireVersion
from vallum_engine.model.finding import (
    AdvisoryRef,
    Confidence,
    Finding,
    Kind,
    Location,
    PackageRef,
    Remediation,
    Severity,
)
from vallum_engine.model.known import Known
from vallum_engine.model.package import Package
from vallum_engine.model.report import Coverage, Exclusion, Problem, Report, RuleSet, Stats, Verdict
from vallum_engine.model.statement import Statement
from vallum_engine.model.verification import Liveness, Verification
from vallum_engine.wire import Limits

TEXT = st.text(max_size=12)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
SAID = st.none() | st.booleans()
COUNT = st.integers(0, 2**40)
LOCATIONS = st.builds(Location, path=TEXT, line=st.integers(1, 10**6), end_line=st.integers(1, 10**6))
FINDINGS = st.builds(
    Finding,
    kind=st.sampled_from(Kind),
    ruleset=TEXT,
    rule=TEXT,
    title=TEXT,
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    message=TEXT,
    locations=st.lists(LOCATIONS, min_size=1, max_size=3).map(tuple),
    identity=st.just(()),
    fingerprint=TEXT,
    evidence=TEXT,
    package=st.none()
    | st.builds(
        PackageRef, purl=TEXT, ecosystem=TEXT, name=TEXT, version=TEXT, direct=SAID, dev=SAID, path=TEXTS, cut=COUNT
    ),
    advisories=st.lists(
        st.builds(AdvisoryRef, id=TEXT, aliases=TEXTS, url=TEXT, summary=TEXT, cvss=TEXT, fixed=TEXTS), max_size=2
    ).map(tuple),
    verification=st.none() | st.builds(Verification, result=st.sampled_from(Liveness), host=TEXT, reason=TEXT, at=TEXT),
    remediation=st.none()
    | st.builds(Remediation, steps=TEXTS, upgrade_to=TEXT, revoke=st.sampled_from(("", "https://a.test/b"))),
    references=TEXTS,
    statement=st.none() | st.builds(Statement, status=TEXT, justification=TEXT, words=TEXT, at=TEXT),
    lapsed=TEXT,
)
REPORTS = st.builds(
    Report,
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
    suppressed=st.lists(FINDINGS, max_size=2).map(tuple),
    coverage=st.builds(
        Coverage,
        rulesets=st.lists(st.builds(RuleSet, name=TEXT, version=TEXT, rules=st.none() | TEXTS), max_size=2).map(tuple),
        complete=st.booleans(),
        exclusions=st.lists(
            st.builds(Exclusion, path=TEXT, ruleset=TEXT, verdict=st.sampled_from(Verdict), why=TEXT, covered=st.booleans()),
            max_size=2,
        ).map(tuple),
        paths=TEXTS,
    ),
    errors=st.lists(st.builds(Problem, path=TEXT, what=TEXT, todo=TEXT), max_size=2).map(tuple),
    stats=st.builds(Stats, files=COUNT, bytes=COUNT, skipped=COUNT, packages=COUNT, suppressed=COUNT, seconds=st.just(1.25)),
    packages=st.lists(
        st.builds(
            Package, ecosystem=TEXT, name=TEXT, version=TEXT, location=LOCATIONS,
            direct=st.none() | st.booleans(), groups=TEXTS, commit=TEXT,
        ),
        max_size=2,
    ).map(tuple),
    target=st.dictionaries(TEXT, TEXT, max_size=3),
    advisories=st.none() | st.builds(
        Known, as_of=TEXT, days=st.none() | st.integers(0, 10**6), starter=st.booleans(),
        feeds=st.dictionaries(TEXT, TEXT, max_size=2),
    ),
    engine=st.just(VERSION),
)  # fmt: skip


def packed(*lines):
    body = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    return zstandard.compress(body)


def read(data, **limits):
    return wire.read(io.BytesIO(data), Limits(**limits))


HEAD = {"wire": 1, "complete": True}
ONE = Finding(
    kind=Kind.SECRET,
    ruleset="secrets",
    rule="r",
    title="t",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    message="m",
    locations=(Location(path="a"),),
    identity=(),
    fingerprint="secret/1:00",
)
WHOLE = wire.dump(Report(findings=(ONE,) * 30, coverage=Coverage(paths=tuple(f"p{n}" for n in range(1200)))))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(REPORTS)
def test_what_goes_in_comes_out(report):
    assert read(wire.dump(report)) == report


def test_equal_reports_give_equal_bytes():
    report = Report(findings=(ONE,), target={"name": "n"})
    assert wire.dump(report) == wire.dump(report)


@pytest.mark.parametrize("end", range(0, len(WHOLE), 50))
def test_a_report_cut_off_anywhere_is_refused(end):
    with pytest.raises(BrokenWire):
        read(WHOLE[:end])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_read_or_refused(place, change):
    data = bytearray(WHOLE)
    data[place] ^= change
    try:
        read(bytes(data))
    except (BrokenWire, UnknownWireVersion):
        return


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    with pytest.raises(BrokenWire):
        read(data)


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, [1], {"a": 1}], ids=repr)
def test_an_unknown_version_is_told_from_damage(version):
    with pytest.raises(UnknownWireVersion, match="expected 1"):
        read(packed({"wire": version, "news": "unreadable"}, b"not even JSON"))


def test_fields_and_lines_of_later_days_are_ignored():
    finding = {**wire.plain.from_finding(ONE), "mood": "new"}
    report = read(packed({**HEAD, "news": 1}, {"telemetry": [1]}, {"finding": finding, "also": 2}, {"end": 2}))
    assert report.findings == (ONE,)


MALFORMED = [
    pytest.param([b""], "no wire version|cut off|not JSON", id="empty"),
    pytest.param([{"hello": 1}], "no wire version", id="some other NDJSON"),
    pytest.param([b"[1]"], "not an object", id="an array"),
    pytest.param([HEAD], "cut off", id="no end"),
    pytest.param([HEAD, {"end": 1}], "cut off", id="a line is missing"),
    pytest.param([HEAD, {"paths": ["a"]}, {"end": 0}], "cut off", id="a line too many"),
    pytest.param([HEAD, {"end": 0}, {"paths": []}], "after its end", id="lines after the end"),
    pytest.param([HEAD, {"end": True}, {"end": 0}], "after its end", id="two ends"),
    pytest.param([HEAD, {"finding": {}}, {"end": 1}], "malformed", id="an empty finding"),
    pytest.param([HEAD, {"finding": 7}, {"end": 1}], "malformed", id="a finding that is a number"),
    pytest.param([HEAD, {"paths": 7}, {"end": 1}], "malformed", id="paths that are a number"),
    pytest.param([HEAD, {"error": None}, {"end": 1}], "malformed", id="null"),
    pytest.param([{"wire": 1}, {"end": 0}], "malformed", id="a head without its fields"),
    pytest.param([{**HEAD, "stats": 5}, {"end": 0}], "malformed", id="figures that are a number"),
    pytest.param([{**HEAD, "target": [1]}, {"end": 0}], "malformed", id="a target that is a list"),
    pytest.param([HEAD, b'{"x":' + b"9" * 5000 + b"}", {"end": 1}], "not JSON", id="a number of 5,000 digits"),
    pytest.param([HEAD, b'{"x":' + b"[" * 200_000 + b"}", {"end": 1}], "not JSON", id="deep nesting"),
    pytest.param([HEAD, b'{"x":' + b'{"x":' * 100_000, {"end": 1}], "not JSON", id="deep objects"),
    pytest.param([HEAD, b'{"x":NaN}', {"end": 1}], "not JSON|malformed", id="NaN"),
    pytest.param(
        [b'{"wire":1,"complete":true,"stats":{"files":1e999}}', {"end": 0}], "malformed|not JSON", id="infinity"
    ),
    pytest.param([HEAD, {"further": [{"path": "a"}]}, {"end": 1}], "no finding", id="places of no finding"),
    pytest.param([HEAD, b"\xff\xfe", {"end": 1}], "not JSON", id="not UTF-8"),
]


@pytest.mark.parametrize(("lines", "why"), MALFORMED)
def test_malformed_reports_are_refused_with_a_reason(lines, why):
    with pytest.raises(BrokenWire, match=why):
        read(packed(*lines))


@pytest.mark.slow
def test_one_finding_may_have_more_places_than_fit_a_line():
    places = tuple(Location(path=f"{'long/' * 20}{n:06}.py", line=n, end_line=n) for n in range(60_000))
    report = Report(findings=(ONE, replace(ONE, locations=places), ONE), suppressed=(replace(ONE, locations=places),))
    assert read(wire.dump(replace(report, engine=VERSION))) == replace(report, engine=VERSION)


@pytest.mark.parametrize("letter", ["a", "\U0001f4a5", "\ud800"])
def test_no_path_is_too_long_in_company(letter):
    paths = tuple(f"{n:03}{letter * 4090}" for n in range(700))
    report = Report(coverage=Coverage(paths=paths), findings=(replace(ONE, locations=tuple(map(at, paths))),))
    assert read(wire.dump(report)).coverage.paths == paths


def at(path):
    return Location(path=path)


@pytest.mark.slow
def test_further_places_are_read_in_linear_time():
    further = [{"further": [{"path": "a", "line": n}]} for n in range(50_000)]
    data = packed(HEAD, {"finding": wire.plain.from_finding(ONE)}, *further, {"end": 50_001})
    started = time.process_time()
    assert len(read(data).findings[0].locations) == 50_001
    assert time.process_time() - started < 5


def test_a_report_a_thousand_times_broken_is_always_read_or_refused():
    text = zstandard.decompress(WHOLE, max_output_size=1 << 20)
    chance = random.Random(7)
    pieces = [
        b"null",
        b"-1",
        b"1e999",
        b"[]",
        b"{}",
        b'"\\ud800"',
        b"[" * 500,
        b"9" * 4400,
        b"true",
        b"\n",
        b'"',
        b"\x00",
    ]
    for _ in range(1000):
        start, end = sorted(chance.randrange(len(text)) for _ in range(2))
        cut = text[:start] + chance.choice(pieces) + text[min(end, start + chance.choice((0, 1, 5, 400))) :]
        with contextlib.suppress(BrokenWire, UnknownWireVersion):
            read(zstandard.compress(cut))


def test_only_https_addresses_say_where_to_revoke():
    for address, kept in (("https://a.test/keys", True), ("http://a.test/keys", False), ("javascript:1", False)):
        written = wire.dump(Report(findings=(replace(ONE, remediation=Remediation(steps=("x",), revoke=address)),)))
        (found,) = read(written).findings
        assert found.remediation.revoke == (address if kept else "")


def test_strings_that_no_utf8_holds_survive():
    report = Report(errors=(Problem(path="\ud800", what="w"),), engine=VERSION)
    assert read(wire.dump(report)) == report


class TestLimits:
    @pytest.mark.slow
    def test_a_bomb_is_refused_before_it_unpacks(self):
        data = zstandard.compress(b'{"wire":1,"complete":true}\n' + b"\n" * (1 << 28))
        assert len(data) < 100_000
        started = time.process_time()
        with pytest.raises(BrokenWire, match="larger than allowed"):
            read(data, decompressed=10 << 20)
        assert time.process_time() - started < 0.5

    def test_one_endless_line_is_refused(self):
        data = zstandard.compress(b'{"wire":1,"x":"' + b"a" * (1 << 28))
        started = time.process_time()
        with pytest.raises(BrokenWire, match="longer than"):
            read(data)
        assert time.process_time() - started < 1

    def test_the_packed_size_counts(self):
        with pytest.raises(BrokenWire, match="larger than allowed"):
            read(WHOLE, compressed=100)

    def test_the_number_of_lines_counts(self):
        with pytest.raises(BrokenWire, match="more than 10 lines"):
            read(WHOLE, lines=10)

    def test_the_number_of_values_counts(self):
        with pytest.raises(BrokenWire, match="more than 100 values"):
            read(WHOLE, values=100)

    def test_a_window_of_gigabytes_is_not_allocated(self):
        parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=False)
        compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        with pytest.raises(BrokenWire, match="damaged"):
            read(compressor.compress(b"{}\n") + compressor.flush())
