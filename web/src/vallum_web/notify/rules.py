"""Writes of rules: make, change, delete; and forget those of people who left."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vallum_web.accounts.models import Membership
from vallum_web.notify import follow, telling
from vallum_web.notify.models import Rhythm, Rule, Webhook
from vallum_web.notify.rhythm import next_at
from vallum_web.notify.services import RefusedError
from vallum_web.tenancy import clock, events
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

MOST = 50
MOST_OWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a rule is to be."""

    name: str
    occasions: tuple[str, ...]
    way: str
    rhythm: str
    severity: int = 0
    kinds: tuple[str, ...] = ()
    team: UUID | None = None
    importance: int | None = None
    audience: str = ""
    webhook: UUID | None = None
    on: bool = True


def draft(org: Org, person: UUID | None, wanted: Wanted) -> Rule:
    """A rule as it would be, for its preview; nothing is written. Raises RefusedError."""
    rule = Rule(org=org, person=person)
    _put(org, rule, wanted)
    return rule


def make(org: Org, by: UUID, wanted: Wanted, *, own: bool) -> Rule:
    """It tells of what happens from now on. `own`: it is the person's, and tells nobody else. Raises RefusedError."""
    with scope(org.pk, user=by):
        person, most = (by, MOST_OWN) if own else (None, MOST)
        if Rule.objects.of(org).filter(person=person).count() >= most:
            raise RefusedError(f"There are {most} rules already: change or delete one.")
        rule = draft(org, person, wanted)
        rule.made_by = by
        _begin(rule)
        rule.save(force_insert=True)
        follow.begin(org)
        if rule.person is None:  # what a person wants to be told of is no matter of the audit log
            emit("notification.made", rule.pk, **_facts(rule))
        return rule


def change(org: Org, key: UUID, by: UUID, wanted: Wanted, *, own: bool) -> Rule:
    """Raises Rule.DoesNotExist, RefusedError. What waited for its hour is told by the changed rule."""
    with scope(org.pk, user=by):
        rule = _held(org, key, by if own else None)
        was_on, rhythm = rule.on, rule.rhythm
        _put(org, rule, wanted)
        if not was_on or rhythm == Rhythm.ONCE:
            _begin(rule)
        rule.due_at = next_at(rule.rhythm, clock.now(), telling.place(rule))
        rule.changed_at = clock.now()
        rule.save()
        if rule.person is None:
            emit("notification.changed", rule.pk, **_facts(rule))
        return rule


def delete(org: Org, key: UUID, by: UUID, *, own: bool) -> None:
    """Raises Rule.DoesNotExist."""
    with scope(org.pk, user=by):
        rule = _held(org, key, by if own else None)
        if rule.person is None:
            emit("notification.deleted", rule.pk, **_facts(rule))
        rule.delete()


def prune(org: UUID) -> int:
    """Forget the rules of people who no longer belong to the organization."""
    with scope(org):
        members = Membership.objects.of(org).values("user")
        gone, _ = Rule.objects.of(org).filter(person__isnull=False).exclude(person__in=members).delete()
        return gone


def _begin(rule: Rule) -> None:
    """Nothing that happened before is told."""
    now = clock.now()
    rule.transaction, rule.due_seen = events.settled(), now
    rule.due_at = next_at(rule.rhythm, now, telling.place(rule))


def _held(org: Org, key: UUID, person: UUID | None) -> Rule:
    row: Rule = Rule.objects.of(org).select_for_update().get(pk=key, person=person)
    return row


def _put(org: Org, rule: Rule, wanted: Wanted) -> None:
    channel = wanted.way == Rule.Way.CHANNEL
    if rule.person and channel:
        raise RefusedError("A rule of your own tells you alone: by a notice or by mail.")
    if channel and wanted.rhythm == Rhythm.ONCE:
        raise RefusedError(
            "A webhook tells at once by itself: choose what on its own page, or once an hour or a day here."
        )
    if channel and wanted.webhook is None:
        raise RefusedError("Choose the webhook or chat that is to be told.")
    if not rule.person and not channel and not wanted.audience:
        raise RefusedError("Choose who is to be told.")
    if wanted.audience == Rule.Audience.TEAM and not channel and wanted.team is None:
        raise RefusedError("To tell a team, narrow the rule to its assets.")
    named = Webhook.objects.of(org).filter(pk=wanted.webhook) if wanted.webhook else Webhook.objects.none()
    rule.webhook = named.first() if channel else None
    if channel and rule.webhook is None:
        raise RefusedError("This webhook is gone: choose another.")
    rule.audience = "" if rule.person or channel else wanted.audience
    for name, value in _plain(wanted).items():
        setattr(rule, name, value)


def _plain(wanted: Wanted) -> dict[str, Any]:
    return {
        "name": wanted.name,
        "occasions": list(wanted.occasions),
        "way": wanted.way,
        "rhythm": wanted.rhythm,
        "severity": wanted.severity,
        "kinds": list(wanted.kinds),
        "team": wanted.team,
        "importance": wanted.importance,
        "on": wanted.on,
    }


def _facts(rule: Rule) -> dict[str, Any]:
    facts = {"name": rule.name, "way": rule.way, "rhythm": rule.rhythm, "audience": rule.audience, "on": rule.on}
    return {**facts, "occasions": rule.occasions}
