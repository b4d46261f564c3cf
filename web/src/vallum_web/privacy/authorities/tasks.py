"""The queue's door to requests of authorities."""

from uuid import UUID

from vallum_web.privacy.authorities import services, writing
from vallum_web.tenancy.jobs import lone_job, periodic_job


@lone_job(services.TASK)
def write(request: str) -> None:
    writing.write(UUID(request))


@periodic_job("privacy.authorities_hourly", cron="23 * * * *")
def hourly() -> None:
    """Gags that ended are told of, what somebody has to look at is said, and who is deleted is named nowhere."""
    services.tell_who_may_be()
    services.remind_of_gags()
    services.remind_of_emergencies()
    services.end_holds_over()
    services.forget_subjects()
