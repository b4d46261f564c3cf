"""Somebody else takes over: not before the day that everybody was told, and not while somebody who objects is here."""

from uuid import UUID

from django.db import transaction

from vallum_web.operator.notices import queries
from vallum_web.operator.notices.services.announcing import NotNowError, note
from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing.days import begins
from vallum_web.tenancy.announcing.models import Announcement


def who_object(count: int) -> str:
    return "One person who objects has" if count == 1 else f"{count} people who object have"


def hand_over(key: UUID, by: UUID) -> None:
    """Write down that it is done. Raises NotNowError."""
    with transaction.atomic():
        row = Announcement.objects.select_for_update().get(pk=key)
        if row.kind != Announcement.Kind.SUCCESSOR or row.state != Announcement.State.TOLD or row.day is None:
            raise NotNowError("There is nothing to hand over: not everybody was told.")
        if clock.now() < begins(row.day):
            raise NotNowError(f"It was announced for {row.day:%Y-%m-%d}: nothing is handed over before.")
        if waiting := len(queries.objectors()):
            raise NotNowError(f"{who_object(waiting)} an account still: nothing is handed over while that is so.")
        row.state = Announcement.State.DONE
        row.save(update_fields=["state"])
        note(row, "Handed over. Nobody who objects had an account any more.", by)
