"""What of subscribers goes when."""

from vallum_web.accounts.subscribers import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="subscribers",
        clause="PP-3a",
        says="An address that asked to be told of new sub-processors, and was not confirmed, is forgotten after 7 days",
        classes=(
            Class(
                model="subscribers.Subscriber",
                column="asked_at",
                keeps=services.UNCONFIRMED_FOR,
                where="confirmed_at is null",
            ),
        ),
        of_platform=services.prune,
    )
)
