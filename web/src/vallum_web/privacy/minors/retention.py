"""What of decisions on minors' accounts goes when."""

from vallum_web.privacy.minors import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="minors",
        clause="PP-9c",
        says="That a minor's account was deleted is known for 5 years, without a name",
        classes=(Class(model="privacy_minors.Decision", column="at", keeps=services.KEPT_FOR),),
        of_platform=services.prune,
    ),
)
