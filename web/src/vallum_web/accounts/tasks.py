from vallum_web.accounts.services import unreachable
from vallum_web.accounts.sso import domains
from vallum_web.accounts.sso import services as sso
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("accounts.check_domains", cron="41 4 * * *")
def check_domains() -> None:
    domains.check_all()


@periodic_job("accounts.forget_answers", cron="*/5 * * * *")
def forget_answers() -> None:
    sso.forget_answers()


@periodic_job("accounts.unreachable", cron="*/10 * * * *")
def tell_of_unreachable_owners() -> None:
    unreachable.tell_others()
