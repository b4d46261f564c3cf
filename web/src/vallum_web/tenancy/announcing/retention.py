"""Who was told of what goes after five years; that it was announced stays."""

from datetime import timedelta

from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing.models import Told
from vallum_web.tenancy.retention.rules import Class, Rule, declare

KEPT_FOR = timedelta(days=5 * 366)
BATCH = 5_000


def prune() -> int:
    count = 0
    old = Told.objects.filter(at__lt=clock.now() - KEPT_FOR).order_by()
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        count += Told.objects.filter(pk__in=keys).delete()[0]
    return count


declare(
    Rule(
        id="told",
        clause="PP-10b",
        says="Who was told of a change is kept for 5 years",
        classes=(Class(model="announcing.Told", column="at", keeps=KEPT_FOR),),
        of_platform=prune,
    )
)
