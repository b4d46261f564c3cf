"""The live figure about accounts that nobody uses; see tenancy/figures.py."""

from vallum_web.privacy.inactivity import queries
from vallum_web.tenancy.figures import figure


@figure(
    "inactive-beyond",
    "PP-4a",
    words="people whom the rule on unused accounts should have hidden and has not",
    at_most=0,
)
def beyond() -> float | None:
    """Without a rule there is nothing to measure."""
    return queries.late() if queries.allowed() else None
