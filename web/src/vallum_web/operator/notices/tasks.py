from uuid import UUID

from vallum_web.operator.notices import queries
from vallum_web.operator.notices.services import announcing, following, telling
from vallum_web.tenancy import clock
from vallum_web.tenancy.jobs import lone_job, periodic_job


@lone_job(announcing.TELL)
def tell(announcement: str) -> None:
    telling.tell(UUID(announcement))


@periodic_job("operator_notices.follow", cron="*/10 * * * *")
def follow() -> None:
    """Go on with what was left, look for people whom nobody has told, and for what a release brought."""
    following.look_for_new()
    for key in queries.unfinished():
        announcing.begin(queries.one(key))
    for key in queries.to_come(clock.now()):
        telling.look_again(key)


@periodic_job("operator_notices.warn", cron="23 6 * * *")
def warn() -> None:
    following.warn_of_ends()
