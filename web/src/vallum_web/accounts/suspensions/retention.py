"""What of suspensions goes when."""

from vallum_web.accounts.suspensions import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="suspensions",
        clause="PP-2e",
        says="Suspensions and what was answered to appeals go three years after they ended",
        classes=(Class(model="suspensions.Suspension", column="ended_at", keeps=services.KEPT_FOR),),
        of_platform=services.prune,
    ),
)
