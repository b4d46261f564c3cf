"""The steps by which a person goes. What they did in organizations stays there, done by an id that leads to nobody."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Model, Q

from vallum_web.accounts.models import Invitation, User
from vallum_web.accounts.subscribers import services as subscribers
from vallum_web.mail import services as mails
from vallum_web.mail.models import Choice, Habits, Message, Notice
from vallum_web.privacy.erasure import statements
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.privacy.erasure.plan import LAST, OfPerson, of_person
from vallum_web.tenancy import keyring, lookups, registry
from vallum_web.tenancy.models import RequestLog
from vallum_web.tenancy.scope import Purpose, person, scope

Run = Callable[[Deletion], int | str]
# What mail.services.forget_person deletes, which knows more than rows.
_OF_MAIL = frozenset({"mail.Choice", "mail.Habits", "mail.Notice"})
PACKAGES = ("vallum_web.config", *(app for app in settings.INSTALLED_APPS if app.startswith("vallum_web.")))


def planned() -> list[OfPerson]:
    return of_person(registry.entries(PACKAGES), apps.get_models(include_auto_created=True))


def addresses(subject: UUID) -> list[str]:
    return list(User.objects.filter(pk=subject).values_list("email", flat=True))


def steps(subject: UUID) -> Iterator[tuple[str, Run]]:
    tables = [table for table in planned() if table.model._meta.label not in _OF_MAIL]  # noqa: SLF001 - as in plan.py
    yield "mails", partial(_mails, subject)
    yield "invitations", partial(_invitations, subject)
    for table in tables:
        yield f"rows {table.model._meta.label}", partial(_rows, subject, table)  # noqa: SLF001 - as in plan.py
    yield "acceptances", lambda _: statements.forget_acceptances(subject)
    yield "request log", partial(_requests, subject)
    yield "queue", lambda _: statements.forget_jobs(subject)
    yield "key", partial(_key, subject)
    models: list[type[Model]] = [
        *(table.model for table in tables),
        Choice,
        Habits,
        Notice,
        Message,
        Invitation,
        RequestLog,
        Session,
    ]
    yield "statistics", lambda _: statements.refresh(models)


def _mails(subject: UUID, _: Deletion) -> int:
    for address in addresses(subject):
        mails.forget_person(subject, address)
        subscribers.forget(address)
    return 0


def _invitations(subject: UUID, _: Deletion) -> int:
    """Those the person accepted, and those that wait for them."""
    mine = Q(accepted_by=subject) | Q(email__in=[address.lower() for address in addresses(subject)])
    count = 0
    for org in lookups.all_orgs():
        with scope(org):
            count += Invitation.objects.of(org).filter(mine).delete()[0]
    return count


def _rows(subject: UUID, table: OfPerson, _: Deletion) -> int:
    if not table.is_tenant:
        with person(subject):
            return _delete(subject, table)
    count = 0
    for org in lookups.all_orgs():
        with scope(org, user=subject):
            count += _delete(subject, table)
    return count


def _delete(subject: UUID, table: OfPerson) -> int:
    manager = table.model._default_manager  # noqa: SLF001 - Django's documented way to a model's rows
    found = manager.filter(**{table.person: subject})
    if table.model._meta.label == LAST:  # noqa: SLF001 - as in plan.py
        # Whatever still referred to it would be refused by the database, instead of going unseen.
        return int(found._raw_delete(found.db))  # noqa: SLF001 - deletes these rows and nothing else
    return int(found.delete()[1].get(table.model._meta.label, 0))  # noqa: SLF001 - as in plan.py


def _requests(subject: UUID, _: Deletion) -> int:
    with person(subject, purpose=Purpose.PURGE):
        return int(RequestLog.objects.filter(person=subject).delete()[0])


def _key(subject: UUID, _: Deletion) -> str:
    keyring.forget_subject(subject)
    return "destroyed"
