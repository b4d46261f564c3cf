"""Suspending, appealing against it, deciding about that, and its end: each is told to whom it concerns, by mail and on the site."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.services import operators
from vallum_web.accounts.suspensions import queries
from vallum_web.accounts.suspensions.models import Appeal, Suspension
from vallum_web.accounts.suspensions.rules import Clause
from vallum_web.mail import services as mails
from vallum_web.mail.letters import Letter, letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Leaving, Org, Suspended
from vallum_web.tenancy.scope import Purpose, scope

log = logging.getLogger(__name__)
KIND = "suspension"
NOTICE = timedelta(hours=72)
"""Between telling somebody and stopping them, where nobody is harmed meanwhile."""
ANSWERED_IN = timedelta(days=14)
ALONE_AFTER = timedelta(hours=24)
"""Where two persons are wanted and one exists, a day stands for the second."""
KEPT_FOR = timedelta(days=3 * 365)
TIME_OVER = "Its time is over."
ENDED_BEFORE = "Ended before a restore."
Whose = Suspension.Whose
Outcome = Appeal.Outcome


class NotNowError(ValueError):
    """What cannot be done as things stand; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A suspension that an operator asks for."""

    whose: str
    subject: UUID
    clause: str
    reason: str
    until: datetime | None = None
    urgent: bool = False


def suspend(wanted: Wanted, by: User) -> Suspension:
    """From three days on, or at once where others are harmed. Raises NotNowError."""
    if not is_mfa_enabled(by):
        raise NotNowError("Operators sign in with a second step: set one up under Your account first.")
    if wanted.subject == by.pk:
        raise NotNowError("Nobody suspends themselves.")
    now = clock.now()
    starts = now if wanted.urgent else now + NOTICE
    if wanted.until and wanted.until <= starts:
        raise NotNowError(f"It would begin on {starts:%Y-%m-%d %H:%M} UTC: its end has to be later.")
    row = Suspension(
        whose=Whose(wanted.whose),
        subject=wanted.subject,
        clause=Clause(wanted.clause),
        reason=wanted.reason,
        urgent=wanted.urgent,
        made_at=now,
        made_by=by.pk,
        starts_at=starts,
        until=wanted.until,
    )
    try:
        with _room(row, by.pk):
            row.save(force_insert=True)
            _put_in_force(row)
            if _is_there(row):
                emit("org.suspended", row.subject, clause=row.clause, reason=row.reason, until=_day(row.until))
            _tell_all(row, "suspended", **_facts(row))
    except IntegrityError:
        raise NotNowError("There is a suspension already: end that one first.") from None
    return row


def put_back(whose: str, subject: UUID, clause: str, at: datetime) -> None:
    """After a restore: whoever was suspended since is so again. Of why, the ledger knows the clause alone."""
    row = Suspension(
        whose=Whose(whose),
        subject=subject,
        clause=Clause(clause),
        reason="As told when it was decided; put back after a restore.",
        made_at=at,
        starts_at=at,
    )
    with transaction.atomic():
        if queries.open_of(subject) is None:
            row.save(force_insert=True)
            Suspended.objects.update_or_create(pk=subject, defaults={"since": at, "until": None})


def _put_in_force(row: Suspension) -> None:
    Suspended.objects.update_or_create(pk=row.subject, defaults={"since": row.starts_at, "until": row.until})
    tombstones.record("suspended", row.subject, reason=row.whose, value=row.clause, org=_tenant(row))


def appeal(key: UUID, by: User, text: str) -> Appeal:
    """Whoever calls has made sure that they may speak for who is suspended. Raises NotNowError."""
    with transaction.atomic():
        row = Suspension.objects.select_for_update().get(pk=key)
        free = queries.may_appeal_from(row)
        if free is None or free > clock.now():
            raise NotNowError("It is over, or there is an appeal already: one at a time is decided.")
        now = clock.now()
        made = Appeal.objects.create(suspension=row, text=text, made_at=now, made_by=by.pk, due_at=now + ANSWERED_IN)
        with _room(row, by.pk):
            if _is_there(row):
                emit("org.suspension_appealed", row.subject, due=_day(made.due_at))
            received = letter("appeal_received", what=_what(row), day=_day(made.due_at), link=_link(row))
            _tell_one(by, received, row)
        _tell_operators(made)
        return made


def decide(key: UUID, by: User, *, lifted: bool, words: str) -> Appeal:
    """By another operator than whoever suspended; where there is none, a day later by the same. Raises NotNowError."""
    with transaction.atomic():
        row = (
            Suspension.objects.select_for_update()
            .filter(pk__in=Appeal.objects.filter(pk=key).values("suspension"))
            .first()
        )
        made = Appeal.objects.select_for_update().filter(pk=key, decided_at=None).first()
        if row is None or made is None:
            raise NotNowError("It is decided already.")
        if row.ended_at:
            raise NotNowError("The suspension is over already.")
        made.suspension = row
        made.alone = _may_decide(made, by)
        made.decided_at, made.decided_by, made.words = clock.now(), by.pk, words
        made.outcome = Outcome.LIFTED if lifted else Outcome.KEPT
        made.save(update_fields=["decided_at", "decided_by", "words", "outcome", "alone"])
        with _room(row, by.pk):
            if _is_there(row):
                emit("org.suspension_decided", row.subject, outcome=made.outcome, reason=words)
            if lifted:
                _end(row, by.pk, words)
            told = letter(
                "appeal_decided", what=_what(row), lifted=lifted, reason=words, days=queries.AGAIN.days, link=_link(row)
            )
            _tell_each(row, told)
        return made


def _may_decide(made: Appeal, by: User) -> bool:
    """Whether they decide alone. Raises NotNowError where they may not."""
    _demand_outsider(made.suspension, by)
    if by.pk == made.made_by:
        raise NotNowError("Nobody decides about their own appeal.")
    if by.pk != made.suspension.made_by:
        return False
    if queries.others(by.pk, made.made_by):
        raise NotNowError("You suspended them, so another operator decides about the appeal.")
    if clock.now() < made.made_at + ALONE_AFTER:
        raise NotNowError(
            f"There is no second operator, so a day stands for one: from {made.made_at + ALONE_AFTER:%Y-%m-%d %H:%M} UTC on you may decide."
        )
    return True


def _demand_outsider(row: Suspension, by: User) -> None:
    """Whoever suspended may take it back; nobody else ends what they are stopped by themselves. Raises NotNowError."""
    with _room(row, by.pk):
        mine = row.whose == Whose.ORG and Membership.objects.of(row.subject).filter(user=by).exists()
    if (mine or row.subject == by.pk) and row.made_by != by.pk:
        raise NotNowError("It concerns you yourself, so another operator decides.")


def lift(key: UUID, by: User, reason: str) -> None:
    """End it before its time; an appeal that waits is thereby decided. Raises NotNowError."""
    with transaction.atomic():
        row = Suspension.objects.select_for_update().filter(pk=key, ended_at=None).first()
        if row is None:
            raise NotNowError("It is over already.")
        _demand_outsider(row, by)
        with _room(row, by.pk):
            _end(row, by.pk, reason)
            _tell_all(row, "suspension_ended", what=_what(row), reason=reason)


def end_over() -> int:
    """Write down the end of those whose time is over: doors and jobs know by themselves. How many there were."""
    over = list(queries.held().filter(until__lte=clock.now()).values_list("pk", flat=True))
    return sum(map(_end_in_time, over))


def _end_in_time(key: UUID) -> bool:
    try:
        with transaction.atomic():
            row = Suspension.objects.select_for_update().filter(pk=key, ended_at=None).first()
            if row is None:
                return False
            with _room(row, None):
                _end(row, None, TIME_OVER)
                _tell_all(row, "suspension_ended", what=_what(row), reason=TIME_OVER)
    except Exception:  # one that cannot be ended keeps no other from its end
        log.exception("suspension %s was not ended", key)
        return False
    return True


def _end(row: Suspension, by: UUID | None, reason: str) -> None:
    """With it whatever appeal still waits: nothing is left to be decided."""
    now = clock.now()
    row.ended_at, row.ended_by, row.end_reason = now, by, reason
    row.save(update_fields=["ended_at", "ended_by", "end_reason"])
    outcome = Outcome.LIFTED if by else ""
    row.appeals.filter(decided_at=None).update(decided_at=now, decided_by=by, words=reason, outcome=outcome)
    Suspended.objects.filter(pk=row.subject).delete()
    tombstones.record("suspension.ended", row.subject, reason=row.whose, org=_tenant(row))
    if _is_there(row):
        emit("org.suspension_ended", row.subject, reason=reason)


def end_again(subject: UUID, at: datetime) -> None:
    """After a restore: what was ended since is ended again."""
    with transaction.atomic():
        held = Suspension.objects.filter(subject=subject, ended_at=None)
        waiting = Appeal.objects.filter(suspension__in=held.values("pk"), decided_at=None)
        waiting.update(decided_at=at, words=ENDED_BEFORE)
        held.update(ended_at=at, end_reason=ENDED_BEFORE)
        Suspended.objects.filter(pk=subject).delete()


def forget(subject: UUID) -> int:
    """Of who was erased: whatever held them is over, and no free text about it is left. Of how many; twice is as once."""
    with transaction.atomic():
        rows = Suspension.objects.filter(subject=subject)
        for row in rows.select_for_update().filter(ended_at=None):
            tombstones.record("suspension.ended", subject, reason=row.whose, org=_tenant(row))
        rows.filter(ended_at=None).update(ended_at=clock.now())
        Suspended.objects.filter(pk=subject).delete()
        appeals = Appeal.objects.filter(suspension__subject=subject)
        appeals.filter(decided_at=None).update(decided_at=clock.now())
        appeals.update(text="", words="")
        return rows.update(reason="", end_reason="")


def prune() -> int:
    """Forget what ended three years ago."""
    return Suspension.objects.filter(ended_at__lt=clock.now() - KEPT_FOR).delete()[0]


@contextmanager
def _room(row: Suspension, by: UUID | None) -> Iterator[None]:
    """The transaction in which a suspension changes: an organization's is in its audit log, also while it is being deleted."""
    if row.whose == Whose.ORG:
        with scope(row.subject, user=by, purpose=Purpose.PRIVACY):
            yield
    else:
        with transaction.atomic():
            yield


def _tenant(row: Suspension) -> UUID | None:
    return row.subject if row.whose == Whose.ORG else None


def _org(row: Suspension) -> Org | None:
    """None once it is deleted for good. Inside the scope."""
    return Org.objects.filter(pk=row.subject).first()


def _is_there(row: Suspension) -> bool:
    """An organization's log is written while there is one; a person has none of their own."""
    return row.whose == Whose.ORG and _org(row) is not None


def _facts(row: Suspension) -> dict[str, object]:
    return {
        "what": _what(row),
        "from": "" if row.urgent else f"{row.starts_at:%Y-%m-%d %H:%M} UTC",
        "until": _day(row.until),
        "clause": row.get_clause_display(),
        "reason": row.reason,
        "days": ANSWERED_IN.days,
        "link": _link(row),
    }


def _what(row: Suspension) -> str:
    if row.whose == Whose.PERSON:
        return "Your account"
    org = _org(row)
    return f"The organization {org.name}" if org else "The organization"


def _link(row: Suspension) -> str:
    org = _org(row) if row.whose == Whose.ORG else None
    path = reverse("suspensions:org", args=[org.slug]) if org else reverse("suspension")
    return f"{settings.PUBLIC_URL}{path}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


def _tell_all(row: Suspension, name: str, **values: object) -> None:
    _tell_each(row, letter(name, **values))


def _tell_each(row: Suspension, said: Letter) -> None:
    """Everybody whom it concerns: the person, or all members. Inside the scope."""
    if row.whose == Whose.PERSON:
        people = list(User.objects.filter(pk=row.subject))
    else:
        members = Membership.objects.of(row.subject).exclude(user_id__in=Leaving.objects.values("id"))
        people = [member.user for member in members.select_related("user").order_by("since", "id")]
    for user in people:
        _tell_one(user, said, row)


def _tell_one(user: User, said: Letter, row: Suspension) -> None:
    mails.tell(kind=KIND, to=Recipient(address=user.email, person=user.pk), letter=said, org=_tenant(row))


def _tell_operators(made: Appeal) -> None:
    path = reverse("operator:suspension", args=[made.suspension_id])
    operators.tell(letter("appeal_waits", day=_day(made.due_at), link=f"{settings.PUBLIC_URL}{path}"))
