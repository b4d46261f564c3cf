"""Writes: what is measured each hour."""

import logging
import time

from django.db import DatabaseError

from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import Figure, declared
from vallum_web.trust.models import Reading

log = logging.getLogger(__name__)


def measure() -> None:
    """Ask every declared figure, each by itself: one that fails takes no other with it."""
    known = {row.figure: row for row in Reading.objects.all()}
    figures = declared()
    for figure in figures:
        _store(figure, known.get(figure.id))
    Reading.objects.exclude(figure__in=[figure.id for figure in figures]).delete()


def _store(figure: Figure, before: Reading | None) -> None:
    began, error, value = time.monotonic(), "", None
    holds: bool | None = None
    try:
        value = figure.query()
        holds = value is None or figure.holds(value)
    except (DatabaseError, OSError, ValueError) as failed:
        error = type(failed).__name__
        log.exception("The figure %s could not be measured.", figure.id)
    now = clock.now()
    Reading.objects.update_or_create(
        figure=figure.id,
        defaults={
            "at": now,
            "value": value,
            "holds": holds,
            "since": before.since if before and before.holds == holds else now,
            "milliseconds": round((time.monotonic() - began) * 1000),
            "error": error,
        },
    )
