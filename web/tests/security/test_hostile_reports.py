"""Reports that lie about their sizes: refused with a sentence, or digested; never a broken job, never half of it."""

import io
import json
import time

import making
import pytest
import zstandard

from vallum_engine import wire
from vallum_engine.errors import BrokenWire
from vallum_engine.model.report import Coverage, Report, RuleSet
from vallum_web.findings.models import Finding
from vallum_web.ingest import admission, queries, services
from vallum_web.scans import services as scans
from vallum_web.scans.models import Coverage as Line
from vallum_web.scans.models import Scan
from vallum_web.tenancy.scope import scope

HEAD = {"wire": 1, "complete": True}
RULESET = {"ruleset": {"name": "secrets", "version": "1", "rules": None}}
FINDING = {
    "kind": "secret",
    "ruleset": "secrets",
    "rule": "r",
    "title": "t",
    "severity": "high",
    "confidence": "high",
    "message": "m",
    "locations": [{"path": "a", "line": 1}],
    "fingerprint": "secret/1:00",
}
PACKAGE = {"purl": "p", "ecosystem": "e", "name": "n", "version": "1"}
EXCLUSION = {"path": "p", "ruleset": "", "verdict": "failed", "why": "w", "covered": False}
# PostgreSQL's text holds no NUL and no half of a character.
ODD = "\x00 \ud800"


def report(*lines, head=None, **finding):
    whole = [{**HEAD, **(head or {})}, RULESET, *lines, {"finding": {**FINDING, **finding}}]
    return packed(*whole, {"end": len(whole) - 1})


def packed(*lines):
    return zstandard.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


@pytest.fixture
def digested(people):
    """Send these bytes the way the worker meets them; give the upload and its scan as they are in the end."""

    def send(data):
        sent = services.accept(people.org.pk, people.alice.pk, asset_name="shop", chunks=[data])
        scans.begin(people.org.pk, sent.scan_id)
        with scope(people.org.pk):
            kept = queries.upload(people.org.pk, sent.pk)
        services.digest(kept)
        with scope(people.org.pk):
            return queries.upload(people.org.pk, sent.pk), Scan.objects.get(pk=sent.scan_id)

    return send


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(report(locations=[{"path": "a", "line": 2**40}]), "line number", id="a line beyond the column"),
        pytest.param(report(locations=[{"path": "a", "line": 10**400}]), "line number", id="a line of 400 digits"),
        pytest.param(report(locations=[{"path": "a", "line": -5}]), "line number", id="a line before the first"),
        pytest.param(report(locations=[{"path": "a", "line": 1, "end_line": 2**31}]), "line number", id="its end"),
        pytest.param(report(locations=[{"path": "x" * 10**6, "line": 1}]), "a path", id="a path of a megabyte"),
        pytest.param(report(fingerprint="x" * 10_000), "fingerprint", id="a fingerprint of ten kilobytes"),
        pytest.param(report(fingerprint=ODD), "fingerprint", id="an odd fingerprint"),
        pytest.param(report(fingerprint=""), "fingerprint", id="no fingerprint"),
        pytest.param(report(rule="r" * 1000), "the rule of", id="a rule of a kilobyte"),
        pytest.param(report(rule=ODD), "the rule of", id="an odd rule"),
        pytest.param(report(ruleset="r" * 1000), "the rule set of", id="a rule set of a kilobyte"),
        pytest.param(report(title="t" * 10**6), "the title", id="a title of a megabyte"),
        pytest.param(report(message="t" * 10**6), "the message", id="a message of a megabyte"),
        pytest.param(report(evidence=ODD), "no Unicode", id="odd evidence"),
        pytest.param(report(package={**PACKAGE, "name": "n" * 10**6}), "package", id="a package of a megabyte"),
        pytest.param(report(references=["r" * 10**6]), "beside its message", id="a reference of a megabyte"),
        pytest.param(report(severity="dreadful"), "malformed", id="a severity of its own"),
        pytest.param(report(kind="\x00"), "malformed", id="a kind of its own"),
        pytest.param(report({"ruleset": {"name": "n" * 99, "version": "1", "rules": None}}), "name", id="rule set"),
        pytest.param(report({"ruleset": {"name": "n", "version": ODD, "rules": None}}), "version", id="its version"),
        pytest.param(report({"ruleset": {"name": "n", "version": "1", "rules": [ODD]}}), "a rule of", id="its rules"),
        pytest.param(
            report(*({"ruleset": {"name": f"n{n}", "version": "1", "rules": None}} for n in range(600))),
            "more than 500 rule sets",
            id="six hundred rule sets",
        ),
        pytest.param(report({"exclusion": {**EXCLUSION, "ruleset": ODD}}), "exclusion", id="an odd exclusion"),
        pytest.param(report({"exclusion": {**EXCLUSION, "path": "p" * 10**6}}), "exclusion", id="a long exclusion"),
        pytest.param(report(head={"engine": "e" * 99}), "engine", id="an engine's version of a hundred letters"),
        pytest.param(report(head={"engine": ODD}), "engine", id="an odd engine"),
        pytest.param(report(head={"stats": {"files": 10**300}}), "files", id="files beyond number"),
        pytest.param(report(head={"stats": {"bytes": -1}}), "bytes", id="less than no bytes"),
        pytest.param(packed({**HEAD, "wire": ODD}), "version", id="a version that is odd"),
        pytest.param(packed({**HEAD, "wire": "9" * 10**6}), "version", id="a version of a megabyte"),
        pytest.param(
            zstandard.compress(b'{"wire":1,"complete":true,"stats":{"seconds":1e999}}\n{"end":0}\n'),
            "seconds",
            id="seconds without end",
        ),
        pytest.param(
            zstandard.compress(json.dumps(HEAD).encode() + b'\n{"paths":[' + b'"",' * (1 << 20) + b'""]}\n'),
            "cut off",
            id="a million empty paths and no end",
        ),
    ],
)
def test_what_the_record_cannot_hold_is_refused_whole(data, why, digested):
    upload, scan = digested(data)
    assert (upload.status, scan.status) == ("refused", "failed")
    assert why in upload.problem
    assert len(upload.problem) <= services.MOST_PROBLEM * 6
    assert upload.problem in scan.failure
    with scope(scan.org_id):
        assert not Finding.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(report(title=ODD, message=ODD, locations=[{"path": ODD, "line": 0}]), id="in its texts"),
        pytest.param(report(evidence="\x00 \\u0000", references=["\x00"]), id="in what is beside them"),
        pytest.param(report(head={"target": {"branch": ODD, "commit": ODD}}), id="in the branch"),
        pytest.param(report({"paths": [ODD, ""]}), id="in the paths"),
        pytest.param(report({"error": {"path": ODD, "what": ODD, "todo": ODD * 9999}}), id="in a problem"),
        pytest.param(report({"exclusion": {**EXCLUSION, "path": ODD, "why": ODD}}), id="in an exclusion"),
    ],
)
def test_odd_letters_in_texts_are_shown_and_no_reason_to_fail(data, digested):
    upload, scan = digested(data)
    assert (upload.status, upload.problem) == ("digested", "")
    assert scan.status in {"done", "incomplete"}
    with scope(scan.org_id):
        assert Finding.objects.count() == 1


@pytest.mark.asvs("2.2.3", "16.5.3")
def test_a_bad_value_behind_good_ones_leaves_the_record_as_it_was(digested):
    digested(report())
    lines = [{"finding": {**FINDING, "fingerprint": f"secret/1:{n}"}} for n in range(50)]
    upload, scan = digested(report(*lines, fingerprint="x" * 100))
    assert upload.status == "refused"
    with scope(scan.org_id):
        assert Finding.objects.get().status == "open"


def test_a_thousand_reasons_are_a_few_lines(digested):
    lines = ({"exclusion": {**EXCLUSION, "why": f"w{n}", "covered": True}} for n in range(1000))
    _, scan = digested(report(*lines))
    with scope(scan.org_id):
        kept = Line.objects.filter(scan=scan, covered=True, verdict="skipped")
        assert kept.count() == scans.MAX_REASONS + 1
        assert sum(line.count for line in kept) == 1000


@pytest.mark.asvs("15.2.2")
def test_more_values_than_memory_likes_are_refused_soon():
    data = zstandard.compress(json.dumps(HEAD).encode() + b"\n" + (b'{"paths":[' + b'"a",' * 500_000 + b'"a"]}\n') * 60)
    assert len(data) < 100_000
    started = time.monotonic()
    with pytest.raises(BrokenWire, match="more than 12,000,000 values"):
        wire.read(io.BytesIO(data), admission.READING)
    assert time.monotonic() - started < 10


def test_what_our_own_scanner_says_is_admitted():
    coverage = Coverage(rulesets=(RuleSet(name="secrets", version="250-0123abcd", rules=("a",)),), paths=("a",))
    admission.admit(making.report(making.secret(), coverage=coverage))
    admission.admit(Report())
