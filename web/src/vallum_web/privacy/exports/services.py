"""The life of an archive: asked for, begun, kept part by part, finished or failed, downloaded, gone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.urls import reverse

from vallum_engine.model.text import printable
from vallum_web.accounts.abuse import holding
from vallum_web.accounts.models import User
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.privacy.exports.models import Archive, OrgExport, PersonExport
from vallum_web.tenancy import blobs, clock, served
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import SLOW, enqueue, enqueue_alone, is_leaving
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import person, scope

KEPT_FOR = timedelta(days=7)
EVERY = timedelta(hours=24)
"""A person is given one copy in so long: it costs a look at every table."""
MAX_ATTEMPTS = 10
SHELF = "privacy"
OF_PERSON, OF_ORG = "privacy.write_person_export", "privacy.write_org_export"
UNFINISHED = (Archive.Status.QUEUED, Archive.Status.RUNNING)
Row = TypeVar("Row", bound=Archive)


class TooSoonError(Exception):
    """There is a copy that was asked for within a day, or one that is being written."""


class OvertakenError(Exception):
    """Another attempt writes this archive by now, or it is gone: this one has nothing more to say."""


@contextmanager
def room(kind: type[Archive], owner: UUID) -> Iterator[None]:
    """The transaction in which the archives of an owner are seen and changed."""
    with scope(owner) if kind is OrgExport else person(owner):
        yield


def of(kind: type[Row], owner: UUID) -> QuerySet[Row]:
    named = "org" if kind is OrgExport else "person"
    rows: QuerySet[Row] = kind._default_manager.filter(**{named: owner})  # noqa: SLF001 - Django's documented way to a model's rows
    return rows


def ask_for_person(user: User) -> PersonExport:
    """Queue a copy of everything on a person. Raises TooSoonError."""
    now = clock.now()
    with person(user.pk):
        User.objects.select_for_update().get(pk=user.pk)  # two clicks at once are one after the other
        recent = PersonExport.objects.filter(person=user.pk, asked_at__gt=now - EVERY)
        if recent.exclude(status=Archive.Status.FAILED).exists():
            raise TooSoonError("A copy was asked for within the last 24 hours: fetch that one, or ask again tomorrow.")
        row = PersonExport.objects.create(person=user.pk, asked_at=now, expires_at=now + KEPT_FOR)
        again(row)
    return row


def ask_for_org(org: Org, by: UUID) -> OrgExport:
    """Queue a copy of everything of an organization. Raises TooSoonError."""
    now = clock.now()
    with scope(org.pk, user=by):
        Org.objects.select_for_update().get(pk=org.pk)
        if OrgExport.objects.of(org).filter(status__in=UNFINISHED).exists():
            raise TooSoonError("A copy is being written: wait until it is done.")
        row: OrgExport = OrgExport.objects.create(org=org, by=by, asked_at=now, expires_at=now + KEPT_FOR)
        emit("export.everything_asked", row.pk)
        again(row)
    return row


def again(row: Archive, *, after: timedelta | None = None) -> None:
    """Put an archive's job in the queue, in the caller's transaction; one at a time for each owner."""
    lock = f"privacy:{row.owner}"
    if isinstance(row, OrgExport):
        enqueue(OF_ORG, org=row.owner, queue=SLOW, lock=lock, after=after, export=row.pk)
    else:
        enqueue_alone(OF_PERSON, queue=SLOW, lock=lock, person=str(row.owner), export=str(row.pk))


def begin(kind: type[Row], owner: UUID, key: UUID) -> Row | None:
    """Count an attempt. None when the archive is over or gone, or when it has been tried too often."""
    with room(kind, owner):
        row = of(kind, owner).select_for_update().filter(pk=key, status__in=UNFINISHED).first()
        if row is None:
            return None
        if row.attempts >= MAX_ATTEMPTS:
            _fail(
                row, f"Broken off {row.attempts} times, by a crash of the worker or of the machine. Ask for it again."
            )
            return None
        row.status, row.attempts = Archive.Status.RUNNING, row.attempts + 1
        row.started_at = row.started_at or clock.now()
        row.save(update_fields=["status", "attempts", "started_at"])
        return row


def held(row: Archive) -> bool:
    """Ask whether it may begin. One that waits is in the queue again. Raises StoppedError, OvertakenError.

    A person's own copy never waits, nor does that of an organization that is being deleted.
    """
    if not isinstance(row, OrgExport) or is_leaving(row.owner):
        return False
    until = holding.wait(
        holding.Wanted(org=row.owner, export=row.pk, by=row.by, rows=None, called="A copy of everything")
    )
    if until is None:
        if row.held_until:
            _update(row, held_until=None)
        return False
    with scope(row.owner):
        # It was not tried: it asks again, and that is no attempt.
        _update(row, held_until=until, status=Archive.Status.QUEUED, attempts=row.attempts - 1)
        again(row, after=min(holding.ASKED_AGAIN, until - clock.now()))
    return True


def settle(row: Archive, plan: list[list[str]]) -> None:
    """Write down what is to be written. Raises OvertakenError."""
    row.plan = plan
    _update(row, plan=plan)


def follow(row: Archive, rows: int) -> None:
    """Write down how far it is. Raises OvertakenError."""
    _update(row, rows=rows)


def keep(row: Archive, written: blobs.Writer, told: Mapping[str, Any]) -> None:
    """Record a part whose blob is whole. Raises OvertakenError."""
    part = {"blob": str(written.id), "size": written.size, "digest": written.digest, **told}
    parts = [*row.parts, part]
    with blobs.unless_kept(row.owner, written.id, shelf=SHELF):
        _update(row, parts=parts, size=sum(each["size"] for each in parts))
    row.parts = parts


def finish(row: Archive) -> None:
    """The archive is whole; whoever asked for it is told. Raises OvertakenError."""
    now = clock.now()
    with room(type(row), row.owner):
        _update(row, status=Archive.Status.DONE, finished_at=now, expires_at=now + KEPT_FOR)
        _tell(row)
        if isinstance(row, OrgExport):
            emit("export.everything_written", row.pk, rows=row.rows)


def _tell(row: Archive) -> None:
    asked_by = row.by if isinstance(row, OrgExport) else row.owner
    user = User.objects.filter(pk=asked_by, is_active=True).first()
    if user is None:
        return
    where = _page(row)
    told = letter(
        "export_ready", day=f"{row.asked_at:%Y-%m-%d}", days=KEPT_FOR.days, link=f"{settings.PUBLIC_URL}{where}"
    )
    to = Recipient(address=user.email, person=user.pk)
    mails.queue(kind="export", to=to, letter=told, dedupe=f"privacy-export:{row.pk}")


def _page(row: Archive) -> str:
    """Where it is fetched: who is being deleted has a door of their own, which leads on from an owner's own page."""
    leaving = is_leaving(row.owner)
    if isinstance(row, OrgExport):
        return reverse("privacy:centre") if leaving else reverse("privacy_org:index", args=[row.org.slug])
    return reverse("leaving" if leaving else "privacy:centre")


def fail(row: Archive, reason: str) -> None:
    """End an archive that cannot be written. An attempt that another one overtook ends nothing."""
    with room(type(row), row.owner):
        mine = of(type(row), row.owner).select_for_update()
        found = mine.filter(pk=row.pk, status=Archive.Status.RUNNING, attempts=row.attempts).first()
        if found:
            _fail(found, reason)


def _fail(row: Archive, reason: str) -> None:
    row.status, row.failure, row.finished_at = Archive.Status.FAILED, printable(reason)[:500], clock.now()
    row.save(update_fields=["status", "failure", "finished_at"])


def _update(row: Archive, **values: object) -> None:
    with room(type(row), row.owner):
        mine = of(type(row), row.owner).filter(pk=row.pk, status=Archive.Status.RUNNING, attempts=row.attempts)
        if not mine.update(**values):
            raise OvertakenError


def file(row: Archive, name: str) -> served.File:
    """The archive as it is served."""
    pieces = [served.Piece(blob=UUID(part["blob"]), size=part["size"], digest=part["digest"]) for part in row.parts]
    called = f"vallum-{name}-{row.asked_at:%Y-%m-%d}.zip"
    return served.File(owner=row.owner, shelf=SHELF, pieces=pieces, name=called, content_type="application/zip")


def downloaded(row: OrgExport, by: UUID, *, asked: str) -> None:
    """Record that somebody takes everything, before its first byte is sent."""
    with scope(row.owner, user=by):
        emit("export.everything_downloaded", row.pk, rows=row.rows, range=asked)


def delete(row: Archive) -> None:
    """A worker that still writes it finds it gone, and stops."""
    with room(type(row), row.owner):
        of(type(row), row.owner).filter(pk=row.pk).delete()
        # After the commit: a blob that no row names is swept later, a row whose blob is gone would be a lie.
        transaction.on_commit(lambda: _delete_blobs(row))


def _delete_blobs(row: Archive) -> None:
    for part in row.parts:
        blobs.delete(row.owner, UUID(part["blob"]), shelf=SHELF)


def expire(kind: type[Row], owner: UUID) -> int:
    """Delete what was kept for a week."""
    with room(kind, owner):
        old = list(of(kind, owner).filter(expires_at__lt=clock.now()))
    for row in old:
        delete(row)
    return len(old)


def sweep(kind: type[Row], owner: UUID) -> int:
    """Delete blobs that no archive has named within a day: what a crash between the two left behind."""
    left = blobs.left(owner, shelf=SHELF)
    if not left:
        return 0
    with room(kind, owner):
        named = {part["blob"] for row in of(kind, owner) for part in row.parts}
    for key in (gone := [key for key in left if str(key) not in named]):
        blobs.delete(owner, key, shelf=SHELF)
    return len(gone)


def pick_up(kind: type[Row], owner: UUID) -> int:
    """Queue again what nobody works on any more."""
    with room(kind, owner):
        waiting = list(of(kind, owner).filter(status__in=UNFINISHED))
        lost = [row for row in waiting if not _has_job(row)]
        for row in lost:
            again(row)
    return len(lost)


def _has_job(row: Archive) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from procrastinate_jobs where status in ('todo', 'doing') and args->>'export' = %s)",
            [str(row.pk)],
        )
        return bool(cursor.fetchone()[0])
