"""Operators are told when a breach is recorded, and at each rung of a clock that still runs: by mail, and on the site."""

from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from vallum_web.accounts.services import operators
from vallum_web.mail.letters import letter
from vallum_web.operator.breaches import clocks
from vallum_web.operator.breaches.models import Duty, Incident
from vallum_web.tenancy import clock

KIND = "operation"


def remind() -> int:
    """Look at every clock that runs: how many breaches operators were told of."""
    open_ones = Incident.objects.filter(state=Incident.State.OPEN, duties__state=Duty.State.DUE)
    return sum(map(_remind, open_ones.order_by("pk").values_list("pk", flat=True).distinct()))


def _remind(key: UUID) -> bool:
    with transaction.atomic():
        row = Incident.objects.select_for_update().get(pk=key)
        climbed = False
        for duty in row.duties.filter(state=Duty.State.DUE):
            reached = clocks.rung(duty.what, clocks.began(duty.what, row.aware_at, row.fixed_at), clock.now())
            if reached > duty.rung:
                duty.rung, climbed = reached, True
                duty.save(update_fields=["rung"])
        if climbed:
            tell(row)
        return climbed


def tell(row: Incident) -> None:
    """Inside a transaction: everybody who runs the platform is told how the clocks stand."""
    link = settings.PUBLIC_URL + reverse("operator_breaches:incident", args=[row.pk])
    said = letter("breach_clock", name=row.name, lines=list(_lines(row)), link=link)
    operators.tell(said, kind=KIND, notice=True)


def _lines(row: Incident) -> Iterator[str]:
    for duty in row.duties.filter(state=Duty.State.DUE).order_by("pk"):
        at = clocks.due(duty.what, row.aware_at, row.fixed_at)
        if at is None:
            yield f"{duty.get_what_display()}: 14 days after there is a remedy"
            continue
        hours = (at - clock.now()).total_seconds() / 3600
        left = f"{hours:.0f} hours left" if hours >= 0 else f"{-hours:.0f} hours LATE"
        yield f"{duty.get_what_display()}: until {at:%Y-%m-%d %H:%M} UTC, {left}"
