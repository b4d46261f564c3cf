from uuid import UUID

from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.limits.catalogue import Limit
from vallum_web.tenancy.limits.rate import Rate
from vallum_web.tenancy.models import LimitOverride
from vallum_web.tenancy.scope import scope


def override(org: UUID, limit: Limit, rate: Rate) -> None:
    """Give the organization a value of its own, from the next attempt on."""
    values = {"count": rate.count, "seconds": int(rate.period.total_seconds()), "burst": rate.burst}
    with scope(org):
        LimitOverride.objects.update_or_create(org_id=org, name=limit.name, defaults={**values, "set_at": clock.now()})
        emit("limit.set", org, limit=limit.name, **values)


def restore(org: UUID, limit: Limit) -> bool:
    """Take the organization's own value back; says whether there was one."""
    with scope(org):
        gone = LimitOverride.objects.of(org).filter(name=limit.name).delete()[0] > 0
        if gone:
            emit("limit.restored", org, limit=limit.name)
        return gone
