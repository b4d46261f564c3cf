"""What may be told of an organization's keys: which there are and what is sealed under each. No key, no value."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vallum_web.tenancy.keyring import keys, progress
from vallum_web.tenancy.keyring.envelope import FORMAT, prefix
from vallum_web.tenancy.keyring.field import sealed_columns
from vallum_web.tenancy.keyring.keys import Owner
from vallum_web.tenancy.models import TenantModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """So many values of one kind."""

    what: str
    values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One key."""

    version: int
    made_at: datetime
    current: bool
    counts: tuple[Count, ...]

    @property
    def values(self) -> int:
        return sum(count.values for count in self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """An organization's keys, newest first; `lost` counts values whose key is not among them."""

    lines: tuple[Line, ...]
    lost: int
    rotation: progress.Rotation | None


def inventory(org: UUID) -> Inventory:
    """Runs inside the organization's scope."""
    owner = Owner.org(org)
    found = keys.listed(owner)
    lines = tuple(
        Line(
            version=key.version,
            made_at=key.made_at,
            current=key.version == found[-1].version,
            counts=_counts(org, prefix(key.version)),
        )
        for key in reversed(found)
    )
    everything = sum(count.values for count in _counts(org, f"{FORMAT}."))
    return Inventory(
        lines=lines,
        lost=everything - sum(line.values for line in lines),
        rotation=progress.last(owner),
    )


def _counts(org: UUID, start: str) -> tuple[Count, ...]:
    counts = (
        Count(what=_words(model, field), values=model.objects.of(org).filter(**{f"{field}__startswith": start}).count())
        for model, field in sealed_columns().values()
    )
    return tuple(count for count in counts if count.values)


def _words(model: type[TenantModel], field: str) -> str:
    """The column's own words, where it has some; else its name and its model's."""
    options = model._meta  # noqa: SLF001 - Django's documented way to a model's words
    own = str(options.get_field(field).verbose_name)  # type: ignore[union-attr]  # a SealedField always has one
    return f"{field} of {options.verbose_name_plural}" if own == field.replace("_", " ") else own
