"""Live figures about what goes when; see tenancy/figures.py."""

from vallum_web.tenancy.figures import figure
from vallum_web.tenancy.retention.models import RetentionRun


@figure("retention-overdue", "PP-4a", "PP-4b", words="rows that were there after their time at the last run", at_most=0)
def overdue() -> float | None:
    last = RetentionRun.objects.order_by("rule", "-at").distinct("rule")
    counts = list(last.values_list("overdue", flat=True))
    return sum(counts) if counts else None
