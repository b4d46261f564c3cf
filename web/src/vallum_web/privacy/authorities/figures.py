"""Live figures about requests of authorities; see tenancy/figures.py."""

from vallum_web.privacy.authorities import queries
from vallum_web.tenancy.figures import figure


@figure(
    "authorities-untold",
    "PP-3c",
    words="requests of authorities of which those concerned were not told within a day of when they might be",
    at_most=0,
)
def untold() -> float:
    return queries.untold()


@figure(
    "authorities-alone",
    "PP-3c",
    words="disclosures to authorities that one person alone decided, a life in danger or not: then nobody else looked at it within a day",
    at_most=0,
)
def alone() -> float:
    return queries.alone()
