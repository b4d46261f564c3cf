"""By when a finding should have ended: days by severity, and by how much its asset matters. Pure."""

import json
from collections.abc import Mapping

from vallum_engine.model.finding import Severity
from vallum_web.assets.worth import Importance

Days = int | None
"""None: no date."""
Table = Mapping[tuple[int, int], Days]
"""By the ranks of severity and importance."""

_NORMAL = {Severity.CRITICAL: 7, Severity.HIGH: 30, Severity.MEDIUM: 90, Severity.LOW: 180, Severity.INFO: None}
_FACTOR = {Importance.LOW: 2.0, Importance.NORMAL: 1.0, Importance.HIGH: 0.75, Importance.CRITICAL: 0.5}
MOST_DAYS = 3650


def default(severity: Severity, importance: Importance) -> Days:
    """What holds where the organization says nothing: 7, 30, 90 and 180 days, sooner where the asset matters more."""
    days = _NORMAL[severity]
    return None if days is None else max(1, round(days * _FACTOR[importance]))


def table(own: Table) -> dict[tuple[int, int], Days]:
    """The whole table: the defaults, and over them what the organization says."""
    return {
        (severity.rank, importance.value): default(severity, importance)
        for severity in Severity
        for importance in Importance
    } | dict(own)


def of_importance(rules: Table, importance: int) -> dict[str, int]:
    """Days by severity's rank for one asset, as its findings' statement takes them; severities without a date are left out."""
    return {str(severity): days for (severity, rank), days in rules.items() if rank == importance and days is not None}


def written(rules: Table) -> str:
    """The table as the statements take it: JSON, by importance and then by severity."""
    ranks = sorted({importance for _, importance in rules})
    return json.dumps({str(rank): of_importance(rules, rank) for rank in ranks})
