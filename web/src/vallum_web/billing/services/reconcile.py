"""Money that always reconciles: every hour each account is compared with its provider, and what was missed is made up for."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from vallum_web.billing.models import BillingAccount, BillingEventInbox
from vallum_web.billing.providers import way
from vallum_web.billing.services import commands, flows, inbox, letters, refresh
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

log = logging.getLogger(__name__)
OVERLAP = timedelta(hours=2)
ALARM_AFTER = timedelta(hours=1)
SILENT_AFTER = timedelta(hours=26)


def everything() -> Counter[str]:
    """What was looked at, and what differed. A provider that does not answer is tried again an hour later."""
    told: Counter[str] = Counter()
    for provider in sorted(settings.BILLING):
        try:
            told["missed"] += _missed(provider)
        except (NoAnswerError, RefusedError) as error:
            log.warning("%s does not list what happened: %s", provider, error)
    for event in inbox.open_events():
        try:
            inbox.follow(event)
        except NoAnswerError:
            break
    for org in lookups.all_orgs():
        told += organization(org)
    _alarm(drift=told["drift"])
    inbox.prune()
    return told


def organization(key: UUID) -> Counter[str]:
    """Send what has no answer, then compare. Outside of a scope."""
    told: Counter[str] = Counter()
    with scope(key):
        org = Org.objects.get(pk=key)
        letters.trial_ends(org)
        accounts = list(BillingAccount.objects.of(org).order_by("provider"))
    told["answered"] += commands.send_open(key)
    commands.prune(key)
    for account in accounts:
        if account.provider not in settings.BILLING:
            continue
        try:
            told["accounts"] += 1
            drift = refresh.look(org, account.provider)
            flows.end_replaced(org)
            if drift:
                told["drift"] += 1
                with scope(key):
                    emit("billing.drift", account.pk, provider=account.provider)
        except (NoAnswerError, RefusedError) as error:
            log.warning("The %s account of %s was not compared: %s", account.provider, key, error)
    return told


def _missed(provider: str) -> int:
    """Take in what the provider lists and never told us, or told while nobody listened."""
    keys = settings.BILLING[provider]
    rows = way(keys, None).changed(_since(provider))
    return sum(inbox.note(provider, event, kind, thing) for event, kind, thing in rows)


def _since(provider: str) -> datetime:
    newest = BillingEventInbox.objects.filter(provider=provider).order_by("-received_at").first()
    oldest = clock.now() - inbox.LOOKED_BACK
    # From before the hour that was last compared: what comes twice is taken in once.
    return max(newest.received_at - SILENT_AFTER - OVERLAP, oldest) if newest else oldest


def _alarm(*, drift: int) -> None:
    """What a person has to look at, in the log."""
    heard = BillingEventInbox.objects.filter(received_at__gte=clock.now() - SILENT_AFTER)
    if drift and not heard.exists():
        log.error(
            "%d accounts changed and no payment provider told of it for 26 hours: see at its dashboard whether the endpoint "
            "is enabled (Razorpay disables one that failed for a day).",
            drift,
        )
    parked = BillingEventInbox.objects.filter(
        state=BillingEventInbox.State.PARKED, received_at__lt=clock.now() - ALARM_AFTER
    )
    if count := parked.count():
        log.error(
            "%d notices of payment providers are of no organization that we know: see `vallum-web manage billing`.",
            count,
        )
