"""What of uploads goes when."""

from vallum_web.ingest import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="uploads",
        clause="PP-1.2e",
        says="Raw reports are kept for 24 hours",
        classes=(
            Class(model="ingest.Upload", column="received_at", keeps=services.KEPT_FOR, where="blob is not null"),
        ),
        of_org=services.prune,
        pausable=True,
    ),
)
