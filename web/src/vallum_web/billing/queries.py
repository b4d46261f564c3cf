"""How far a plan is used, what a smaller one would not hold, and what was bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Min

from vallum_web.accounts import queries as people
from vallum_web.assets import queries as assets
from vallum_web.assets.services import COUNTED
from vallum_web.billing.models import BillingAccount, BillingCommand, InvoiceRef, Provider, Status, SubscriptionMirror
from vallum_web.billing.seen import ALIVE, OPEN, READ_ONLY_AFTER
from vallum_web.findings import queries as findings
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Finding
from vallum_web.scans import queries as scans
from vallum_web.tenancy import clock, entitlements, plans
from vallum_web.tenancy.models import Entitlement, Org
from vallum_web.tenancy.plans import Entitled, Plan, What

SOON = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What is counted, how much there is, and how much there may be; None is any number."""

    what: What
    used: int
    most: int | None

    @property
    def full(self) -> bool:
        return self.most is not None and self.used >= self.most

    @property
    def over(self) -> int:
        return max(self.used - self.most, 0) if self.most is not None else 0


def used(org: Org) -> dict[What, int]:
    """In a fixed number of queries. What the platform does not know yet is not among them."""
    kinds = {what: assets.assets(org).filter(kind=kind).count() for kind, what in COUNTED.items()}
    return {What.MEMBERS: people.members(org).count(), **kinds}


def meters(org: Org, entitled: Entitled) -> Sequence[Meter]:
    return [Meter(what=what, used=number, most=entitled.limit(what)) for what, number in used(org).items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What an organization has that a smaller plan does not hold."""

    meters: Sequence[Meter]
    findings: int
    """Those that its shorter window would not have any more; counted no further than 10,001."""
    days: int

    @property
    def any(self) -> bool:
        return bool(self.findings) or any(meter.over for meter in self.meters)


def loss(org: Org, plan: Plan) -> Loss:
    """Members and assets above its limits stay, and no more come in; findings past its window go."""
    kept = [Meter(what=what, used=number, most=plan.limits[what]) for what, number in used(org).items()]
    return Loss(meters=kept, findings=_past(org, plan.window.most), days=plan.window.most)


def _past(org: Org, days: int) -> int:
    """Findings that no scan saw within so many days: resolved ones, and all of what was not looked at since."""
    since = clock.now() - timedelta(days=days)
    rows = findings.matching(org, Filters())
    ended = rows.filter(status=Finding.Status.RESOLVED, resolved_at__lt=since)
    asleep = rows.exclude(status=Finding.Status.RESOLVED).filter(asset__in=scans.unseen(org, assets.assets(org), since))
    return min(sum(findings.capped([ended, asleep])), findings.CAP + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What the organization is subscribed to, as the mirror has it."""

    account: BillingAccount
    mirror: SubscriptionMirror
    owed_since: datetime | None

    @property
    def ends(self) -> bool:
        return self.mirror.cancel_at is not None

    @property
    def may_withdraw(self) -> bool:
        """Perhaps: seen for the first time within 14 days. The provider is asked when somebody wants to."""
        seen_at = datetime.fromtimestamp((self.mirror.pk.int >> 80) / 1000, UTC)
        return self.account.provider == Provider.STRIPE and clock.now() - seen_at < timedelta(days=14)

    @property
    def read_only_from(self) -> datetime | None:
        late = self.mirror.status == Status.PAST_DUE and self.owed_since
        return self.owed_since + READ_ONLY_AFTER if late and self.owed_since else None


def bought(org: Org) -> Bought | None:
    """The subscription that lives; of several the one that is paid for, then the newest."""
    rows = SubscriptionMirror.objects.of(org).filter(status__in=ALIVE).select_related("account").order_by("-id")
    found = sorted(rows, key=lambda row: row.status == Status.TRIALING)
    if not found:
        return None
    bills = InvoiceRef.objects.of(org).filter(account=found[0].account_id, status__in=OPEN)
    since = bills.aggregate(first=Min("issued_at"))["first"]
    return Bought(account=found[0].account, mirror=found[0], owed_since=since)


def too_few_seats(org: Org) -> tuple[int, int] | None:
    """How many members there are and how many seats are paid, where those are fewer; None while all have one."""
    entitled = entitlements.of(org)
    if entitled.source not in Provider.values:
        return None
    members, seats = people.members(org).count(), entitled.limit(What.MEMBERS)
    return (members, seats) if seats is not None and members > seats else None


def accounts(org: Org) -> list[BillingAccount]:
    return list(BillingAccount.objects.of(org).order_by("provider"))


def subscriptions(org: Org, account: BillingAccount) -> tuple[str, ...]:
    rows = SubscriptionMirror.objects.of(org).filter(account=account).order_by("id")
    return tuple(rows.values_list("subscription_id", flat=True))


def kept(org: Org, account: BillingAccount) -> list[tuple[object, ...]]:
    """How its subscriptions and invoices stand, to see whether anything changed."""
    rows = SubscriptionMirror.objects.of(org).filter(account=account).order_by("id")
    bills = InvoiceRef.objects.of(org).filter(account=account).order_by("id")
    return [
        *rows.values_list("subscription_id", "status", "seats", "period_end", "cancel_at"),
        *bills.values_list("invoice_id", "status"),
    ]


def next_one(org: Org, has: Bought) -> SubscriptionMirror | None:
    """What takes the place of a subscription that ends: another mandate of the same provider, or one of another."""
    rows = SubscriptionMirror.objects.of(org).filter(status=Status.TRIALING, cancel_at=None).exclude(pk=has.mirror.pk)
    return rows.select_related("account").order_by("-id").first() if has.ends else None


def planned(org: Org) -> list[BillingCommand]:
    """What is to be sent later, and what was sent and has no answer."""
    states = [BillingCommand.State.WAITING, BillingCommand.State.SENT]
    return list(BillingCommand.objects.of(org).filter(state__in=states).order_by("id"))


def command(org: Org, key: UUID) -> BillingCommand:
    """Raises BillingCommand.DoesNotExist."""
    found: BillingCommand = BillingCommand.objects.of(org).get(pk=key)
    return found


def trial_left(org: Org) -> bool:
    """Whether the organization may still try Pro: once, and not beside a plan that is more than Free."""
    given = entitlements.given(org)
    tried = any(row.source == Entitlement.Source.TRIAL for row in given)
    return not tried and plans.entitle(given, clock.now()).plan == plans.FREE


def notice(org: Org) -> str:
    """What every member sees on every page while money is a matter: a payment is overdue, a trial or a subscription ends soon."""
    rows, now = entitlements.given(org), clock.now()
    entitled = plans.entitle(rows, now)
    if entitled.read_only:
        return f"{org.name} is read-only until its open invoice is paid."
    stops = [row.read_only_from for row in rows if row.read_only_from and now < row.read_only_from]
    stop = min(stops, default=None)
    if stop and entitled.source in Provider.values:
        return f"A payment for {org.name} did not go through. From {stop:%Y-%m-%d} on it would be read-only."
    if entitled.source == Entitlement.Source.TRIAL and entitled.until and entitled.until - now <= SOON:
        return f"The trial of Pro ends on {entitled.until:%Y-%m-%d}."
    return ""
