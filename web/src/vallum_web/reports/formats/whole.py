"""The reports for people, each by its id: written at once, for their tables have an end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vallum_web.findings.files.row import About, Row
from vallum_web.findings.files.selection import Summary
from vallum_web.reports.formats import page, pdf


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """How one is written, and as what it is served."""

    content_type: str
    written: Callable[[About, Summary, Sequence[Row]], bytes]


WHOLE: Mapping[str, Whole] = {
    "html": Whole(content_type=page.content_type, written=page.written),
    "pdf": Whole(content_type=pdf.content_type, written=pdf.written),
}
