"""The steps by which an organization goes. Its members stay: they are people, and their own."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from django.apps import apps
from django.db.models import Model

from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership
from vallum_web.mail import services as mails
from vallum_web.mail.models import Message, Notice
from vallum_web.privacy.erasure import statements
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.privacy.erasure.plan import of_org
from vallum_web.tenancy import blobs, keyring
from vallum_web.tenancy.models import Org, RequestLog
from vallum_web.tenancy.scope import Purpose, scope

Run = Callable[[Deletion], int | str]
AT_ONCE = 5000


def addresses(subject: UUID) -> list[str]:
    with scope(subject):
        owners = Membership.objects.of(subject).filter(role=Role.OWNER).order_by("since")
        return list(owners.values_list("user__email", flat=True))


def steps(subject: UUID) -> Iterator[tuple[str, Run, bool]]:
    tables = of_org(apps.get_models())
    yield "mails", partial(_mails, subject), False
    for model in tables:
        yield f"rows {model._meta.label}", partial(_rows, subject, model), True  # noqa: SLF001 - as in plan.py
    # Tallies are kept by triggers, which write while what they count is deleted.
    yield "written meanwhile", lambda _: sum(_rows(subject, model, _) for model in tables), True
    yield "rows tenancy.Org", partial(_org, subject), False
    yield "request log", partial(_requests, subject), False
    yield "files", lambda _: blobs.forget_org(subject), False
    yield "queue", lambda _: statements.forget_jobs(subject), False
    yield "key", partial(_key, subject), False
    yield "statistics", lambda _: statements.refresh([*tables, Org, Message, Notice, RequestLog]), False


def _mails(subject: UUID, _: Deletion) -> int:
    return mails.forget_org(subject)


def _rows(subject: UUID, model: type[Model], _: Deletion) -> int:
    with scope(subject, purpose=Purpose.PURGE):
        return statements.purge_rows(model, AT_ONCE)


def _org(subject: UUID, _: Deletion) -> int:
    with scope(subject, purpose=Purpose.PURGE):
        found = Org.objects.filter(pk=subject)
        # Whatever still belonged to it would be refused by the database, instead of going unseen.
        return int(found._raw_delete(found.db))  # noqa: SLF001 - deletes this row and nothing else


def _requests(subject: UUID, _: Deletion) -> int:
    with scope(subject, purpose=Purpose.PURGE):
        return int(RequestLog.objects.filter(org=subject).delete()[0])


def _key(subject: UUID, _: Deletion) -> str:
    keyring.forget_org(subject)
    return "destroyed"
