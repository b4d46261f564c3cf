"""The file of an export, out of its parts."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponseBase

from vallum_web.reports.formats import STREAMED
from vallum_web.reports.formats.whole import WHOLE
from vallum_web.reports.models import Export, Part
from vallum_web.reports.services import SHELF
from vallum_web.tenancy import served


def answer(request: HttpRequest, row: Export, parts: Sequence[Part]) -> HttpResponseBase:
    """Whole, or the range of bytes that was asked for."""
    pieces = [served.Piece(blob=part.blob, size=part.size, digest=part.digest) for part in parts]
    file = served.File(owner=row.org_id, shelf=SHELF, pieces=pieces, name=row.filename, content_type=content_type(row))
    return served.answer(request, file)


def content_type(row: Export) -> str:
    return WHOLE[row.format].content_type if row.format in WHOLE else STREAMED[row.format].content_type
