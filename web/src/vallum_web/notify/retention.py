"""What of notifications goes when."""

from vallum_web.notify import rules, services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="deliveries",
        clause="PP-4b",
        says="What was sent to webhooks is kept for 30 days",
        classes=(Class(model="notify.Delivery", column="made_at", keeps=services.KEPT_FOR),),
        of_org=services.prune,
        pausable=True,
    ),
    Rule(
        id="notification-rules",
        clause="PP-4a",
        says="Rules of people who left the organization go",
        of_org=rules.prune,
    ),
)
