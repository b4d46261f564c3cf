"""Writes about what a person has accepted."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from vallum_web.accounts.legal import queries
from vallum_web.accounts.legal.documents import Version
from vallum_web.accounts.models import Acceptance, User
from vallum_web.accounts.networks import neighbourhood
from vallum_web.accounts.person import devices
from vallum_web.tenancy import clock
from vallum_web.tenancy.origin import current_origin


def accept(user: User, accepted: Iterable[Version], method: Acceptance.Method) -> None:
    """Keep that the person has accepted these versions and is 18 or older. What was accepted before stays as it was."""
    origin = current_origin()
    where = {"network": neighbourhood(origin.address), "device": str(devices.read(origin.agent))} if origin else {}
    with transaction.atomic():
        Acceptance.objects.bulk_create(
            [
                Acceptance(
                    user=user.pk,
                    document=version.document,
                    version=version.number,
                    at=clock.now(),
                    method=method,
                    **where,
                )
                for version in accepted
            ],
            ignore_conflicts=True,
        )
        User.objects.filter(pk=user.pk, attested_adult_at=None).update(attested_adult_at=clock.now())


def settle(user: User, method: Acceptance.Method) -> None:
    """As `accept`, for all that holds today and what is announced to follow."""
    accept(user, queries.not_accepted(user.pk), method)


def deem(person: UUID) -> bool:
    """Who was told in time and goes on has accepted, without a word: so it is written down. Whether nothing is missing now."""
    found = queries.deemed(person)
    Acceptance.objects.bulk_create(
        [
            Acceptance(
                user=person,
                document=version.document,
                version=version.number,
                at=clock.now(),
                method=Acceptance.Method.DEEMED,
            )
            for version in found
        ],
        ignore_conflicts=True,
    )
    return bool(found) and not queries.missing(person)
