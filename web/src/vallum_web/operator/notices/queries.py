"""Every read of the desk: what is announced, who has to be told, and how far that has come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from vallum_web.accounts import queries as accounts
from vallum_web.accounts.legal import documents
from vallum_web.accounts.legal import queries as texts
from vallum_web.accounts.legal.documents import Version
from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.objections.models import Objection, Purpose
from vallum_web.mail.models import Message, Notice
from vallum_web.tenancy import lookups
from vallum_web.tenancy.announcing.days import LEAD, begins
from vallum_web.tenancy.announcing.models import Announcement, Step, Told
from vallum_web.tenancy.models import Leaving
from vallum_web.tenancy.scope import looking_back, outbox, scope

Kind, State = Announcement.Kind, Announcement.State
LISTED = 50
_HANDED = (Message.State.SENT, Message.State.DELIVERED)
_UNDER_WAY = (Message.State.QUEUED, Message.State.SENDING)


def one(key: UUID) -> Announcement:
    """Raises Announcement.DoesNotExist."""
    return Announcement.objects.get(pk=key)


def announcements() -> Sequence[Announcement]:
    """The newest first."""
    return list(Announcement.objects.order_by("-made_at", "-id")[:100])


def unfinished() -> list[UUID]:
    return list(Announcement.objects.filter(state=State.TELLING).values_list("pk", flat=True))


def to_come(now: datetime) -> list[UUID]:
    """Told, and with their day ahead: whoever turns up until then is looked for."""
    rows = Announcement.objects.filter(state=State.TOLD, day__gt=now.date())
    return list(rows.values_list("pk", flat=True))


def version(name: str) -> Version | None:
    """One that this release brings and that is not announced."""
    return next((each for each in texts.unannounced() if each.name == name), None)


def before(found: Version) -> Version | None:
    """The one that holds until it does."""
    return next((each for each in texts.in_force_today() if each.document is found.document), None)


def text(name: str) -> Version | None:
    return next((each for each in documents.versions() if each.name == name), None)


def audience(row: Announcement, owners: Collection[UUID] | None = None) -> QuerySet[User]:
    """Everybody with an account, whether in use or about to be deleted; of a sub-processor the owners of organizations.

    These are asked of every organization, unless somebody has them.
    """
    people = User.objects.order_by("pk")
    if row.kind != Kind.PROCESSOR:
        return people
    return people.filter(pk__in=_owners() if owners is None else owners)


def owners(key: UUID) -> Collection[UUID]:
    """For whoever goes through them in batches. Of what everybody is told, nobody is asked for."""
    with looking_back():
        return _owners() if one(key).kind == Kind.PROCESSOR else ()


def _owners() -> set[UUID]:
    found: set[UUID] = set()
    for org in lookups.all_orgs():
        with scope(org):
            found.update(
                Membership.objects.filter(org=org, role=Membership.Role.OWNER).values_list("user_id", flat=True)
            )
    return found


def untold(row: Announcement, owners: Collection[UUID] | None = None) -> QuerySet[User]:
    """Whom it has not been told to yet. Who has accepted a text already needs no word of it."""
    known = Told.objects.filter(announcement=row, person=OuterRef("pk"))
    found = audience(row, owners).filter(~Exists(known))
    if row.kind == Kind.POLICY:
        document, _, number = row.what.rpartition("-")
        accepted = texts.acceptances(document, int(number)).filter(user=OuterRef("pk"))
        found = found.filter(~Exists(accepted))
    return found


def owed(row: Announcement) -> QuerySet[User]:
    """Of those, who was here when it was announced: the day waits for them. Who comes later is shown it when they join."""
    return untold(row).filter(joined_at__lte=row.made_at)


def last_told(row: Announcement) -> datetime | None:
    """When the last of those for whom the day waits was told. Inside `looking_back`, as all that is about everybody."""
    here = User.objects.filter(joined_at__lte=row.made_at).values("pk")
    last: datetime | None = Told.objects.filter(announcement=row, person__in=here).aggregate(last=Max("at"))["last"]
    return last


def told_late(row: Announcement) -> int:
    """People of those who were told less than thirty days before the day, or not at all."""
    if row.day is None or row.reason or row.drill:
        return 0
    with looking_back():
        here = User.objects.filter(joined_at__lte=row.made_at).values("pk")
        late = Told.objects.filter(announcement=row, person__in=here, at__gt=begins(row.day) - LEAD).count()
        return late + (owed(row).count() if row.state != State.TELLING else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How an announcement fared with all whom it was told to."""

    told: int
    handed: int
    """Mails that left and did not come back."""
    waiting: int
    read: int
    reached: int
    """By a mail, or by a notice that they read."""
    left: int
    """Not told yet."""
    rate: int
    """Mails and notices written a second."""
    hours: float
    """What handing over a mail to each takes, at the rate that the provider allows."""


def progress(row: Announcement) -> Progress:
    with outbox():
        told = _fates(row).aggregate(
            all=Count("pk"),
            handed=Count("pk", filter=Q(mail__in=_HANDED)),
            waiting=Count("pk", filter=Q(mail__in=_UNDER_WAY)),
            read=Count("pk", filter=Q(read_at__isnull=False)),
            reached=Count("pk", filter=Q(mail__in=_HANDED) | Q(read_at__isnull=False)),
        )
    count = row.count if row.drill else told["all"]
    with looking_back():
        left = untold(row).count() if row.state == State.TELLING and not row.drill else 0
    return Progress(
        told=count,
        handed=told["handed"],
        waiting=told["waiting"],
        read=told["read"],
        reached=count - told["all"] if row.drill else told["reached"],
        left=left,
        rate=round(row.count * 1000 / row.milliseconds) if row.milliseconds else 0,
        hours=round(count / settings.MAIL_RATE / 3600, 1),
    )


def unreached(row: Announcement, after: UUID | None = None) -> list[Mapping[str, Any]]:
    """Whom no mail reached and who has read no notice, by account; why, as far as is known. A page of them."""
    with outbox():
        rows = _fates(row).filter(read_at=None).exclude(mail__in=_HANDED).order_by("person")
        if after:
            rows = rows.filter(person__gt=after)
        return list(rows.values("person", "mail", "why", "at")[:LISTED])


def _fates(row: Announcement) -> Any:
    mail = Message.objects.filter(pk=OuterRef("message"))
    notice = Notice.objects.filter(person=OuterRef("person"), about=row.about)
    return Told.objects.filter(announcement=row).annotate(
        mail=Coalesce(Subquery(mail.values("state")[:1]), Value("")),
        why=Subquery(mail.values("why")[:1]),
        read_at=Subquery(notice.values("read_at")[:1]),
    )


def objectors() -> list[UUID]:
    """Who objects to being handed over, and has an account that nobody asked to delete."""
    said = Objection.objects.filter(purpose=Purpose.HANDOVER, ended_at=None).values("person")
    here = User.objects.filter(pk__in=said).exclude(pk__in=Leaving.objects.values("pk"))
    return list(here.order_by("pk").values_list("pk", flat=True))


def steps(row: Announcement) -> list[tuple[Step, str]]:
    found = list(row.steps.order_by("at", "id"))
    names = accounts.names({step.by for step in found if step.by})
    return [(step, names.get(step.by, "an operator") if step.by else "") for step in found]
