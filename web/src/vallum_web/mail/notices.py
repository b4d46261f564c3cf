"""Notices: what a person is told on the site itself, and the proof that they read it.

Whoever tells somebody something calls `post` inside the transaction of the change it tells of, with a letter of
`letters.toml`: one wording for the mail and the notice.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet

from vallum_web.mail import kinds
from vallum_web.mail.letters import Letter, one_line
from vallum_web.mail.models import Notice
from vallum_web.tenancy import clock, keyset
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.scope import outbox, person

KEPT_FOR = timedelta(days=90)
"""Of kinds that are confirmed, as long as the account: they are proof of what was told."""
MOST_COUNTED = 100
NEWEST = keyset.Order()


def post(who: UUID, kind: str, said: Letter, *, org: UUID | None = None, about: str = "") -> None:
    """Tell one person, inside the caller's transaction: rolled back, nobody is told. Raises BrokenKindError."""
    post_all([who], kind, said, org=org, about=about)


def post_all(people: Iterable[UUID], kind: str, said: Letter, *, org: UUID | None = None, about: str = "") -> int:
    """The same for many: how many they are. Of two about the same, a person keeps the first. Raises BrokenKindError."""
    found, now = kinds.named(kind), clock.now()
    rows = [
        Notice(
            id=uuid7(),
            person=who,
            kind=found.id,
            org=org,
            about=about,
            title=one_line(said.subject),
            text=said.text,
            button=said.button,
            posted_at=now,
        )
        for who in dict.fromkeys(people)
    ]
    # Without naming what may conflict: whoever writes here need not see what is there.
    Notice.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=bool(about))
    return len(rows)


def unread(who: UUID, orgs: Collection[UUID]) -> int:
    """How many a person has not read, counted up to a hundred. `orgs` are those they belong to today."""
    with connection.cursor() as cursor:
        cursor.execute("select lookup_unread(%s, %s, %s)", [who, list(orgs), MOST_COUNTED])
        return int(cursor.fetchone()[0])


def page(who: UUID, orgs: Collection[UUID], *, fresh: bool, after: str = "", before: str = "") -> keyset.Page[Notice]:
    """The newest first; `fresh`: those that are not read."""
    with person(who):
        rows = _of(who, orgs).defer("text")
        return keyset.page([rows.filter(read_at=None) if fresh else rows], NEWEST, after=after, before=before)


def one(who: UUID, orgs: Collection[UUID], key: UUID) -> Notice:
    """Raises Notice.DoesNotExist."""
    with person(who):
        return _of(who, orgs).get(pk=key)


def read(who: UUID, orgs: Collection[UUID], key: UUID) -> Notice:
    """Write down that a person has read it. Again changes nothing: the first time stands. Raises Notice.DoesNotExist."""
    with person(who):
        _of(who, orgs).filter(pk=key, read_at=None).update(read_at=clock.now())
        return _of(who, orgs).get(pk=key)


def pressing(who: UUID) -> Notice | None:
    """The oldest that has to be read and is not: what stands above every page until it is."""
    with person(who):
        rows = Notice.objects.filter(person=who, read_at=None, kind__in=kinds.confirmed(), org=None)
        return rows.defer("text").order_by("id").first()


def read_all(who: UUID, orgs: Collection[UUID]) -> int:
    """All but those that are read one by one: how many there were."""
    with person(who):
        rows = _of(who, orgs).filter(read_at=None).exclude(kind__in=kinds.confirmed())
        return rows.update(read_at=clock.now())


def _of(who: UUID, orgs: Collection[UUID]) -> QuerySet[Notice]:
    return Notice.objects.filter(Q(org=None) | Q(org__in=list(orgs)), person=who)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """How a notice fared with all whom it was posted to."""

    posted: int
    read: int
    last_read_at: datetime | None


def receipts(kind: str, about: str) -> Receipts:
    """For whoever has to show that people were told."""
    with outbox():
        rows = Notice.objects.filter(kind=kind, about=about)
        told = rows.aggregate(posted=Count("pk"), read=Count("read_at"), last=Max("read_at"))
    return Receipts(posted=told["posted"], read=told["read"], last_read_at=told["last"])


def receipt(who: UUID, kind: str, about: str) -> Sequence[tuple[datetime, datetime | None]]:
    """When it was posted to one person, and when they read it; empty where it never was."""
    with outbox():
        return list(Notice.objects.filter(person=who, kind=kind, about=about).values_list("posted_at", "read_at"))


def forget_person(who: UUID) -> None:
    """Inside `outbox`: for whoever erases a person."""
    Notice.objects.filter(person=who).delete()


def forget_org(org: UUID) -> None:
    """Inside `outbox`: for whoever erases an organization."""
    Notice.objects.filter(org=org).delete()


def prune() -> int:
    """Forget what was told 90 days ago, read or not, but for what the law asks to be told."""
    with outbox():
        old = Notice.objects.filter(posted_at__lt=clock.now() - KEPT_FOR)
        gone: int = old.exclude(kind__in=kinds.confirmed()).delete()[0]
        return gone
