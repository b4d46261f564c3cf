"""Live figures about what is kept of use; see tenancy/figures.py."""

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import TruncDate

from vallum_web.accounts.objections.models import Objection, Purpose
from vallum_web.accounts.usage import published
from vallum_web.accounts.usage.models import FeatureTotal, PersonUse
from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import figure


@figure(
    "use-of-people", "PP-1.3b", "PP-7c", words="days of the oldest use that leads to a person", at_most=31, unit="days"
)
def oldest_use() -> float | None:
    oldest = PersonUse.objects.order_by("day").values_list("day", flat=True).first()
    return None if oldest is None else (clock.now().date() - oldest).days


@figure(
    "use-in-spite-of-objection",
    "PP-6e",
    "PP-1.3b",
    words="uses that were counted of people after they objected",
    at_most=0,
)
def counted_in_spite() -> float:
    objected = Objection.objects.filter(person=OuterRef("person"), purpose=Purpose.USAGE, ended_at=None)
    since = objected.order_by("since").annotate(on=TruncDate("since")).values("on")[:1]
    return PersonUse.objects.annotate(objected=Subquery(since)).filter(day__gt=F("objected")).count()


@figure(
    "fewest-organizations",
    "PP-7c",
    "PP-Q2",
    words="organizations behind the smallest figure that is told of all of them",
    at_least=published.FEWEST,
)
def fewest_organizations() -> float | None:
    return FeatureTotal.objects.order_by("orgs").values_list("orgs", flat=True).first()
