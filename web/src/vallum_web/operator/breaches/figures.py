"""Live figures about breaches; see tenancy/figures.py."""

from vallum_web.operator.breaches import queries
from vallum_web.tenancy.figures import figure


@figure(
    "breach-clocks-late", "PP-5g", words="clocks of breaches that ran out before those were told who must be", at_most=0
)
def late() -> float:
    return queries.late()


@figure("breach-untold", "PP-5g", words="people on the list of a breach who were left out when it was told", at_most=0)
def untold() -> float:
    return queries.untold()
