"""Notices of providers: taken in once each, and followed by asking the provider what there is to know."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from vallum_web.billing.models import BillingEventInbox
from vallum_web.billing.providers import follows, way
from vallum_web.billing.providers.signature import Notice
from vallum_web.billing.seen import NOTHING, Whose
from vallum_web.billing.services import disputes, leaving, refresh
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy import clock
from vallum_web.tenancy.jobs import enqueue_alone

FOLLOW = "billing.follow"
KEPT_FOR = timedelta(days=400)
LOOKED_BACK = timedelta(days=30)
State = BillingEventInbox.State
ENDED = frozenset({State.DONE, State.IGNORED, State.DROPPED})


def receive(provider: str, notice: Notice) -> bool:
    """Note it and ask for the work, in one transaction. A repeated one changes nothing; whether it was new."""
    followed = follows(provider, notice.type)
    row = BillingEventInbox(
        provider=provider,
        event_id=notice.event_id,
        type=notice.type,
        object_id=notice.object_id if followed else "",
        body_sha256=notice.sha256 if followed else b"",
        received_at=clock.now(),
        state=State.WAITING if followed else State.IGNORED,
    )
    with transaction.atomic():
        BillingEventInbox.objects.bulk_create([row], ignore_conflicts=True)
        # Another's row under this event has another key: then ours was the repetition.
        new = BillingEventInbox.objects.filter(pk=row.pk).exists()
        if new and followed:
            enqueue_alone(FOLLOW, event=str(row.pk))
    return new


def note(provider: str, event_id: str, kind: str, object_id: str) -> bool:
    """As `receive`, for what a provider's list tells and no notice did: there is no body, and no digest of one."""
    return receive(provider, Notice(event_id=event_id, type=kind, object_id=object_id, sha256=b"", live=None))


def follow(event: UUID) -> None:
    """Find out whose it is, and bring their account up to date. Raises NoAnswerError: then it is followed again later."""
    row = BillingEventInbox.objects.filter(pk=event).first()
    if row is None or row.state in ENDED or row.provider not in settings.BILLING:
        return
    with transaction.atomic():
        BillingEventInbox.objects.filter(pk=event).update(attempts=F("attempts") + 1)
    try:
        found = way(settings.BILLING[row.provider], None).whose(row.object_id)
        disputed = row.type.startswith(disputes.KINDS)
        gone = found is not None and leaving.gone(row.provider, found.customer_id)
        if gone and not disputed:
            _settle(row, State.DROPPED, "", object_id="")
            return
        told = refresh.account(found.org, row.provider, found) if found and found.org and not gone else ""
        if disputed:
            # Whoever it was, somebody has to answer it.
            disputes.tell(found.org if found else None, row.provider, row.object_id)
    except NoAnswerError as error:
        _settle(row, State.WAITING, str(error))
        raise
    except RefusedError as error:
        _settle(row, State.PARKED, f"{error.code}: {error}")
        return
    if found == NOTHING:
        _settle(row, State.IGNORED, "")
        return
    known = found is not None and found.org is not None and not told
    _settle(row, State.DONE if known else State.PARKED, "" if known else told or _unknown(found))


def _unknown(found: Whose | None) -> str:
    return "It names no organization." if found else "The provider knows it no more."


def _settle(row: BillingEventInbox, state: BillingEventInbox.State, error: str, **more: str) -> None:
    with transaction.atomic():
        BillingEventInbox.objects.filter(pk=row.pk).update(state=state, error=error[:200], **more)


def open_events() -> list[UUID]:
    """What is still to be followed, the oldest first."""
    recent = Q(state=State.PARKED, received_at__gte=clock.now() - LOOKED_BACK)
    rows = BillingEventInbox.objects.filter(Q(state=State.WAITING) | recent)
    return list(rows.order_by("received_at").values_list("pk", flat=True)[:1000])


def prune() -> int:
    return BillingEventInbox.objects.filter(received_at__lt=clock.now() - KEPT_FOR).delete()[0]
