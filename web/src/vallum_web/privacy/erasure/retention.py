"""What of deletions goes when."""

from datetime import timedelta
from typing import Final

from django.db.models import Q

from vallum_web.privacy.erasure.models import Deletion, Preservation
from vallum_web.tenancy import clock
from vallum_web.tenancy.retention.rules import Class, Rule, declare
from vallum_web.tenancy.scope import looking_back

KEPT_FOR: Final = timedelta(days=5 * 365)


def prune() -> int:
    with looking_back():
        return Deletion.objects.filter(purged_at__lt=clock.now() - KEPT_FOR).delete()[0]


def forget_ended() -> int:
    """Orders of preservation that ended five years ago, by their own day or by hand."""
    before = clock.now() - KEPT_FOR
    return Preservation.objects.filter(Q(lifted_at__lt=before) | Q(until__lt=before)).delete()[0]


declare(
    Rule(
        id="deletions",
        clause="PP-4c",
        says="That something was deleted for good is known for 5 years, without a name",
        classes=(Class(model="privacy_erasure.Deletion", column="purged_at", keeps=KEPT_FOR, seen_in=looking_back),),
        of_platform=prune,
    ),
    Rule(
        id="preservations",
        clause="PP-3c",
        says="That an authority had a person's data preserved is known for 5 years after it ended",
        classes=(
            Class(model="privacy_erasure.Preservation", column="lifted_at", keeps=KEPT_FOR),
            Class(model="privacy_erasure.Preservation", column="until", keeps=KEPT_FOR),
        ),
        of_platform=forget_ended,
    ),
)
