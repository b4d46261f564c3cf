"""Raising a case, and telling those whom it concerns. Inside the organization's scope."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from vallum_web.accounts.abuse.models import AbuseCase
from vallum_web.accounts.abuse.rules import Unusual
from vallum_web.accounts.matrix import can
from vallum_web.accounts.models import Membership, User
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit

CALLED = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a case is about, and what is done at once."""

    about: UUID
    called: str
    who: UUID | None = None
    suspended: bool = False
    until: datetime | None = None


def opened(org: UUID, found: Unusual, subject: Subject) -> AbuseCase | None:
    """None where there is an open one of the same rule and subject already."""
    if AbuseCase.objects.of(org).filter(rule=found.rule, about=subject.about, closed_at=None).exists():
        return None
    case = AbuseCase.objects.create(
        org_id=org,
        rule=found.rule,
        about=subject.about,
        called=subject.called[:CALLED],
        who=subject.who,
        at=clock.now(),
        words=found.words,
        figures=found.figures,
        suspended=subject.suspended,
        until=subject.until,
    )
    emit(
        "abuse.raised",
        case.pk,
        rule=found.rule,
        about=str(subject.about),
        suspended=subject.suspended,
        held=subject.until is not None,
    )
    return case


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A letter, with what it says. The link is for those whose role may do `page_for`."""

    letter: str
    facts: Mapping[str, Any]
    page_for: str = "abuse.manage"


def tell(org: UUID, said: Telling, *, besides: Collection[UUID] = (), former: Collection[UUID] = ()) -> None:
    """All owners, and these members; and those who are members no longer, where what was done was done to them."""
    wanted = Q(role=Membership.Role.OWNER) | Q(user__in=[*besides, *former])
    rows = Membership.objects.of(org).filter(wanted).values_list("user_id", "user__email", "role")
    told = {person: (address, role) for person, address, role in rows}
    for person, address in User.objects.filter(pk__in=former, is_active=True).values_list("pk", "email"):
        told.setdefault(person, (address, ""))
    link = settings.PUBLIC_URL + reverse("abuse:cases", args=[said.facts["slug"]])
    for person, (address, role) in sorted(told.items(), key=lambda item: item[1]):
        text = letter(said.letter, **said.facts, link=link if role and can(role, said.page_for) else "")
        mails.queue(kind="security", to=Recipient(address=address, person=person), letter=text, org=org)
