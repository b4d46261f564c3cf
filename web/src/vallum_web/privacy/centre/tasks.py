from vallum_web.privacy.centre import shrinking
from vallum_web.tenancy import lookups
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("privacy.shrinking", cron="3 * * * *")
def tell_of_shorter_windows() -> None:
    for org in lookups.all_orgs():
        shrinking.tell(org)
