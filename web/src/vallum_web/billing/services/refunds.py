"""Giving money back: by people who run the platform, and above a limit by two of them. All outside of a scope."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from vallum_web.accounts.models import Operator, User
from vallum_web.billing import live, queries
from vallum_web.billing.models import BillingAccount, BillingCommand
from vallum_web.billing.providers import way
from vallum_web.billing.seen import Bill
from vallum_web.billing.services import commands, refresh
from vallum_web.billing.services.flows import NotNowError
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.lookups import org_with
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import person, scope

ALONE = {"EUR": 100_00, "INR": 10_000_00}
"""In hundredths of an invoice: up to this one person decides, at once or in parts."""
DELAY = timedelta(hours=24)
"""Where there is no second person, time stands in for them."""


def org_at(slug: str, operator: User) -> Org:
    """Raises NotNowError."""
    with person(operator.pk):
        key = org_with(slug)
    if key is None:
        raise NotNowError(f"There is no organization at /{slug}/.")
    with scope(key):
        found: Org = Org.objects.get(pk=key)
        return found


def bills(org: Org) -> list[tuple[BillingAccount, Bill]]:
    """What was paid and can be given back, as the providers say now."""
    with scope(org.pk):
        rows = [(row, queries.subscriptions(org, row)) for row in queries.accounts(org)]
    known = [(row, keys) for row, keys in rows if row.provider in settings.BILLING]
    looks = [(row, way(settings.BILLING[row.provider], org.pk).look(row.customer_id, keys)) for row, keys in known]
    return [(row, bill) for row, said in looks for bill in said.bills if bill.status == "paid" and bill.amount > 0]


def propose(org: Org, operator: User, invoice_id: str, amount: int) -> BillingCommand:
    """Sent at once up to the limit; above it, it waits for another person, or a day. Raises NotNowError and what sending raises."""
    found = next(((row, bill) for row, bill in bills(org) if bill.invoice_id == invoice_id), None)
    if found is None:
        raise NotNowError("There is no paid invoice of that id.")
    account, bill = found
    if not 0 < amount <= bill.amount:
        raise NotNowError("Give back more than nothing, and no more than was paid.")
    payment = way(settings.BILLING[account.provider], org.pk).payment(invoice_id)
    if not payment:
        raise NotNowError("Nothing was paid for it that could be given back.")
    args = {"payment": payment, "invoice": invoice_id, "amount": amount, "currency": bill.currency}
    if amount + given_back(org, invoice_id) <= ALONE.get(bill.currency, 0):
        return _sent(org, account, commands.carry_out(org, operator.pk, account.provider, "refund", args))
    others = Operator.objects.exclude(user=operator.pk).exists()
    waits = {"waits": "person"} if others else {"due": (clock.now() + DELAY).isoformat()}
    with scope(org.pk, user=operator.pk):
        command = commands.write(org, operator.pk, account.provider, "refund", {**args, **waits})
        emit("billing.refund_wanted", command.pk, amount=amount, currency=bill.currency, waits=waits)
        return command


def given_back(org: Org, invoice_id: str) -> int:
    """Of an invoice, by all that was not refused."""
    with scope(org.pk):
        rows = BillingCommand.objects.of(org).filter(kind="refund", args__invoice=invoice_id)
        return sum(row.args["amount"] for row in rows.exclude(state=BillingCommand.State.REFUSED))


def agree(org: Org, operator: User, key: UUID) -> BillingCommand:
    """Raises NotNowError for whoever proposed it, and what sending raises."""
    with scope(org.pk, user=operator.pk):
        row = BillingCommand.objects.of(org).select_for_update().filter(pk=key, kind="refund", state="waiting").first()
        if row is None:
            raise NotNowError("Nothing waits under this number.")
        if row.asked_by == operator.pk:
            raise NotNowError("Somebody else has to agree: you proposed it.")
        row.args = {name: value for name, value in row.args.items() if name not in {"waits", "due"}}
        row.agreed_by = operator.pk
        row.save(update_fields=["args", "agreed_by"])
        emit("billing.refund_agreed", row.pk, amount=row.args["amount"])
        account = BillingAccount.objects.of(org).get(provider=row.provider)
    return _sent(org, account, commands.send(row))


def waiting(org: Org) -> list[BillingCommand]:
    with scope(org.pk):
        return list(BillingCommand.objects.of(org).filter(kind="refund", state="waiting").order_by("id"))


def _sent(org: Org, account: BillingAccount, command: BillingCommand) -> BillingCommand:
    refresh.look(org, account.provider)
    live.forget(account.pk)
    return command
