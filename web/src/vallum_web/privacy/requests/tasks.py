from vallum_web.privacy.requests import services
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("privacy.forget_requests", cron="43 * * * *")
def forget() -> None:
    services.prune()
