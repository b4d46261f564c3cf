"""Whose data a breach touches: a question put together from organizations, tables, a time, and what an intruder used.

What counts is what lies there now and lay there at the end of the time that is asked about. What was deleted since is in no table.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db.models import Model, Q, UUIDField

from vallum_web.accounts.models import ApiToken, Membership, SignIn, User
from vallum_web.tenancy import lookups
from vallum_web.tenancy.keys import first_of
from vallum_web.tenancy.models import Org, RequestLog, TenantModel
from vallum_web.tenancy.registry import Category, declared, people
from vallum_web.tenancy.scope import Purpose, looking_back, outbox, scope

_BY_CLUE = frozenset({"tenancy.RequestLog"})
"""Asked by the address, session or token that somebody used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Each part narrows; all empty is everybody. A clue is what an intruder used: it leads to who and what was reached by it."""

    orgs: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    """Labels of models, or categories of the data registry."""
    since: datetime | None = None
    until: datetime | None = None
    token: str = ""
    session: int | None = None
    address: str = ""

    @property
    def has_clue(self) -> bool:
        return bool(self.token or self.session is not None or self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    people: frozenset[UUID]
    gone: frozenset[UUID]
    """Ids in what was reached that lead to no account any more."""
    orgs: Mapping[UUID, str] = field(default_factory=dict)
    members: Mapping[UUID, int] = field(default_factory=dict)
    """Of each organization, how many of its members are among them."""

    @property
    def digest(self) -> str:
        lines = [*sorted(map(str, self.people | self.gone)), *sorted(map(str, self.orgs))]
        return sha256("\n".join(lines).encode()).hexdigest()


class NoSuchPlaceError(ValueError):
    """Something was asked about that is not there; the message names it."""


def offered() -> dict[str, list[tuple[str, str]]]:
    """The tables that lead to people, by category, each as (label, title)."""
    leads = people(declared())
    found: dict[str, set[str]] = {}
    for entry in declared():
        if entry.model in leads and entry.model not in _BY_CLUE:
            found.setdefault(entry.category.value, set()).add(entry.model)
    return {
        category: [(label, str(apps.get_model(label)._meta.verbose_name).capitalize()) for label in sorted(labels)]  # noqa: SLF001 - Django's documented way to a model's name
        for category, labels in sorted(found.items())
    }


def resolve(asked: Question) -> Reached:
    """Raises NoSuchPlaceError."""
    orgs = _orgs(asked)
    direct: set[UUID] = set()
    if asked.has_clue:
        direct, led = _by_clue(asked, orgs)
        orgs = {key: name for key, name in orgs.items() if key in led}
    members = {key: _members(key, asked.until) for key in orgs}
    narrowed = asked.orgs or asked.has_clue
    base = direct.union(*members.values()) if narrowed else _everybody(asked.until)
    found = _with_data(asked, orgs, base) if asked.tables else base
    there = _accounts(found)
    touched = {key: len(those & there) for key, those in members.items()}
    if asked.tables:
        orgs = {key: name for key, name in orgs.items() if touched[key]}
    return Reached(
        people=frozenset(there),
        gone=frozenset(found - there),
        orgs=orgs,
        members={key: touched[key] for key in orgs},
    )


def _orgs(asked: Question) -> dict[UUID, str]:
    with looking_back():
        keys = lookups.all_orgs()
    found: dict[UUID, tuple[str, str]] = {}
    for key in keys:
        with scope(key, purpose=Purpose.PRIVACY):
            org = Org.objects.get(pk=key)
            found[key] = (org.slug, org.name)
    known = {slug for slug, _ in found.values()}
    if unknown := sorted(set(asked.orgs) - known):
        raise NoSuchPlaceError(f"There is no organization at {', '.join(f'/{slug}/' for slug in unknown)}.")
    return {key: name for key, (slug, name) in found.items() if not asked.orgs or slug in asked.orgs}


def _by_clue(asked: Question, orgs: Iterable[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Persons whom a clue leads to by itself, and organizations that were reached by it."""
    persons, led = set(), set()
    when = _within(asked, "at")
    if asked.session is not None:
        session = UserSession.objects.filter(pk=asked.session).first()
        if session is None:
            raise NoSuchPlaceError(f"There is no session {asked.session}.")
        persons.add(session.user_id)
        asked_by = Q(person=session.user_id, token=None)
        led |= _requested(orgs, when & asked_by)
    if asked.address:
        persons |= set(SignIn.objects.filter(when, address=asked.address).values_list("user_id", flat=True))
        persons |= set(UserSession.objects.filter(ip=asked.address).values_list("user_id", flat=True))
        led |= _requested(orgs, when & Q(address=asked.address))
        persons |= _asked_by(orgs, when & Q(address=asked.address))
    if asked.token:
        mine = _of_token(asked.token)
        if not mine:
            raise NoSuchPlaceError("There is no token that begins so.")
        led |= mine & set(orgs)
    return persons, led


def _requested(orgs: Iterable[UUID], which: Q) -> set[UUID]:
    found = set()
    for key in orgs:
        with scope(key, purpose=Purpose.PRIVACY):
            if RequestLog.objects.filter(which, org=key).exists():
                found.add(key)
    return found


def _asked_by(orgs: Iterable[UUID], which: Q) -> set[UUID]:
    found: set[UUID] = set()
    for key in orgs:
        with scope(key, purpose=Purpose.PRIVACY):
            rows = RequestLog.objects.filter(which, org=key, person__isnull=False)
            found |= {who for who in rows.values_list("person", flat=True).distinct() if who}
    return found


def _of_token(start: str) -> set[UUID]:
    with looking_back():
        keys = lookups.all_orgs()
    found = set()
    for key in keys:
        with scope(key, purpose=Purpose.PRIVACY):
            if ApiToken.objects.of(key).filter(start__startswith=start[:14]).exists():
                found.add(key)
    return found


def _members(org: UUID, until: datetime | None) -> set[UUID]:
    with scope(org, purpose=Purpose.PRIVACY):
        rows = Membership.objects.of(org)
        return set((rows.filter(since__lte=until) if until else rows).values_list("user_id", flat=True))


def _everybody(until: datetime | None) -> set[UUID]:
    with looking_back():
        rows = User.objects.all()
        return set((rows.filter(joined_at__lte=until) if until else rows).values_list("pk", flat=True))


def _accounts(found: set[UUID]) -> set[UUID]:
    with looking_back():
        return set(User.objects.filter(pk__in=found).values_list("pk", flat=True))


def _with_data(asked: Question, orgs: Iterable[UUID], base: set[UUID]) -> set[UUID]:
    leads, found = people(declared()), set()
    for label in _labels(asked.tables):
        model = apps.get_model(label)
        if issubclass(model, TenantModel):
            for key in orgs:
                with scope(key, purpose=Purpose.PRIVACY):
                    found |= set(_holders(model, leads[label], asked.until, org=key))
        else:
            with _room(label):
                found |= base & set(_holders(model, leads[label], asked.until))
    return found


def _labels(wanted: Iterable[str]) -> set[str]:
    by_category = {category: {label for label, _ in tables} for category, tables in offered().items()}
    categories = {each.value for each in Category}
    return {label for name in wanted for label in (by_category.get(name, ()) if name in categories else (name,))}


def _room(label: str) -> AbstractContextManager[None]:
    """What has to be open for everybody's rows to be seen."""
    return outbox() if label.startswith("mail.") else looking_back()


def _holders(model: type[Model], lead: str, until: datetime | None, **more: Any) -> Iterator[UUID]:
    rows = model._default_manager.filter(**more)  # noqa: SLF001 - Django's documented way to a model's rows
    if until and isinstance(model._meta.pk, UUIDField):  # noqa: SLF001 - as above
        rows = rows.filter(pk__lt=first_of(until))
    yield from (who for who in rows.order_by().values_list(lead, flat=True).distinct() if who)


def _within(asked: Question, column: str) -> Q:
    found = Q()
    if asked.since:
        found &= Q(**{f"{column}__gte": asked.since})
    if asked.until:
        found &= Q(**{f"{column}__lte": asked.until})
    return found
