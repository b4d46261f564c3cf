"""What an export is of, in words for a person."""

from collections.abc import Iterable

from django.http import QueryDict

from vallum_web.findings import listing
from vallum_web.findings.filters import ANY, Filters
from vallum_web.findings.models import Finding
from vallum_web.reports.models import Export


def filters(query: str) -> Filters:
    """The filters that an export keeps as an address."""
    return Filters.parse(QueryDict(query))


def written(given: Filters) -> str:
    """The one form in which filters are kept."""
    return given.query().removeprefix("?")


def told(given: Filters, choices: listing.Choices) -> str:
    """`open findings; critical or high; asset: shop; “log4j”`: what the worklist's own chips say, and nothing less."""
    status = "findings of any status" if given.status == ANY else f"{Finding.Status(given.status).value} findings"
    parts = [
        status,
        _either(given.severities),
        _either(given.kinds),
        _either(f"{name} confidence" for name in given.confidences),
        *(chip.label for chip in listing.chips("", given.but(severities=(), kinds=(), confidences=()), choices)),
    ]
    return "; ".join(part for part in parts if part)


def _either(names: Iterable[str]) -> str:
    return " or ".join(names)


def progress(export: Export) -> str:
    """`12,000 of 100,000 findings`; empty before it began."""
    return "" if export.total is None else f"{export.rows:,} of {export.total:,} findings"
