"""What of the register of breaches goes when."""

from vallum_web.operator.breaches import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="breaches",
        clause="PP-5g",
        says="Breaches and who was told of them go five years after they were closed",
        classes=(Class(model="operator_breaches.Incident", column="closed_at", keeps=services.KEPT_FOR),),
        of_platform=services.prune,
    ),
)
