"""Telling by rules: at once what just happened, together what happened since the last time. Inside the follower's transaction.

Killed at any point, nobody was told and no rule has moved on: the next round tells the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from vallum_web.accounts.models import User
from vallum_web.mail import notices
from vallum_web.mail import queries as mails
from vallum_web.mail import services as outbox
from vallum_web.mail.letters import Letter, letter
from vallum_web.mail.recipients import Recipient
from vallum_web.notify import chat, happened, payload, recipients
from vallum_web.notify.happened import OF_DATES, Span, Step
from vallum_web.notify.models import Delivery, Occasion, Rhythm, Rule, Webhook
from vallum_web.notify.rhythm import next_at
from vallum_web.tenancy import clock, events
from vallum_web.tenancy.models import Org

LINES = 10
LONGEST = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a rule says at one time. `kind` is a kind of mail."""

    at: datetime
    kind: str
    title: str
    lines: Sequence[str]
    steps: Sequence[Step]
    letter: Letter


def at_once(org: Org, span: Span) -> None:
    """What many rules ask for in the same words is looked up once."""
    known: dict[str, Sequence[Told]] = {}
    for rule in Rule.objects.of(org).filter(on=True, rhythm=Rhythm.ONCE).order_by("pk"):
        asked = repr((rule.occasions, rule.severity, rule.kinds, rule.team, rule.importance))
        if asked not in known:
            known[asked] = [of_step(org, rule, step) for step in happened.steps(org, rule, span)]
        for told in known[asked]:
            _tell(org, rule, told)


def together(org: Org, now: datetime) -> None:
    """Of each rule whose time has come, all since the last time in one."""
    due = Rule.objects.of(org).filter(on=True, due_at__lte=now).order_by("pk")
    for rule in due.select_for_update(skip_locked=True):
        upto = events.settled()
        # A restored copy of the database counts its transactions anew.
        span = Span(after=min(rule.transaction, upto), upto=upto, since=rule.due_seen, until=now)
        if steps := happened.steps(org, rule, span):
            _tell(org, rule, of_many(org, rule, steps, now))
        rule.transaction, rule.due_seen, rule.due_at = upto, now, next_at(rule.rhythm, now, place(rule))
        rule.save(update_fields=["transaction", "due_seen", "due_at"])


def stopped(webhook: Webhook) -> None:
    """The owners are told that it tells nobody any more, in the transaction that switches it off."""
    org = webhook.org
    link = payload.site(reverse("notify:webhook", args=[org.slug, webhook.pk]))
    said = letter("webhook_stopped", name=webhook.name, org=org.name, why=webhook.stopped_why, link=link)
    owners = recipients.owners(org)
    notices.post_all([user.pk for user in owners], "security", said, org=org.pk)
    _mail(owners, "security", said, org)


def place(rule: Rule) -> str:
    """The time zone of whoever is told; of an organization UTC."""
    return mails.chosen(rule.person).zone if rule.person else "UTC"


def would_have(org: Org, rule: Rule, span: Span) -> Iterator[tuple[datetime, Sequence[Step]]]:
    """When it would have told of what, the newest first."""
    found = happened.steps(org, rule, span)
    if rule.rhythm == Rhythm.ONCE:
        yield from ((step.at, [step]) for step in reversed(found))
        return
    where, boxes = place(rule), dict[datetime, list[Step]]()
    for step in found:
        boxes.setdefault(next_at(rule.rhythm, step.at, where) or step.at, []).append(step)
    yield from sorted(boxes.items(), key=lambda box: box[0], reverse=True)


def of_step(org: Org, rule: Rule, step: Step) -> Told:
    lines = _short(happened.lines(org, rule, [step], LINES))
    link = payload.site(step.path) if step.path else _worklist(org)
    title = step.text or happened.sentence([step])
    if step.occasion == Occasion.DUE_SOON:
        said = letter("due_soon", count=step.count, org=org.name, when="within two days", lines=lines, link=link)
    elif step.occasion == Occasion.OVERDUE:
        said = letter("overdue", count=step.count, org=org.name, lines=lines, link=link)
    else:
        said = letter("alert", title=title, org=org.name, facts=lines, link=link)
    kind = "sla" if step.occasion in OF_DATES else "alert"
    return Told(at=step.at, kind=kind, title=title, lines=lines, steps=[step], letter=said)


def of_many(org: Org, rule: Rule, steps: Sequence[Step], at: datetime) -> Told:
    lines, title = _short(happened.lines(org, rule, steps, LINES)), happened.sentence(steps)
    count = sum(step.count for step in steps)
    said = letter("digest", count=count, org=org.name, lines=[title, *lines], link=_worklist(org))
    return Told(at=at, kind="digest", title=title, lines=lines, steps=steps, letter=said)


def _tell(org: Org, rule: Rule, told: Told) -> None:
    if rule.way == Rule.Way.CHANNEL:
        _send(org, rule, told)
        return
    people = recipients.of(org, rule)
    if rule.way == Rule.Way.INBOX:
        notices.post_all([user.pk for user in people], told.kind, told.letter, org=org.pk)
        return
    _mail(people, told.kind, told.letter, org)


def _mail(people: Iterable[User], kind: str, said: Letter, org: Org) -> None:
    for user in people:
        outbox.queue(kind=kind, to=Recipient(address=user.email, person=user.pk), letter=said, org=org.pk)


def _send(org: Org, rule: Rule, told: Told) -> None:
    webhook = rule.webhook
    if webhook is None or not webhook.on:
        return
    now = clock.now()
    data = payload.digest(org, rule, told.title, told.lines, told.steps)
    body = chat.body(webhook.shape, payload.message(org, payload.DIGEST, told.at, data))
    Delivery.objects.create(org=org, webhook=webhook, occasion=payload.DIGEST, body=body, made_at=now, due_at=now)


def _worklist(org: Org) -> str:
    return payload.site(reverse("findings:worklist", args=[org.slug]))


def _short(lines: Sequence[str]) -> list[str]:
    return [line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…" for line in lines]
