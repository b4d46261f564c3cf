"""Live figures about suspensions; see tenancy/figures.py."""

from vallum_web.accounts.suspensions import queries
from vallum_web.tenancy.figures import figure


@figure(
    "appeals-overdue",
    "PP-2e",
    words="appeals against a suspension that are open after the day they were due",
    at_most=0,
)
def overdue() -> float:
    return queries.late()


@figure(
    "suspensions-unlike",
    "PP-2e",
    words="people and organizations who are stopped without an entry in the register, or not stopped with one",
    at_most=0,
)
def unlike() -> float:
    return queries.unlike()
