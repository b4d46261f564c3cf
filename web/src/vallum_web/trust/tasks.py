from vallum_web.tenancy.jobs import periodic_job
from vallum_web.trust import searching, services


@periodic_job("trust.measure", cron="7 * * * *")
def measure() -> None:
    services.measure()


@periodic_job("trust.card_numbers", cron="47 3 1 * *")
def card_numbers() -> None:
    """On the first of each month."""
    searching.search()
