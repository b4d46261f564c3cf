"""Live figures about what is noticed of abuse; see tenancy/figures.py."""

from datetime import timedelta

from vallum_web.accounts.abuse.models import AbuseCase, Attack
from vallum_web.accounts.abuse.services import KEPT_FOR
from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import figure, in_every_org

DAY = timedelta(days=1)


@figure("old-abuse-cases", "PP-2d", words="cases of abuse that are there 12 months after they were closed", at_most=0)
def old_cases() -> float:
    before = clock.now() - KEPT_FOR - DAY
    of_orgs = sum(in_every_org(lambda org: AbuseCase.objects.of(org).filter(closed_at__lt=before).count()))
    return of_orgs + Attack.objects.filter(closed_at__lt=before).count()


@figure("unexplained-abuse-cases", "PP-2d", words="cases of abuse that do not say in words and figures why", at_most=0)
def unexplained() -> float:
    of_orgs = sum(in_every_org(lambda org: AbuseCase.objects.of(org).filter(words="").count()))
    return of_orgs + Attack.objects.filter(words="").count()
