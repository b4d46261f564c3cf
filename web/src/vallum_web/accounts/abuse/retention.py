"""What of abuse cases goes when."""

from vallum_web.accounts.abuse import services
from vallum_web.accounts.abuse.holding import TAKEN_KEPT_FOR
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="abuse-cases",
        clause="PP-2d",
        says="Cases of unusual activity are kept for 12 months after they are closed",
        classes=(
            Class(model="abuse.AbuseCase", column="closed_at", keeps=services.KEPT_FOR),
            Class(model="abuse.AbuseCase", column="at", keeps=services.OPEN_FOR, where="closed_at is null"),
            Class(model="abuse.Taken", column="at", keeps=TAKEN_KEPT_FOR),
            Class(model="abuse.TokenHabit", column="updated_at", keeps=services.HABIT_KEPT_FOR),
        ),
        of_org=services.prune_org,
    ),
    Rule(
        id="attacks",
        clause="PP-2d",
        says="Attacks on signing in are kept for 12 months after they are closed, by network and never by account",
        classes=(
            Class(model="abuse.Attack", column="closed_at", keeps=services.KEPT_FOR),
            Class(model="abuse.Attack", column="at", keeps=services.OPEN_FOR, where="closed_at is null"),
        ),
        of_platform=services.prune_attacks,
    ),
)
