"""What of the register of requests goes when."""

from vallum_web.privacy.requests import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

_MODEL = "privacy_requests.Request"

declare(
    Rule(
        id="privacy-requests",
        clause="PP-Q4",
        says="Requests about personal data go three years after the answer, unconfirmed ones after 30 days",
        classes=(
            Class(model=_MODEL, column="ended_at", keeps=services.KEPT_FOR),
            Class(model=_MODEL, column="received_at", keeps=services.UNCONFIRMED_FOR, where="state = 'unconfirmed'"),
        ),
        of_platform=services.prune,
    ),
)
