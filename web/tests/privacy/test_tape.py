"""An archive in parts is one archive: whatever the cut, an ordinary reader finds every file whole."""

import io
import itertools
import zipfile
from datetime import UTC, datetime

import pytest

from vallum_web.privacy.exports import tape

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
FILES = [(f"json/table-{n:04}.json", b"x" * n * 1000 + b"end") for n in range(5)]


@pytest.mark.parametrize("cuts", [(), (1,), (1, 2, 3, 4), (0, 5), (2, 2)], ids=str)
def test_parts_put_together_are_an_archive(cuts):
    edges = [0, *cuts, len(FILES)]
    whole, earlier = b"", []
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        sink = io.BytesIO()
        with tape.part(sink, begins=len(whole), at=AT) as part:
            for name, data in FILES[start:end]:
                with part.file(name) as file:
                    file.write(data)
            if number == len(edges) - 2:
                part.end(earlier)
        earlier += part.files
        whole += sink.getvalue()
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        assert read.testzip() is None
        assert [(name, read.read(name)) for name in read.namelist()] == FILES


def test_a_part_in_between_ends_with_its_last_file():
    sink = io.BytesIO()
    with tape.part(sink, begins=0, at=AT) as part, part.file("a") as file:
        file.write(b"a")
    assert b"PK\x05\x06" not in sink.getvalue()
