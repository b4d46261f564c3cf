"""Money that always reconciles: every hour each account is compared with its provider, and what was missed is made up for."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from vallum_web.billing import queries
from vallum_web.billing.models import BillingAccount, BillingEventInbox, InvoiceRef
from vallum_web.billing.providers import way
from vallum_web.billing.services import alarms, commands, disputes, flows, inbox, leaving, letters, refresh
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

log = logging.getLogger(__name__)
OVERLAP = timedelta(hours=2)
ON_ITS_WAY = timedelta(hours=1)
"""A notice may take so long: what happened since then need not be told yet."""
ENOUGH = 3
"""After so many accounts of which a provider said nothing, the others are not asked about in this hour."""


def everything() -> Counter[str]:
    """What was looked at, and what differed. A provider that does not answer is tried again an hour later."""
    told: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    for provider in sorted(settings.BILLING):
        try:
            told[f"missed/{provider}"] = _missed(provider)
            told["missed"] += told[f"missed/{provider}"]
        except (NoAnswerError, RefusedError) as error:
            silent[provider] += 1
            log.warning("%s does not list what happened: %s", provider, error)
    for row in disputes.look():
        inbox.note(*row)
    for event in inbox.open_events():
        try:
            inbox.follow(event)
        except NoAnswerError:
            break
    for org in lookups.all_orgs():
        told += organization(org, silent)
    alarms.sound(told)
    told["dropped"] = leaving.dropped()
    return told


def organization(key: UUID, silent: Counter[str] | None = None) -> Counter[str]:
    """Send what has no answer, then compare. Outside of a scope. `silent` counts how often a provider gave no answer."""
    told: Counter[str] = Counter()
    silent = Counter() if silent is None else silent
    with scope(key):
        org = Org.objects.filter(pk=key).first()
        if org is None:
            return told  # it is being deleted: what is asked of its providers then is not asked here
        letters.trial_ends(org)
        accounts = list(BillingAccount.objects.of(org).order_by("provider"))
    asked = [each for each in settings.BILLING if silent[each] < ENOUGH]
    told["answered"] += commands.send_open(key, asked)
    for account in accounts:
        if account.provider in asked:
            told += _compared(org, account, silent)
    with scope(key):
        told["over"] += _over(org)
    return told


def _compared(org: Org, account: BillingAccount, silent: Counter[str]) -> Counter[str]:
    told = Counter({"accounts": 1})
    try:
        drift = refresh.look(org, account.provider)
        flows.end_replaced(org)
    except (NoAnswerError, RefusedError) as error:
        silent[account.provider] += isinstance(error, NoAnswerError)
        log.warning("The %s account of %s was not compared: %s", account.provider, org.pk, error)
        return told
    with scope(org.pk):
        if drift:
            told["drift"] += 1
            emit("billing.drift", account.pk, provider=account.provider)
        now = clock.now()
        issued = (now - alarms.SILENT_FOR, now - ON_ITS_WAY)
        bills = InvoiceRef.objects.of(org).filter(account=account, issued_at__range=issued)
        told[f"due/{account.provider}"] += bills.count()
    return told


def _over(org: Org) -> bool:
    """More members than seats that are paid: the owners are told, once for each number. Inside of its scope."""
    seats = queries.too_few_seats(org)
    if seats is not None:
        letters.too_few_seats(org, *seats)
    return seats is not None


def _missed(provider: str) -> int:
    """Take in what the provider lists and never told us, or told while nobody listened."""
    keys = settings.BILLING[provider]
    rows = way(keys, None).changed(_since(provider))
    return sum(inbox.note(provider, event, kind, thing) for event, kind, thing in rows)


def _since(provider: str) -> datetime:
    newest = BillingEventInbox.objects.filter(provider=provider).order_by("-received_at").first()
    oldest = clock.now() - inbox.LOOKED_BACK
    # From before the hour that was last compared: what comes twice is taken in once.
    return max(newest.received_at - alarms.SILENT_FOR - OVERLAP, oldest) if newest else oldest
