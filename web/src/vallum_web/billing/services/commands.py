"""What we ask of a provider: written down first, sent under a key of its own, and sent again until there is an answer."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from vallum_web.billing.lock import held
from vallum_web.billing.models import BillingCommand
from vallum_web.billing.providers import way
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

State = BillingCommand.State
OPEN = frozenset({State.WAITING, State.SENT})
CONFLICT = 409
UNANSWERED = timedelta(minutes=10)
"""What was sent and has no answer for so long is sent again."""
TOO_OLD = timedelta(hours=23)
"""A key of repetition is good for 24 hours. Later only that is sent again which does no harm twice."""
SETS = frozenset({"change", "lower", "cancel", "resume"})
"""Kinds that say how something is to be. Of two about one subscription the later counts."""
KEPT_FOR = timedelta(days=400)


def write(org: Org, by: UUID | None, provider: str, kind: str, args: Mapping[str, Any]) -> BillingCommand:
    with scope(org.pk, user=by):
        command = BillingCommand.objects.create(
            org=org, provider=provider, kind=kind, args=dict(args), asked_by=by, asked_at=clock.now()
        )
        emit("billing.asked", command.pk, provider=provider, what=kind, **_told(args))
        return command


def send(command: BillingCommand) -> BillingCommand:
    """Outside of a scope. Raises NoAnswerError, after which the hourly job sends it again, and RefusedError.

    Sent by one process at a time: for what another one did meanwhile, or somebody took back, nothing is sent.
    """
    with held(command.org_id, command.provider):
        was = _take(command)
        if was in OPEN:
            _send(command, again=was == State.SENT)
    if command.state == State.REFUSED:
        raise RefusedError(CONFLICT, command.error, f"It is not sent any more: {command.error}.")
    return command


def _take(command: BillingCommand) -> str:
    """As it is now; what is open is then sent. The state before."""
    rows = BillingCommand.objects.of(command.org_id).select_for_update()
    with scope(command.org_id):
        command.refresh_from_db(from_queryset=rows)
        was = command.state
        if was in OPEN:
            command.state, command.sent_at = State.SENT, command.sent_at or clock.now()
            command.save(update_fields=["state", "sent_at"])
    return was


def _send(command: BillingCommand, *, again: bool) -> None:
    key = f"{command.kind}/{command.pk}"
    to = way(settings.BILLING[command.provider], command.org_id)
    try:
        # A provider without keys of repetition is asked first whether the last attempt came through.
        made = (to.find(command.kind, command.args, key) if again else None) or to.do(command.kind, command.args, key)
    except RefusedError as error:
        _move(command, State.REFUSED, error=error.code[:200])
        raise
    _move(command, State.DONE, result_id=made[:100])


def carry_out(org: Org, by: UUID | None, provider: str, kind: str, args: Mapping[str, Any]) -> BillingCommand:
    """Write and send. Raises NoAnswerError, RefusedError."""
    return send(write(org, by, provider, kind, args))


def send_open(org: UUID, providers: Collection[str]) -> int:
    """Send what is due and has no answer; how many have one now."""
    now = clock.now()
    with scope(org):
        found = BillingCommand.objects.of(org).filter(state__in=OPEN, provider__in=providers).order_by("id")
        rows = [
            row
            for row in found
            if _due(row, now.isoformat()) and (row.sent_at is None or row.sent_at < now - UNANSWERED)
        ]
    answered = 0
    for row in rows:
        if row.sent_at and row.sent_at < now - TOO_OLD and not _harmless(row):
            _move(row, State.REFUSED, error="no_answer")
            continue
        try:
            send(row)
            answered += 1
        except RefusedError:
            answered += 1
        except NoAnswerError:
            return answered
    return answered


def _harmless(row: BillingCommand) -> bool:
    """Whether it may be sent after its key is forgotten: a refund is looked for first, and what sets something sets it once more."""
    if row.kind in {"refund", "end"}:
        return True
    if row.kind not in SETS:
        return False
    with scope(row.org_id):
        later = BillingCommand.objects.of(row.org_id).filter(pk__gt=row.pk, kind__in=SETS | {"end"}, state=State.DONE)
        return not later.filter(args__subscription=row.args["subscription"]).exists()


def _due(row: BillingCommand, now: str) -> bool:
    """Times are written alike, so that they compare as texts."""
    return not row.args.get("waits") and str(row.args.get("due", "")) <= now


def take_back(org: Org, by: UUID, key: UUID) -> bool:
    """What is planned for later and not sent yet is not sent."""
    with scope(org.pk, user=by):
        rows = BillingCommand.objects.of(org).filter(pk=key, state=State.WAITING, sent_at=None)
        done = bool(rows.update(state=State.REFUSED, error="taken_back"))
        if done:
            emit("billing.taken_back", key)
        return done


def prune(org: UUID) -> int:
    with scope(org):
        gone: int = BillingCommand.objects.of(org).filter(asked_at__lt=clock.now() - KEPT_FOR).delete()[0]
        return gone


def _move(command: BillingCommand, state: BillingCommand.State, **more: Any) -> None:
    """At once and in a transaction of its own: a crash afterwards does not unsay it."""
    with scope(command.org_id):
        BillingCommand.objects.of(command.org_id).filter(pk=command.pk, state__in=OPEN).update(state=state, **more)
    for name, value in {"state": state, **more}.items():
        setattr(command, name, value)


def _told(args: Mapping[str, Any]) -> dict[str, Any]:
    return {name: args[name] for name in ("plan", "period", "seats", "amount", "due") if name in args}
