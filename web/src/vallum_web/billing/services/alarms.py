"""What a person who runs the platform has to look at: into the log, and by mail to all of them once a day for each."""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from vallum_web.billing.models import BillingEventInbox
from vallum_web.billing.providers import way
from vallum_web.billing.services import letters, refresh
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.mail.letters import letter
from vallum_web.tenancy import clock

log = logging.getLogger(__name__)
PARKED_FOR = timedelta(hours=1)
SILENT_FOR = timedelta(hours=26)
"""Longer than a day, in which a small installation may have no renewal, and than the one for which Razorpay tries again."""
State = BillingEventInbox.State


def sound(told: Counter[str]) -> list[str]:
    """`told` is what the hourly comparison counted. Which alarms there were."""
    found = [*_silent(told), *_disabled(), *_parked(), *_over(told)]
    for name, text in found:
        log.error("%s", text)
        said = letter("payments_alarm", what=text, link=f"{settings.PUBLIC_URL}/operator/disputes/")
        letters.tell_operators(said, once=f"alarm/{name}/{clock.now():%Y-%m-%d}")
    return [name for name, _ in found]


def _silent(told: Counter[str]) -> Iterator[tuple[str, str]]:
    """Charges were due, or something was made, and no notice came: what a list told of is no notice."""
    since = clock.now() - SILENT_FOR
    for provider in sorted(settings.BILLING):
        rows = BillingEventInbox.objects.filter(provider=provider, received_at__gte=since)
        heard = rows.filter(Q(state=State.IGNORED) | ~Q(body_sha256=b"")).exists()
        if (told[f"due/{provider}"] or told[f"missed/{provider}"]) and not heard:
            yield (
                f"silent/{provider}",
                (
                    f"Charges were due at {provider}, and it told nothing for {SILENT_FOR.total_seconds() / 3600:.0f} hours: see at "
                    "its dashboard whether the endpoint is enabled (Razorpay disables one that failed for a day)."
                ),
            )


def _disabled() -> Iterator[tuple[str, str]]:
    for provider, keys in sorted(settings.BILLING.items()):
        try:
            off = way(keys, None).disabled(f"{settings.PUBLIC_URL}/hooks/{provider}/")
        except (NoAnswerError, RefusedError) as error:
            log.info("%s does not say whether its endpoint is enabled: %s", provider, error)
            continue
        if off:
            yield f"disabled/{provider}", f"The webhook endpoint at {provider} is disabled: enable it at its dashboard."


def _parked() -> Iterator[tuple[str, str]]:
    rows = BillingEventInbox.objects.filter(state=State.PARKED, received_at__lt=clock.now() - PARKED_FOR)
    rows = rows.exclude(error=refresh.BEING_DELETED)
    if count := rows.count():
        yield (
            "parked",
            (
                f"Notices of payment providers about no organization that we know: {count}. See `vallum-web manage billing parked`."
            ),
        )


def _over(told: Counter[str]) -> Iterator[tuple[str, str]]:
    if count := told["over"]:
        yield (
            "over",
            (
                f"{count} organizations have more members than seats that are paid: members join under a lock, so somebody made the "
                "seats fewer at the provider. Their owners are told."
            ),
        )
