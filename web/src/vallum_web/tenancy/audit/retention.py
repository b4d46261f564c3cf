"""Audit logs are kept for twelve months, not less and not more: the database has the last word (migration 0002)."""

from datetime import timedelta

from vallum_web.tenancy.audit import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

A_YEAR = timedelta(days=366)
"""Twelve months, at most."""

declare(
    Rule(
        id="audit",
        clause="PP-4e",
        says="Audit logs are kept for twelve months",
        classes=(Class(model="audit.Entry", column="at", keeps=A_YEAR),),
        of_org=services.prune,
        pausable=True,
    ),
)
