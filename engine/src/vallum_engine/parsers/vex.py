"""Statements about vulnerabilities in products: what each status means for a finding."""

from vallum_engine.parsers.format import Mark

# OpenVEX and SPDX 3 say `affected`, CSAF `known_affected` and more.
OPEN = frozenset(
    {"affected", "first_affected", "known_affected", "last_affected", "under_investigation", "underInvestigation"}
)
DENIED = frozenset({"known_not_affected", "not_affected"})
ENDED = frozenset({"first_fixed", "fixed"})


def mark(status: str) -> Mark:
    """Not affected is a decision with a reason: it hides the finding and stays visible as that."""
    return Mark.SUPPRESSED if status in DENIED else Mark.NONE
