"""Live figures about minors' accounts; see tenancy/figures.py."""

from vallum_web.privacy.minors import queries
from vallum_web.tenancy.figures import figure


@figure("minors-left", "PP-9c", words="accounts known to be a minor's that are there an hour later", at_most=0)
def left() -> float:
    return queries.left()


@figure("minors-unlooked", "PP-9c", words="reports of minors' accounts unanswered for a week", at_most=0)
def unlooked() -> float:
    return queries.unlooked()
