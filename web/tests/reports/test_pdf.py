"""The report on paper: whole, titled, linked, and not broken by anything that a finding may hold."""

import re
import time
import zlib
from base64 import a85decode
from datetime import UTC, datetime
from uuid import UUID

import pytest

from vallum_web.findings.files.row import About, Row
from vallum_web.findings.files.selection import Summary
from vallum_web.findings.models import Finding
from vallum_web.reports import queries
from vallum_web.reports.formats import pdf

NOW = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
ABOUT = About(
    id=UUID(int=1),
    org="Acme & <Söhne>",
    at=NOW,
    query="",
    words="open findings",
    url="https://vallum.example/acme/findings/",
)
SUMMARY = Summary(
    total=1,
    severities={"critical": 0, "high": 1, "medium": 0, "low": 0, "info": 0},
    assets=[("shop", 1)],
    more_assets=3,
)
HOSTILE = [
    pytest.param("<script>alert(1)</script> & </para>", id="markup"),
    pytest.param("<link href='javascript:alert(1)'>here</link>", id="a link of its own"),
    pytest.param("x" * 100_000, id="a word without an end"),
    pytest.param("中" * 5_000, id="a text of such letters alone"),
    pytest.param("中文 \U0001f4a9 \u202eevil", id="letters that the font has not"),
    pytest.param("\x00\x07\r\n\t\x1b[31m", id="control characters"),
    pytest.param("\ud800", id="half a letter"),
    pytest.param("(\\) Tj ET endstream endobj %%EOF", id="the format's own words"),
    pytest.param("\n" * 5_000, id="lines without an end"),
    pytest.param("", id="nothing"),
]


def row(text="Token", number=1):
    finding = Finding(
        id=UUID(int=number), title=text, message=text, path=text, line=3, package=text, severity=Finding.Severity.HIGH, risk=70,
        status="open", data={"remediation": {"steps": [text] * 40}},
    )  # fmt: skip
    return Row(finding=finding, asset=text, url=f"https://vallum.example/acme/findings/{number}/", places=())


def pages(data):
    """What is drawn on each page, unpacked."""
    streams = re.findall(rb"/Filter \[ /ASCII85Decode /FlateDecode \].*?stream\r?\n(.*?)~>", data, re.DOTALL)
    return [zlib.decompress(a85decode(stream)).decode("latin-1") for stream in streams]


def text(data):
    """The words, as the letters of the standard fonts; what is written in octal is read back."""
    drawn = "".join(part for page in pages(data) for part in re.findall(r"\(((?:\\.|[^()\\])*)\) Tj", page))
    return re.sub(r"\\(\d{3})", lambda found: bytes([int(found[1], 8)]).decode("cp1252"), drawn).replace("\\", "")


def test_it_has_a_title_a_language_page_numbers_and_links():
    data = pdf.written(ABOUT, SUMMARY, [row(number=n) for n in range(1, 120)])
    assert data.startswith(b"%PDF-1.")
    assert data.rstrip().endswith(b"%%EOF")
    assert b"/Lang (en)" in data
    assert b"/DisplayDocTitle true" in data
    assert b"/Title (Findings of Acme & <S" in data
    assert data.count(b"/URI (https://vallum.example/acme/findings/7/)") >= 1
    count = int(re.search(rb"/Count (\d+)", data)[1])
    assert count == len(pages(data)) > 2
    assert [f"Page {n}" in page for n, page in enumerate(pages(data), 1)] == [True] * count
    words = text(data)
    assert "Findings of Acme & <Söhne>" in words
    assert "And 3 further assets." in words
    # The head of the table stands on each page that it reaches.
    with_head = ["State" in page for page in pages(data)]
    assert with_head == sorted(with_head)
    assert sum(with_head) > 2


@pytest.mark.parametrize("given", HOSTILE)
def test_nothing_that_a_finding_holds_breaks_it(given):
    data = pdf.written(ABOUT, SUMMARY, [row(given)] * 3)
    assert data.rstrip().endswith(b"%%EOF")
    assert len(data) < 100_000
    assert b"javascript:" not in data
    assert set(re.findall(rb"/URI \(([^)]*)\)", data)) == {
        b"https://vallum.example/acme/findings/",
        b"https://vallum.example/acme/findings/1/",
    }
    assert b"/FontFile" not in data


def test_letters_that_the_font_has_not_are_told_by_number():
    words = text(pdf.written(ABOUT, SUMMARY, [row("中 ä €")]))
    assert "[U+4E2D]" in words
    assert "ä" in words


def test_a_list_without_findings_says_so():
    nothing = Summary(total=0, severities=dict.fromkeys(SUMMARY.severities, 0), assets=[], more_assets=0)
    assert "Nothing matches these filters." in text(pdf.written(ABOUT, nothing, []))


def test_the_most_that_it_lists_is_written_in_time():
    rows = [row(f"Token {n}", n) for n in range(1, queries.WHOLE["pdf"] + 1)]
    began = time.process_time()
    data = pdf.written(ABOUT, SUMMARY, rows)
    assert time.process_time() - began < 60
    assert b"/URI (https://vallum.example/acme/findings/2000/)" in data


def test_as_an_export_it_says_what_it_leaves_out(people, record, export, content, monkeypatch):
    monkeypatch.setitem(queries.WHOLE, "pdf", 2)
    made = export("pdf", sort="-severity")
    data = content(made)
    assert (made.status, made.filename[-4:], made.size) == ("done", ".pdf", len(data))
    assert "counted and not listed: a report lists the first 2" in made.note
    assert "counted and not listed" in text(data)
