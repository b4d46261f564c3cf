"""Live figures about mails; see tenancy/figures.py."""

from vallum_web.mail import kinds
from vallum_web.tenancy.figures import figure

FAMILIES = frozenset(
    {
        *("verification", "reset", "address", "security", "invitation"),
        *("billing", "operation", "export", "deletion", "privacy", "policy", "processors"),
        *("breach", "authority", "suspension"),
    }
)
"""What may be essential: verification, reset, alerts about one's own account, billing, and legal notices."""


@figure("essential-otherwise", "PP-2c", words="kinds of essential mail beyond those that the policy names", at_most=0)
def essential_otherwise() -> float:
    return len({kind.id for kind in kinds.all_kinds().values() if kind.essential} - FAMILIES)


@figure("optional-bound", "PP-2f", words="kinds of mail about news that nobody could switch off", at_most=0)
def optional_bound() -> float:
    free = {kind.id for kind in kinds.optional()}
    return len({"news", "digest", "alert", "sla"} - free)
