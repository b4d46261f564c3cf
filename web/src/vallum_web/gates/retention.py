"""What of gates goes when."""

from vallum_web.gates import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="evaluations",
        clause="PP-4b",
        says="What gates answered is kept for 90 days",
        classes=(Class(model="gates.Evaluation", column="at", keeps=services.KEPT_FOR),),
        of_org=services.prune,
        pausable=True,
    ),
)
