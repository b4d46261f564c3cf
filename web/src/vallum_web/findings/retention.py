"""What of the record goes when."""

from vallum_web.findings.services import expiring
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id=expiring.RULE,
        clause="PP-4b",
        says="Findings go when no scan has seen them for as long as the organization keeps them: 30 days on Free, what it chose elsewhere",
        classes=(Class(model="findings.SeenOn", column="oldest", keeps=None),),
        of_org=expiring.prune,
        pausable=True,
    ),
)
