from vallum_web.mail import services
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("mail.prune", cron="11 * * * *")
def prune() -> None:
    services.prune()
