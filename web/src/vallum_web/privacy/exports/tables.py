"""The tables of an export and the fields of each, as the data registry says; nothing is named here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Model, Q, QuerySet, UUIDField

from vallum_web.tenancy.keys import first_of
from vallum_web.tenancy.models import Org, TenantModel
from vallum_web.tenancy.registry import Entry, declared, people

PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of the export, and what the registry says of it."""

    name: str
    type: str
    category: str
    purpose: str
    retention: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Rows that came about between two moments, by the time in their keys. Keys without a time say nothing of it: all rows."""

    since: datetime | None = None
    until: datetime | None = None

    def of(self, rows: QuerySet[Model]) -> QuerySet[Model]:
        if not isinstance(rows.model._meta.pk, UUIDField):  # noqa: SLF001 - Django's documented way to a model's key
            return rows
        if self.since:
            rows = rows.filter(pk__gte=first_of(self.since))
        return rows.filter(pk__lt=first_of(self.until)) if self.until else rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as far as an export holds it."""

    label: str
    fields: tuple[Field, ...]
    person: str = ""
    """The look-up that leads to the person; empty in an organization's export."""

    @property
    def model(self) -> type[Model]:
        found: type[Model] = apps.get_model(self.label)
        return found

    @property
    def is_tenants(self) -> bool:
        return issubclass(self.model, TenantModel)

    @property
    def knows_time(self) -> bool:
        """Whether the key of a row says when it came about: no number does, and no key that is the person's own."""
        key = self.model._meta.pk  # noqa: SLF001 - as above
        return isinstance(key, UUIDField) and self.person not in {"pk", key.name}

    @property
    def title(self) -> str:
        return str(self.model._meta.verbose_name).capitalize()  # noqa: SLF001 - Django's documented way to a model's name

    def page(self, owner: UUID, after: str | None, *, made: Made | None = None) -> list[tuple[str, dict[str, Any]]]:
        """The next rows in the order of their keys, each with its key; asked in the scope that may see them."""
        rows = self._rows(owner).order_by("pk")
        if made is not None:
            rows = made.of(rows)
        if after is not None:
            rows = rows.filter(pk__gt=after)
        names = [field.name for field in self.fields]
        return [
            (str(key), dict(zip(names, values, strict=True))) for key, *values in rows.values_list("pk", *names)[:PAGE]
        ]

    def _rows(self, owner: UUID) -> QuerySet[Model]:
        rows = self.model._default_manager.all()  # noqa: SLF001 - as above
        if self.person:
            return rows.filter(**{self.person: owner})
        if any(field.name == "silent" for field in self.model._meta.concrete_fields):  # noqa: SLF001 - as above
            rows = rows.filter(silent=False)  # what the organization may not be told of yet
        return rows.filter(Q(pk=owner) if self.model is Org else Q(org=owner))


@cache
def of_person() -> dict[str, Table]:
    """Everything that is on a person, by label."""
    told = people(declared())
    wanted = [entry for entry in declared() if entry.export.of_person]
    return {label: _table(label, wanted, told[label]) for label in _labels(wanted)}


@cache
def of_organization() -> dict[str, Table]:
    """Everything that is an organization's, by label."""
    wanted = [entry for entry in declared() if entry.export.of_organization]
    return {label: _table(label, wanted, "") for label in _labels(wanted)}


def _labels(entries: Iterable[Entry]) -> Sequence[str]:
    return sorted({entry.model for entry in entries})


def _table(label: str, entries: Iterable[Entry], person: str) -> Table:
    model = apps.get_model(label)
    said = {name: entry for entry in entries if entry.model == label for name in entry.fields}
    fields = [
        Field(
            name=field.name,
            type=field.get_internal_type(),
            category=said[field.name].category,
            purpose=said[field.name].purpose,
            retention=said[field.name].retention,
        )
        for field in model._meta.concrete_fields  # noqa: SLF001 - as above
        if field.name in said
    ]
    return Table(label=label, fields=tuple(fields), person=person)
