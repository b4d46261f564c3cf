"""The column that holds a sealed text, and so tells a rotation where to look."""

from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from vallum_web.tenancy.keyring.envelope import is_sealed
from vallum_web.tenancy.keyring.errors import PlaintextError
from vallum_web.tenancy.models import TenantModel


class SealedField(models.TextField):  # type: ignore[type-arg]  # its two type arguments are the plug-in's to infer
    """A text sealed under the organization's key for exactly this row; empty where there is none. Takes nothing else."""

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, str) and value and not is_sealed(value):
            raise PlaintextError(f"{self} takes sealed texts alone: pass the value through keyring.seal first.")
        return super().get_db_prep_save(value, connection)


def place(row: TenantModel, field: str) -> str:
    """The context of a row's sealed field: `accounts.IdentityProvider.secret:<row id>`."""
    return f"{row._meta.label}.{field}:{row.pk}"  # noqa: SLF001 - Django's documented way to a model's label


@cache
def sealed_columns() -> dict[str, tuple[type[TenantModel], str]]:
    """Every declared place: `accounts.IdentityProvider.secret` and the model and field it stands for."""
    return {
        f"{model._meta.label}.{field.name}": (model, field.name)  # noqa: SLF001 - as above
        for model in apps.get_models()
        if issubclass(model, TenantModel)
        for field in model._meta.concrete_fields  # noqa: SLF001 - as above
        if isinstance(field, SealedField)
    }
