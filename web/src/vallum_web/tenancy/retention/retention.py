"""What of the platform's own books goes when."""

from datetime import timedelta
from uuid import UUID

from vallum_web.tenancy import clock, repeats
from vallum_web.tenancy.limits import gate, refusals
from vallum_web.tenancy.models import FormerSlug
from vallum_web.tenancy.requestlog import services as requests
from vallum_web.tenancy.retention.rules import Class, Rule, declare
from vallum_web.tenancy.scope import scope


def _free(org: UUID) -> int:
    with scope(org):
        gone: int = FormerSlug.objects.of(org).filter(until__lt=clock.now()).delete()[0]
        return gone


declare(
    Rule(
        id="requests",
        clause="PP-1.3d",
        says="Requests are forgotten after 30 days",
        classes=(Class(model="tenancy.RequestLog", column="at", keeps=requests.KEPT_FOR),),
        of_platform=requests.prune,
    ),
    Rule(
        id="repeats",
        clause="PP-1.3d",
        says="What a machine may ask for again under its own key is kept for 24 hours",
        classes=(Class(model="tenancy.Repeatable", column="begun_at", keeps=repeats.KEPT_FOR),),
        of_org=repeats.prune,
    ),
    Rule(
        id="refusals",
        clause="PP-5f",
        says="How often a limit refused is kept for 7 days",
        classes=(Class(model="tenancy.LimitRefusal", column="hour", keeps=refusals.KEPT_FOR),),
        of_org=refusals.prune,
    ),
    Rule(
        id="former-addresses",
        clause="PP-1.1b",
        says="A former address of an organization leads on for 90 days, and is then free",
        classes=(Class(model="tenancy.FormerSlug", column="until", keeps=timedelta()),),
        of_org=_free,
    ),
    Rule(
        id="limits",
        clause="PP-5f",
        says="What counts towards a limit goes when it counts no more",
        of_platform=gate.prune,
    ),
)
