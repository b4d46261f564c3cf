from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.billing.models import BillingEventInbox
from vallum_web.billing.providers import way
from vallum_web.billing.services import flows, reconcile
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy.plans import PRO


class Command(BaseCommand):
    help = "Make the plans' prices at the payment providers, compare every account now, or list what is of nobody"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("do", choices=["offer", "reconcile", "parked"])

    def handle(self, *_: Any, **options: Any) -> None:
        if not settings.BILLING:
            raise CommandError("No payment provider has a key here: docs/operations.md says how to give one.")
        try:
            getattr(self, f"_{options['do']}")()
        except (NoAnswerError, RefusedError) as error:
            raise CommandError(str(error)) from error

    def _offer(self) -> None:
        for provider, keys in sorted(settings.BILLING.items()):
            prices = {
                (currency.value, period.value): amount
                for (currency, period), amount in PRO.prices.items()
                if flows.PROVIDERS[currency] == provider
            }
            made = way(keys, None).offer(PRO.id, PRO.name, prices)
            self.stdout.write(f"{provider}: {', '.join(made) or 'all prices are there'}")

    def _reconcile(self) -> None:
        told = reconcile.everything()
        for what in ("accounts", "drift", "missed", "answered", "dropped"):
            self.stdout.write(f"{what}: {told[what]}")

    def _parked(self) -> None:
        rows = BillingEventInbox.objects.filter(state=BillingEventInbox.State.PARKED).order_by("received_at")
        for row in rows[:1000]:
            self.stdout.write(
                f"{row.received_at:%Y-%m-%d %H:%M} {row.provider} {row.type} {row.object_id}: {row.error}"
            )
