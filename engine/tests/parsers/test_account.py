"""Every format against every limit: what is over one is refused as a whole with a reason, and nothing else goes missing."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from vallum_engine.errors import EngineError
from vallum_engine.parsers import document, html, read
from vallum_engine.parsers.catalogue import all_formats
from vallum_engine.parsers.errors import BrokenReport
from vallum_engine.parsers.read import parse

EXAMPLES = Path(__file__).parent / "examples"
FORMATS = sorted(all_formats())
LINES = {"bundler-audit", "lynis", "yara"}
"""Formats of plain lines, for which there is no limit but bytes and records."""


def example(name):
    (file,) = (EXAMPLES / name).glob("many.*")
    return file.read_bytes()


JSON = [name for name in FORMATS if example(name).lstrip()[:1] in {b"{", b"["}]
XML = [name for name in FORMATS if example(name).lstrip()[:1] == b"<" and b"<html" not in example(name)[:500].lower()]


def balanced(report):
    """Imported + listed as rejected = input."""
    stats = report.stats
    taken = len(report.findings) + len(report.suppressed) + stats.merged + stats.passed
    listed = [problem for problem in report.errors if problem.path]
    return stats.records == taken + stats.rejected and len(listed) == stats.rejected


def refusal(data, name):
    """Why it is refused as a whole; empty where it is taken, and each of its records is accounted for."""
    try:
        assert balanced(parse(data, format_id=name))
    except EngineError as error:
        return str(error)
    return ""


def lists(value):
    if isinstance(value, list):
        yield value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from lists(below)


def count(value, name):
    """How many records there are; None when it is refused."""
    try:
        return parse(json.dumps(value).encode(), format_id=name).stats.records
    except EngineError:
        return None


def replaced(value, name):
    """The report with each of its records, or what holds some, replaced by what is none; one at a time."""
    whole = count(value, name)
    for items in list(lists(value)):
        for index, kept in enumerate(list(items)):
            del items[index]
            less = count(value, name)
            items.insert(index, kept)
            if isinstance(kept, dict) and less is not None and whole is not None and less < whole:
                for wrong in ("x", None, 7, []):
                    items[index] = wrong
                    yield json.dumps(value).encode()
                items[index] = kept


@pytest.mark.parametrize("name", [name for name in JSON if name not in LINES])
def test_a_record_that_is_none_any_more_is_listed(name):
    """What the parser counts is not taken for granted: here it is known from outside that there was one more."""
    try:
        value = json.loads(example(name))
    except ValueError:
        value = [json.loads(line) for line in example(name).splitlines() if line.strip()]
    for data in replaced(value, name):
        try:
            report = parse(data, format_id=name)
        except EngineError:
            continue
        assert report.stats.rejected
        assert balanced(report)
        assert not report.coverage.complete


@pytest.mark.parametrize("name", FORMATS)
def test_more_records_than_are_taken_are_refused_as_a_whole(name, monkeypatch):
    data = example(name)
    monkeypatch.setattr(read, "MOST_RECORDS", parse(data, format_id=name).stats.records - 1)
    with pytest.raises(BrokenReport, match="Split it"):
        parse(data, format_id=name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_that_is_too_large_is_refused_as_a_whole(name, monkeypatch):
    data = example(name)
    monkeypatch.setattr(document, "MOST_BYTES", len(data) - 1)
    with pytest.raises(BrokenReport, match="are read"):
        parse(data, format_id=name)


@pytest.mark.parametrize("name", FORMATS)
def test_more_values_than_are_taken_are_refused_as_a_whole(name, monkeypatch):
    whole = parse(example(name), format_id=name)
    for module, limit in ((document, "MOST_VALUES"), (document, "MOST_ELEMENTS"), (html, "MOST_ELEMENTS")):
        monkeypatch.setattr(module, limit, 2)
    if name in LINES:
        assert parse(example(name), format_id=name) == whole
        return
    with pytest.raises(BrokenReport, match=r"more than 2|too many"):
        parse(example(name), format_id=name)


@pytest.mark.parametrize("name", FORMATS)
def test_text_longer_than_is_kept_costs_no_record(name, monkeypatch):
    whole = parse(example(name), format_id=name)
    for limit in ("MOST_TEXT", "MOST_LISTED", "MOST_LISTED_TEXT", "_TITLE"):
        monkeypatch.setattr(read, limit, 5)
    cut = parse(example(name), format_id=name)
    assert balanced(cut)
    assert cut.stats.records == whole.stats.records
    assert [finding.fingerprint for finding in cut.findings] == [finding.fingerprint for finding in whole.findings]


def zipped(**members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


DEEP = 100_000
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
LINKS = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10) if n else 'ha'}]" for n in range(200))
HOSTILE = {
    "deep objects": b'{"a":' * DEEP,
    "deep objects, closed": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep elements": b"<a>" * DEEP,
    "deep page": b"<!doctype html>" + b"<div>" * DEEP,
    "deep flow": b"a: " + b"[" * 5_000,
    "laughs": f"<!DOCTYPE a [{LAUGHS}]><a>&l11;</a>".encode(),
    "another file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "aliases": LINKS.encode(),
    "a bomb": zipped(bomb=b"0" * (40 << 20)),
    "many members": zipped(**{f"n{number}": b"" for number in range(document.MOST_MEMBERS + 1)}),
    "a cut archive": zipped(a=b"x" * 5_000)[:-30],
    "a long number": b'{"a":' + b"9" * 100_000 + b"}",
}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_hostile_is_refused_by_every_format(name):
    for what, data in HOSTILE.items():
        if not refusal(data, name):
            # Lines of anything may be a report of lines: none of them proves that all is well.
            report = parse(data, format_id=name)
            assert report.stats.rejected, what
            assert not report.coverage.complete, what


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_hostile_is_recognised_as_nothing(what):
    with pytest.raises(EngineError):
        parse(HOSTILE[what])


@pytest.mark.parametrize("name", XML)
def test_a_report_with_entities_of_its_own_is_refused(name):
    data = example(name).decode()
    body = data.partition("?>")[2] if data.lstrip().startswith("<?xml") else data
    for hostile in (LAUGHS, '<!ENTITY x SYSTEM "file:///etc/passwd">'):
        with pytest.raises(BrokenReport, match="entities"):
            parse(f"<!DOCTYPE a [{hostile}]>{body.partition('<!DOCTYPE')[0]}".encode(), format_id=name)


@pytest.mark.parametrize("name", JSON)
def test_what_is_nested_deeply_inside_of_a_report_ends_in_words_or_a_full_account(name):
    deep = "[" * 700 + "]" * 700
    for part in example(name).split(b'": "')[1:40]:
        old = b'": "' + part.partition(b'"')[0] + b'"'
        refusal(example(name).replace(old, f'": {deep}'.encode(), 1), name)
