"""What of exports goes when."""

from datetime import timedelta

from vallum_web.reports import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="exports",
        clause="PP-4b",
        says="Exports of findings go after 7 days",
        classes=(Class(model="reports.Export", column="expires_at", keeps=timedelta()),),
        of_org=services.expire,
    ),
)
