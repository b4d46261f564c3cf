"""The queue's door to breaches."""

from uuid import UUID

from vallum_web.operator.breaches.services import reminding
from vallum_web.operator.breaches.services import telling as tellings
from vallum_web.tenancy.jobs import lone_job, periodic_job


@lone_job(tellings.TASK)
def tell(telling: str) -> None:
    tellings.carry_out(UUID(telling))


@periodic_job("operator.breach_clocks", cron="*/10 * * * *")
def clocks() -> None:
    """At each rung operators are told; what a dead worker left half told is gone on with."""
    reminding.remind()
    tellings.pick_up()
