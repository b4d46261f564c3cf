"""What a purge deletes, made from the data registry and the models: a table that is added is deleted without anybody thinking of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Final

from django.db.models import Model

from vallum_web.tenancy.audit.models import Lasting
from vallum_web.tenancy.models import TenantModel
from vallum_web.tenancy.registry import Entry, Erase, people

OTHERWISE: Final[Mapping[str, str]] = {
    "account.EmailConfirmation": "goes with its address",
    "audit.Entry": "opens no more once the person's key is destroyed; the chain holds without it",
    "mail.Message": "emptied by mail.services.forget_person, which stops what waits as well",
}
"""Fields that go with the person, but not as rows that lead to them."""
LAST: Final = "accounts.User"


class IncompletePlanError(ValueError):
    """The registry says of a field that it goes with the person, and nothing here would delete it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPerson:
    """A table from which the rows of a person are deleted; `person` is the look-up that leads to them."""

    model: type[Model]
    person: str

    @property
    def is_tenant(self) -> bool:
        return issubclass(self.model, TenantModel)


def of_person(declared: Iterable[Entry], models: Iterable[type[Model]]) -> list[OfPerson]:
    """Dependants first, the account itself last. Raises IncompletePlanError."""
    declared = list(declared)
    leads = people(declared)
    known = {model._meta.label: model for model in models}  # noqa: SLF001 - Django's documented way to a model's names
    going: dict[str, set[str]] = {}
    for entry in declared:
        if entry.erase is Erase.WITH_PERSON:
            going.setdefault(entry.model, set()).update(entry.fields)
    found = []
    for label, fields in going.items():
        if label in OTHERWISE:
            continue
        model = known[label]
        if label not in leads or model._meta.pk.name not in fields:  # noqa: SLF001 - as above
            raise IncompletePlanError(f"{label} goes with the person, but nothing says by which rows: see OTHERWISE.")
        found.append(OfPerson(model=model, person=leads[label]))
    order = {model: place for place, model in enumerate(children_first([each.model for each in found]))}
    return sorted(found, key=lambda each: (each.model._meta.label == LAST, order[each.model]))  # noqa: SLF001 - as above


def of_org(models: Iterable[type[Model]]) -> list[type[Model]]:
    """Every table of an organization, dependants first; its audit log apart, which has twelve months of its own."""
    tenants = [model for model in models if issubclass(model, TenantModel) and not issubclass(model, Lasting)]
    return children_first(tenants)


def children_first(models: Iterable[type[Model]]) -> list[type[Model]]:
    """So that no row is deleted to which another still refers."""
    named = {model._meta.label: model for model in models}  # noqa: SLF001 - as above
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for label, model in sorted(named.items()):
        sorter.add(label)
        for field in model._meta.concrete_fields:  # noqa: SLF001 - as above
            to = field.related_model._meta.label if isinstance(field.related_model, type) else ""  # noqa: SLF001 - as above
            if to in named and to != label:
                sorter.add(to, label)
    return [named[label] for label in sorter.static_order()]
