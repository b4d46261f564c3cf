from vallum_web.gates import services
from vallum_web.tenancy import lookups
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("gates.hourly", cron="27 * * * *")
def hourly() -> None:
    for org in lookups.all_orgs():
        services.prune(org)
