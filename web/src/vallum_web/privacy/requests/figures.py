"""Live figures about requests; see tenancy/figures.py."""

from vallum_web.privacy.requests import queries
from vallum_web.tenancy.figures import figure


@figure(
    "requests-overdue",
    *("PP-Q4", "PP-6a", "PP-6b", "PP-6d", "PP-6e"),
    words="requests of people that are open after the day they were due",
    at_most=0,
)
def overdue() -> float:
    return queries.late()
