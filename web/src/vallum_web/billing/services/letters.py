"""Mails about money, to owners and to members with the role billing: once for each step of what is overdue."""

from datetime import datetime, timedelta

from django.conf import settings

from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership
from vallum_web.billing.models import BillingAccount, InvoiceRef, Status, SubscriptionMirror
from vallum_web.billing.seen import OPEN, READ_ONLY_AFTER
from vallum_web.mail import services as mails
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Event, Org

DAYS = (0, 3, 7, 14, 21)
READERS = (Role.OWNER, Role.BILLING)


def step(issued_at: datetime, now: datetime) -> int | None:
    """The day of the reminder that is due: the last one that was reached. Pure."""
    return max((day for day in DAYS if now >= issued_at + timedelta(days=day)), default=None)


def remind(org: Org, account: BillingAccount) -> None:
    """Inside the organization's scope. What was said once of an invoice's day is not said again."""
    if not SubscriptionMirror.objects.of(org).filter(account=account, status=Status.PAST_DUE).exists():
        return
    bill = InvoiceRef.objects.of(org).filter(account=account, status__in=OPEN).order_by("issued_at").first()
    due = step(bill.issued_at, clock.now()) if bill else None
    if bill is None or due is None:
        return
    if Event.objects.of(org).filter(subject=bill.pk, kind="billing.reminded", data__day=due).exists():
        return
    emit("billing.reminded", bill.pk, day=due)
    stops = bill.issued_at + READ_ONLY_AFTER
    tell(org, *overdue(org.name, due, stops))


def overdue(name: str, day: int, stops: datetime) -> tuple[str, str]:
    if day >= READ_ONLY_AFTER.days:
        return (
            f"{name} is read-only until its invoice is paid",
            (
                f"An invoice of {name} has been open for {day} days. Nothing is lost and everything can be read; nothing is changed "
                "until it is paid. Alerts go on."
            ),
        )
    return (
        f"A payment for {name} did not go through",
        (
            f"The last payment for {name}'s plan did not go through. The payment provider tries again by itself; with another way "
            f"of paying it goes through at once.\n\nUntil {stops:%Y-%m-%d} everything works as before; from then on "
            f"{name} can be read and not changed. Alerts go on in any case."
        ),
    )


def tell(org: Org, subject: str, text: str) -> None:
    """In the caller's transaction, each reader once."""
    where = f"{settings.PUBLIC_URL}/{org.slug}/settings/plan/"
    rows = Membership.objects.of(org).filter(role__in=READERS).order_by("since")
    for address in rows.values_list("user__email", flat=True):
        mails.write(address, subject, f"{text}\n\n{where}\n")
