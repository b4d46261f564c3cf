"""Saying no to a purpose, taking it back, and restricting everything; each holds from the same moment on."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from vallum_web.accounts.models import User
from vallum_web.accounts.objections.models import Objection, Purpose, Restriction
from vallum_web.mail import services as mails
from vallum_web.tenancy import clock, tombstones

MADE, ENDED = "made", "ended"


def settle(user: User, purposes: Collection[str]) -> None:
    """The person objects to these purposes and to no others. What is taken back is kept with its end."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        said = set(Objection.objects.filter(person=user.pk, ended_at=None).values_list("purpose", flat=True))
        wanted = {Purpose(purpose).value for purpose in purposes}
        Objection.objects.filter(person=user.pk, ended_at=None, purpose__in=said - wanted).update(ended_at=clock.now())
        for purpose, reason in _changes(said, wanted):
            # A backup that is older than the word of a person must not unsay it.
            tombstones.record("objection", user.pk, reason=reason, value=purpose)
        Objection.objects.bulk_create(
            Objection(person=user.pk, purpose=purpose, since=clock.now()) for purpose in sorted(wanted - said)
        )
        if Purpose.NEWS in wanted:
            # What is in the outbox is asked about once more when it is sent: none leaves from here on.
            mails.choose(user.pk, [(Purpose.NEWS.value, False)])


def _changes(said: set[str], wanted: set[str]) -> list[tuple[str, str]]:
    return [(purpose, MADE) for purpose in sorted(wanted - said)] + [
        (purpose, ENDED) for purpose in sorted(said - wanted)
    ]


def again(person: UUID, purpose: str, at: datetime) -> None:
    """After a restore: the person had objected."""
    if not Objection.objects.filter(person=person, purpose=purpose, since__gte=at).exists():
        Objection.objects.bulk_create([Objection(person=person, purpose=purpose, since=at)], ignore_conflicts=True)


def ended_again(person: UUID, purpose: str, at: datetime) -> None:
    """After a restore: the person had taken it back."""
    Objection.objects.filter(person=person, purpose=purpose, ended_at=None, since__lte=at).update(ended_at=at)


def restrict(person: UUID, reason: str) -> None:
    """Keep what there is on the person and use it for nothing that they could object to. Twice is the same as once."""
    with transaction.atomic():
        tombstones.record("restriction", person, reason="asked")
        Restriction.objects.bulk_create(
            [Restriction(person=person, reason=reason[:500], since=clock.now())], ignore_conflicts=True
        )


def unrestrict(person: UUID) -> None:
    """Whoever ends it tells the person before (Article 18, paragraph 3): the operators' page says so."""
    with transaction.atomic():
        tombstones.record("restriction.ended", person, reason="told")
        Restriction.objects.filter(person=person, ended_at=None).update(ended_at=clock.now())
