"""What the public page shows of deletions."""

from datetime import timedelta

from vallum_web.privacy.erasure import purge
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import figure
from vallum_web.tenancy.models import Leaving
from vallum_web.tenancy.scope import looking_back


@figure(
    "erasure-lag",
    "PP-4c",
    words="hours by which the latest deletion that is due is late",
    at_most=1,
    unit="hours",
)
def lag() -> float | None:
    """One that a legal hold keeps waiting is not late."""
    now = clock.now()
    with looking_back():
        open_ones = Deletion.objects.filter(state__in=(Deletion.State.PENDING, Deletion.State.PURGING))
        due = list(open_ones.filter(purge_at__lte=now).order_by("purge_at"))
        waiting = bool(due) or open_ones.exists()
    first = next((row.purge_at for row in due if not purge.is_held(row)), now)
    return (now - first) / timedelta(hours=1) if waiting else None


@figure("erasure-left", "PP-4c", "PP-6c", words="people who are hidden without a deletion that will end it", at_most=0)
def left() -> float | None:
    with looking_back():
        waiting = Deletion.objects.filter(state__in=(Deletion.State.PENDING, Deletion.State.PURGING)).values("subject")
        return float(Leaving.objects.exclude(id__in=waiting).count())
