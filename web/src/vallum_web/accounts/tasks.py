from vallum_web.accounts import services
from vallum_web.accounts.services import invitations
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("accounts.prune", cron="13 * * * *")
def prune() -> None:
    services.prune()
    invitations.prune()
