"""Every report format against its own examples, against the large set of ../shared, and against damage.

An example folder is named after its format and holds `none.*`, `one.*` and `many.*` (zero, one, several findings), and
`samples.toml`: which folders of ../shared it reads, and where our count differs on purpose, and why.
"""

import contextlib
import io
import json
import os
import tomllib
from pathlib import Path

import pytest

from vallum_engine.errors import EngineError
from vallum_engine.parsers.catalogue import all_formats
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.read import parse
from vallum_engine.wire import dump, read

HERE = Path(__file__).parent
EXAMPLES = HERE / "examples"
DATA = Path(os.environ.get("VALLUM_TEST_DATA") or HERE.parents[3] / "shared/data") / "reports"
FORMATS = sorted(all_formats())
EMPTY = {b"", b"[]", b"{}", b"null", b'{"findings":[]}'}
VALUE = b"not-a-real-key"
"""Begins each secret's value in the examples."""
DIFFERENCES = 400
"""Places of an example that are damaged, at most: spread over it."""


def example(name, kind):
    (file,) = (EXAMPLES / name).glob(f"{kind}.*")
    return file


def samples():
    """Each sample of ../shared that a format says it reads, with its entry of the index and what we say of it."""
    if not DATA.is_dir():
        return
    index = json.loads((DATA / "index.json").read_text())["files"]
    for name in FORMATS:
        said = tomllib.loads((EXAMPLES / name / "samples.toml").read_text())
        for entry in index:
            if entry["tool"] in said["reads"] and entry["file"] not in said.get("elsewhere", {}):
                yield pytest.param(name, entry, said.get("differs", {}).get(entry["file"]), id=entry["file"])


def parsed(file, name):
    """As a person would: an empty list or object is of no tool in particular, so its format has to be named."""
    data = file.read_bytes()
    return parse(data, name=file.name, format_id=name if b"".join(data.split()) in EMPTY else "")


def sightings(report):
    return report.stats.records - report.stats.passed - report.stats.rejected


def balanced(report):
    """Imported + listed as rejected = input."""
    stats = report.stats
    taken = len(report.findings) + len(report.suppressed) + stats.merged + stats.passed
    listed = [problem for problem in report.errors if problem.path]
    return stats.records == taken + stats.rejected and len(listed) == stats.rejected


@pytest.mark.parametrize("name", FORMATS)
def test_examples_are_recognised_and_read(name):
    counts = {}
    for kind in ("none", "one", "many"):
        file = example(name, kind)
        report = parsed(file, name)
        assert report.target["report"] == name
        assert balanced(report)
        assert [f.fingerprint for f in read(io.BytesIO(dump(report))).findings] == [
            f.fingerprint for f in report.findings
        ]
        counts[kind] = len(report.findings)
    assert (counts["none"], counts["one"]) == (0, 1)
    assert counts["many"] > 1


@pytest.mark.parametrize(("name", "entry", "differs"), list(samples()))
def test_a_sample_gives_as_many_findings_as_it_holds(name, entry, differs):
    report = parsed(DATA / entry["file"], name)
    assert report.target["report"] == name
    assert balanced(report)
    if differs:
        assert differs["why"]
        assert sightings(report) == differs["findings"]
        return
    raw = entry["raw_records"]
    allowed = {entry["expected"], raw if isinstance(raw, int) else sum(raw.values()) if raw else None} - {None}
    assert not allowed or sightings(report) in allowed, [problem.what for problem in report.errors]


def damaged(value, budget):
    """The value with one part at a time replaced by what does not belong there; `budget` evens out large examples."""
    places = list(walked(value))
    step = max(1, len(places) // budget)
    for holder, key in places[::step]:
        kept = holder[key]
        for wrong in (None, [], {}, "x", -1, [None], {"x": []}):
            holder[key] = wrong
            yield json.dumps(value).encode()
        holder[key] = kept


def walked(value):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in list(items):
        yield value, key
        yield from walked(below)


def broken_versions(data):
    """Truncated, with bytes turned, and where it is JSON with each of its values replaced."""
    for part in range(1, 40):
        yield data[: len(data) * part // 40]
    for at in range(0, len(data), max(1, len(data) // 60)):
        yield data[:at] + bytes([data[at] ^ 0x15]) + data[at + 1 :]
    try:
        value = json.loads(data)
    except ValueError:
        return
    yield from damaged(value, DIFFERENCES // 7)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_damage_ends_in_a_clear_error_or_a_full_account(name):
    recognises = all_formats()[name].recognises
    for data in broken_versions(example(name, "many").read_bytes()):
        with contextlib.suppress(EngineError):
            assert recognises(Document(data)) in {True, False}
        with contextlib.suppress(EngineError):
            assert balanced(parse(data, format_id=name))


@pytest.mark.parametrize("name", FORMATS)
def test_no_parser_fails_on_whatever_it_is_shown(name):
    """Recognising is asked of every parser about every file, and raises nothing: what it is given may be anything."""
    for data in (
        b"",
        b"{}",
        b"[]",
        b"[{}]",
        b"null",
        b"<a/>",
        b"a,b\n1,2\n",
        b"\xff\xfe\x00",
        b"a: [1]\n",
        b"PK\r\x00,\r\n",
        b'{"runs": {}}',
    ):
        with contextlib.suppress(EngineError):
            assert balanced(parse(data, format_id=name))


@pytest.mark.parametrize("name", [name for name in FORMATS if VALUE in example(name, "many").read_bytes()])
def test_the_value_of_a_secret_goes_no_further(name):
    report = parsed(example(name, "many"), name)
    assert VALUE.decode() not in repr((report.findings, report.suppressed, report.errors))


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_something_else_is_no_report_of_nothing_found(name):
    """Its silence would end all that is known."""
    for data in (b'{"jobs": [{"steps": ["make"]}]}', b"<jobs><job name='make'/></jobs>", b"jobs,steps\n1,2\n"):
        try:
            report = parse(data, format_id=name)
        except EngineError:
            continue
        assert report.stats.rejected
        assert not report.coverage.complete


def test_every_format_describes_itself():
    for name, format_ in all_formats().items():
        assert (format_.title, format_.docs.startswith("https://")) != ("", False), name
        assert {file.name.partition(".")[0] for file in (EXAMPLES / name).iterdir()} == {
            "none",
            "one",
            "many",
            "samples",
        }
