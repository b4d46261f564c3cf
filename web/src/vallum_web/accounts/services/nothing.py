"""Work for its own sake: what an answer must not tell by the time it took is done for those whom it would have been for."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from allauth.account.models import EmailAddress
from django.db import connection, transaction

from vallum_web.accounts.models import User
from vallum_web.tenancy.keys import uuid7

Done = TypeVar("Done")


def in_one_go(work: Callable[[], Done], *, stays: bool) -> Done:
    """Do the work in a transaction of its own, for good or for nothing.

    Neither waits for the disk, which only what stays would have to. What is written next waits for both.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set local synchronous_commit = off")
        done = work()
        if not stays:
            transaction.set_rollback(True)
        return done


def somebody(email: str) -> User:
    """A person who does not exist, with a password that nobody knows."""
    return User(pk=uuid7(), email=email, password=f"!{uuid7()}")


def exists(person: User) -> bool:
    return not person._state.adding  # noqa: SLF001 - Django's documented way to tell


def nowhere() -> str:
    """An address that is nobody's, and cannot be."""
    return f"{uuid7()}@nobody.invalid"


def look_up(person: User) -> None:
    """What allauth looks up after a sign-up, word for word: the person's address, and from it the person."""
    EmailAddress.objects.filter(user_id=person.pk, verified=True).exists()
    EmailAddress.objects.filter(user_id=person.pk).order_by("-primary", "-verified").first()
    with suppress(User.DoesNotExist):
        User.objects.get(pk=person.pk)
