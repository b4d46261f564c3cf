"""Pages by key: the cursor names the last row seen, so a deep page costs what the first one costs."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan

Row = TypeVar("Row", bound=Model)
REACH = 2_500
MOST_CURSOR = 128 << 10
"""Letters: a path is the longest part of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Fields that an index serves in this order; the last one is unique."""

    fields: tuple[str, ...] = ("id",)
    falling: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """`next` and `previous` are cursors, None at the ends of the list."""

    rows: Sequence[Row]
    next: str | None = None
    previous: str | None = None


def page(
    branches: Sequence[QuerySet[Row]],
    order: Order,
    *,
    after: str = "",
    before: str = "",
    size: int = 50,
    among: Q | None = None,
) -> Page[Row]:
    """One page of the merged `branches`, which are disjoint and of one model: several where no index orders them all.

    A cursor that cannot be read is none: the list begins at its start. `among`: a condition that no index serves; it is asked of
    the next `REACH` rows of each branch alone, so that a page with fewer rows than `size` says nothing of those beyond.
    """
    model = branches[0].model
    backwards = bool(before)
    key = _decode(model, order, before or after)
    falling = order.falling != backwards
    found: list[Row] = sorted(
        chain.from_iterable(
            _slice(branch, order, falling=falling, key=key, size=size + 1, among=among) for branch in branches
        ),
        key=lambda row: _key(row, order),
        reverse=falling,
    )
    rows, more = found[:size], len(found) > size
    if backwards:
        rows.reverse()
    if not rows:
        return Page(rows=[])
    has_next = more if not backwards else True
    has_previous = more if backwards else key is not None
    return Page(
        rows=rows,
        next=_encode(rows[-1], order) if has_next else None,
        previous=_encode(rows[0], order) if has_previous else None,
    )


def _slice(
    branch: QuerySet[Row],
    order: Order,
    *,
    falling: bool,
    key: tuple[Any, ...] | None,
    size: int,
    among: Q | None,
) -> QuerySet[Row]:
    if key is not None:
        beyond = TupleLessThan if falling else TupleGreaterThan
        branch = branch.filter(beyond([F(name) for name in order.fields], key))
    sign = "-" if falling else ""
    # `asset` would sort by the asset's own ordering, `asset_id` sorts by the column.
    columns = [_field(branch.model, name).attname for name in order.fields]
    ordered = branch.order_by(*(sign + column for column in columns))
    if among is not None:
        ordered = ordered.filter(among, pk__in=ordered.prefetch_related(None).values("pk")[:REACH])
    return ordered[:size]


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    field = model._meta.get_field(name)  # noqa: SLF001 - Django documents this API under this name
    if not isinstance(field, Field):
        raise TypeError(f"{model.__name__}.{name} is no column to sort by")
    return field


def _key(row: Model, order: Order) -> tuple[Any, ...]:
    return tuple(getattr(row, _field(type(row), name).attname) for name in order.fields)


def _encode(row: Model, order: Order) -> str:
    text = json.dumps([str(value) for value in _key(row, order)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(model: type[Model], order: Order, cursor: str) -> tuple[Any, ...] | None:
    """The key in a cursor, or None: a cursor is a stranger's text and proves nothing."""
    if not cursor or len(cursor) > MOST_CURSOR:
        return None
    try:
        texts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_value(_field(model, name), text) for name, text in zip(order.fields, texts, strict=True)]
    except (binascii.Error, ValueError, TypeError, ValidationError, RecursionError):
        return None
    return tuple(values)


def _value(field: "Field[Any, Any]", text: object) -> Any:
    if not isinstance(text, str) or "\x00" in text:
        raise ValueError("no cursor of ours holds this")
    text.encode()  # a lone surrogate is a ValueError here, and a broken query later
    value = field.to_python(text)
    field.run_validators(value)
    return value
