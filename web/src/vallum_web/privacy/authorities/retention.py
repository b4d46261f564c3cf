"""What of requests of authorities goes when."""

from vallum_web.privacy.authorities import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="authorities",
        clause="PP-3c",
        says="Requests of authorities go five years after they were refused, or told to those concerned",
        classes=(
            Class(
                model="privacy_authorities.LegalRequest",
                column="ended_at",
                keeps=services.KEPT_FOR,
                where="hold is null or hold_ended_at is not null",
            ),
        ),
        of_platform=services.prune,
    ),
)
