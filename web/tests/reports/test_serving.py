"""A file made of parts, in ranges: what RFC 9110 says of each header."""

import pytest
from django.test import RequestFactory

from vallum_web.findings.files import selection
from vallum_web.reports import queries, serving, work
from vallum_web.tenancy.scope import scope
from vallum_web.tenancy.served import Span, UnsatisfiableError, span


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("", None, id="none"),
        pytest.param("bytes=0-9", Span(start=0, end=10), id="the first ten"),
        pytest.param("bytes=90-", Span(start=90, end=100), id="from there on"),
        pytest.param("bytes=-10", Span(start=90, end=100), id="the last ten"),
        pytest.param("bytes=-1000", Span(start=0, end=100), id="more than there are from behind"),
        pytest.param("bytes=50-1000", Span(start=50, end=100), id="beyond the end"),
        pytest.param("bytes=99-99", Span(start=99, end=100), id="the last one"),
        pytest.param("bytes=0-1,5-6", None, id="several: the whole is an answer too"),
        pytest.param("bytes=9-1", None, id="backwards"),
        pytest.param("bytes=-", None, id="neither end"),
        pytest.param("lines=1-2", None, id="another unit"),
        pytest.param("bytes=" + "9" * 40 + "-", None, id="no number of bytes"),
    ],
)
def test_which_bytes_are_asked_for(header, expected):
    assert span(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_behind_the_end_there_is_nothing(header):
    with pytest.raises(UnsatisfiableError):
        span(header, 100)


@pytest.fixture
def file(people, record, export, content, monkeypatch):
    monkeypatch.setattr(selection, "PAGE", 2)
    monkeypatch.setattr(work, "PART_ROWS", 2)
    row = export("ndjson", status="any")
    with scope(people.org.pk):
        return row, queries.parts(people.org, row.pk), content(row)


def asked(file, **headers):
    row, parts, _ = file
    response = serving.answer(RequestFactory().get("/", headers=headers), row, parts)
    return response, b"".join(response) if response.streaming else response.content


def test_every_cut_through_the_parts_gives_the_very_bytes(file):
    _, parts, data = file
    assert len(parts) == 5
    edges = {0, 1, len(data) - 1}
    position = 0
    for part in parts:
        position += part.size
        edges |= {position - 1, position, position + 1}
    cuts = sorted(edge for edge in edges if edge < len(data))
    for first in cuts:
        for last in (cut for cut in cuts if cut >= first):
            response, body = asked(file, range=f"bytes={first}-{last}")
            assert (response.status_code, body) == (206, data[first : last + 1])
            assert response["Content-Range"] == f"bytes {first}-{last}/{len(data)}"
            assert response["Content-Length"] == str(len(body))


def test_the_whole_is_an_attachment(file):
    row, _, data = file
    response, body = asked(file)
    assert (response.status_code, body) == (200, data)
    assert response["Content-Disposition"] == f'attachment; filename="{row.filename}"'
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Type"] == "application/x-ndjson"


def test_a_range_of_another_file_is_the_whole(file):
    _, _, data = file
    tag = asked(file)[0]["ETag"]
    assert asked(file, **{"range": "bytes=0-1", "if-range": tag})[1] == data[:2]
    assert asked(file, **{"range": "bytes=0-1", "if-range": '"another"'})[1] == data
    refused, body = asked(file, range=f"bytes={len(data)}-")
    assert (refused.status_code, body, refused["Content-Range"]) == (416, b"", f"bytes */{len(data)}")
