"""Mails about money, to owners and to members with the role billing: once for each step of what is overdue or ends."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership
from vallum_web.accounts.services import operators
from vallum_web.billing.models import BillingAccount, BillingCommand, InvoiceRef, Status, SubscriptionMirror
from vallum_web.billing.queries import SOON
from vallum_web.billing.seen import OPEN, READ_ONLY_AFTER
from vallum_web.mail import services as mails
from vallum_web.mail.letters import Letter, letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.models import Entitlement, Org
from vallum_web.tenancy.plans import PRO

DAYS = (0, 3, 7, 14, 21)
READERS = (Role.OWNER, Role.BILLING)


def step(issued_at: datetime, now: datetime) -> int | None:
    """The day of the reminder that is due: the last one that was reached. Pure."""
    return max((day for day in DAYS if now >= issued_at + timedelta(days=day)), default=None)


def remind(org: Org, account: BillingAccount) -> None:
    """Inside the organization's scope. What was said once of an invoice's day is not said again."""
    late = SubscriptionMirror.objects.of(org).filter(account=account, status=Status.PAST_DUE)
    bill = InvoiceRef.objects.of(org).filter(account=account, status__in=OPEN).order_by("issued_at").first()
    due = step(bill.issued_at, clock.now()) if bill and late.exists() else None
    if bill is not None and due is not None:
        tell(org, overdue(org, due, bill.issued_at + READ_ONLY_AFTER), once=f"payment/{bill.pk}/{due}")


def trial_ends(org: Org) -> None:
    """Inside the organization's scope: three days before, once."""
    entitled = entitlements.of(org)
    trying = entitled.source == Entitlement.Source.TRIAL and entitled.until
    if trying and entitled.until and entitled.until - clock.now() <= SOON:
        said = letter("trial_ends", org=org.name, plan=PRO.name, day=f"{entitled.until:%Y-%m-%d}", link=_plan(org))
        tell(org, said, once=f"trial/{org.pk}")


def overdue(org: Org, day: int, stops: datetime) -> Letter:
    if day < READ_ONLY_AFTER.days:
        return letter("payment_failed", org=org.name, plan=PRO.name, day=f"{stops:%Y-%m-%d}", link=_plan(org))
    return Letter(
        subject=f"{org.name} is read-only until its invoice is paid",
        text=f"An invoice of {org.name} has been open for three weeks. Nothing is lost and everything can be read; nothing is "
        f"changed until it is paid. Alerts go on.\n\n{_plan(org)}",
        button="Look at the payment",
    )


def ended(org: Org, mirror: SubscriptionMirror) -> None:
    """Inside the organization's scope: the provider gave up trying to be paid."""
    said = Letter(
        subject=f"{org.name} is on Free: its subscription ended",
        text=f"An invoice of {org.name} was not paid, and the payment provider stopped trying: the subscription to {PRO.name} is over. "
        "All members and assets stay, and alerts go on; what Free does not hold of findings is kept for 14 more days. You "
        f"can subscribe again at any time.\n\n{_plan(org)}",
        button="Look at the plan",
    )
    tell(org, said, once=f"ended/{mirror.pk}")


def tell(org: Org, said: Letter, *, once: str) -> None:
    """In the caller's transaction, each reader once under this key."""
    rows = Membership.objects.of(org).filter(role__in=READERS).order_by("since").values_list("user_id", "user__email")
    for person, address in rows:
        to = Recipient(address=address, person=person)
        mails.queue(kind="billing", to=to, letter=said, org=org.pk, dedupe=f"{once}/{person}")


def withdrawn(org: Org, order: BillingCommand, amount: str) -> None:
    """That it came, and when. Inside the organization's scope; whoever did it gets it too."""
    at = f"{order.asked_at:%Y-%m-%d at %H:%M} UTC"
    said = letter("withdrawn", org=org.name, plan=PRO.name, at=at, amount=amount, link=_plan(org))
    tell(org, said, once=f"withdrawn/{order.pk}")


def too_few_seats(org: Org, used: int, paid: int) -> None:
    """Inside the organization's scope."""
    said = letter("too_few_seats", org=org.name, used=used, paid=paid, link=_plan(org))
    tell(org, said, once=f"seats/{org.pk}/{used}/{paid}")


def tell_operators(said: Letter, *, once: str) -> None:
    """Outside of a scope."""
    with transaction.atomic():
        operators.tell(said, once=once)


def _plan(org: Org) -> str:
    return f"{settings.PUBLIC_URL}/{org.slug}/settings/plan/"
