from uuid import UUID

from vallum_web.notify import follow, rounds
from vallum_web.tenancy import lookups
from vallum_web.tenancy.jobs import periodic_job, tenant_job, working


@periodic_job("notify.tick", cron="*/10 * * * * *")
def tick() -> None:
    for org in working(lookups.followed()):
        follow.follow(org)
        rounds.hire(org)


@tenant_job(rounds.SEND)
def send(org: UUID, webhook: str) -> None:
    rounds.work(org, UUID(webhook))
