"""What Qualys' reports share, whichever product they are of."""

import re

from vallum_engine.model.finding import Severity
from vallum_engine.parsers.words import number

_LEVELS = (Severity.INFO, Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
_METRICS = re.compile(r"AV:[NALP]/AC:[LH]/PR:[NLH]/UI:[NR]/S:[UC]/C:[NLH]/I:[NLH]/A:[NLH]")


def severity(level: object) -> Severity:
    """From 1 (minimal) to 5 (urgent)."""
    return _LEVELS[min(number(level), len(_LEVELS) - 1)]


def vector(text: object) -> str:
    """Out of `8.1 (AV:N/AC:H/…)`: base metrics of version 3, which version 3.1 kept."""
    metrics = _METRICS.search(str(text or ""))
    return f"CVSS:3.1/{metrics[0]}" if metrics else ""
