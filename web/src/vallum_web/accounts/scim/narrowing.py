"""A filter as conditions of the database, as far as those can say it: pure.

What they cannot say exactly they say too widely, never too narrowly: `exact` is False then, and the rows that are left
are matched by the library, one by one. Columns hold texts in the form the library compares (NFC, small letters unless
the attribute is case-exact), under the collation C, so that both sides order and equal alike; a text that is missing is
empty. A property test keeps the two equal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any
from uuid import UUID

from django.db.models import Q
from scim2_models import AttributeBinding, InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from vallum_web.accounts.scim.hostile import storable

LONGEST = 1_000
# An empty Q says nothing in an "or" instead of everything.
_ALL, _NONE = Q(pk__isnull=False), Q(pk__in=[])
_LOOKUPS = {
    CompareOperator.eq: "exact",
    CompareOperator.co: "contains",
    CompareOperator.sw: "startswith",
    CompareOperator.ew: "endswith",
    CompareOperator.gt: "gt",
    CompareOperator.ge: "gte",
    CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}
_BELOW = frozenset({CompareOperator.eq, CompareOperator.lt, CompareOperator.le})


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    where: Q
    exact: bool = True


ALL = Narrowed(where=_ALL)
WIDE = Narrowed(where=_ALL, exact=False)
Compare = Callable[[CompareOperator, Any], Narrowed]
Columns = Mapping[tuple[str, str | None], Compare]
"""How each attribute (and sub-attribute), by its Python name, is compared."""


def text(column: str) -> Compare:
    """A column of texts."""

    def compare(operator: CompareOperator, value: Any) -> Narrowed:
        missing = Q(**{column: ""})
        if value is None:
            return Narrowed(where=_equality(operator, missing))
        if not isinstance(value, str):
            return WIDE
        if not value:
            # No text that is there is empty, and one that is not compares to nothing.
            return Narrowed(where=_ALL if operator == CompareOperator.ne else _NONE if operator in _BELOW else ~missing)
        if operator == CompareOperator.ne:
            return Narrowed(where=~Q(**{column: value}))
        return Narrowed(where=Q(**{f"{column}__{_LOOKUPS[operator]}": value}) & ~missing)

    return compare


def key(operator: CompareOperator, value: Any) -> Narrowed:
    """The row's own id."""
    if operator not in {CompareOperator.eq, CompareOperator.ne}:
        return WIDE
    if value is None:
        return Narrowed(where=_equality(operator, _NONE))
    found = as_key(value)
    return Narrowed(where=_equality(operator, Q(pk=found) if found else _NONE))


def flag(column: str) -> Compare:
    """A column that is true or false in every row."""

    def compare(operator: CompareOperator, value: Any) -> Narrowed:
        if value is not None and not isinstance(value, bool):
            return WIDE
        return Narrowed(where=_equality(operator, _NONE if value is None else Q(**{column: value})))

    return compare


def moment(column: str) -> Compare:
    """A column that holds a time in every row. A time without a zone is no moment, and equal to none."""

    def compare(operator: CompareOperator, value: Any) -> Narrowed:
        if not isinstance(value, datetime) or value.tzinfo is None:
            return Narrowed(where=_ALL if operator == CompareOperator.ne else _NONE)
        if operator == CompareOperator.ne:
            return Narrowed(where=~Q(**{column: value}))
        if operator in {CompareOperator.co, CompareOperator.sw, CompareOperator.ew}:
            return Narrowed(where=_NONE)
        return Narrowed(where=Q(**{f"{column}__{_LOOKUPS[operator]}": value}))

    return compare


def among(holds: Callable[[str], Q]) -> Compare:
    """Several values in a row; `holds` says which rows have this one."""

    def compare(operator: CompareOperator, value: Any) -> Narrowed:
        if not isinstance(value, str) or not value or operator not in {CompareOperator.eq, CompareOperator.ne}:
            return WIDE
        return Narrowed(where=_equality(operator, holds(value)))

    return compare


def as_key(value: Any) -> UUID | None:
    """The id that a text is, written as we write it."""
    try:
        found = UUID(str(value))
    except ValueError:
        return None
    return found if str(found) == value else None


def narrowed(search: ScimFilter[Any], columns: Columns) -> Narrowed:
    """Raises InvalidFilterException."""
    return _Narrower(search, columns).visit(search.ast)


def _equality(operator: CompareOperator, where: Q) -> Q:
    """Whatever else than equal and unequal is asked of what has no order: no."""
    if operator == CompareOperator.eq:
        return where
    return ~where if operator == CompareOperator.ne else _NONE


class _Narrower(FilterVisitor[Narrowed]):
    def __init__(self, search: ScimFilter[Any], columns: Columns) -> None:
        self.search = search
        self.columns = columns

    def visit_comparison(self, node: Comparison) -> Narrowed:
        return self._compared(self.search.resolve_comparison(node.attr_path), node)

    def visit_present(self, node: Present) -> Narrowed:
        binding = self.search.resolve(node.attr_path)
        compare = self._column(binding)
        # A list is present where one of its values is, and so is a complex attribute: the library knows.
        if compare is None or binding is None or binding.is_multivalued:
            return WIDE
        return compare(CompareOperator.ne, None)

    def visit_not(self, node: Not) -> Narrowed:
        inner = self.visit(node.expr)
        return Narrowed(where=~inner.where) if inner.exact else WIDE

    def visit_logical_expr(self, node: LogicalExpr) -> Narrowed:
        terms = [self.visit(term) for term in node.terms]
        join = and_ if node.op == LogicalOperator.and_ else or_
        return Narrowed(where=reduce(join, (term.where for term in terms)), exact=all(term.exact for term in terms))

    def visit_value_path(self, node: ValuePath) -> Narrowed:
        """Of `emails[type eq "work" and value eq "x"]` the database answers the second half."""
        value_of = AttrPath(node.attr_path.attr, "value", node.attr_path.uri)
        binding = self.search.resolve_comparison(value_of, strict=False)
        terms = _terms(node.val_filter)
        known = [self._compared(binding, term) for term in terms if _names_value(term)]
        if not known:
            return WIDE
        return Narrowed(where=known[0].where, exact=known[0].exact and len(terms) == 1)

    def _compared(self, binding: AttributeBinding | None, node: Any) -> Narrowed:
        if isinstance(node.value, str) and not storable(node.value):
            raise InvalidFilterException(detail="The filter holds NUL or half of a character.")
        compare = self._column(binding)
        if compare is None or binding is None:
            return WIDE
        return compare(node.op, binding.comparable(coerce_value(binding, node.value, node.op)))

    def _column(self, binding: AttributeBinding | None) -> Compare | None:
        return self.columns.get((binding.field_name, binding.sub_field_name)) if binding else None


def _terms(node: FilterNode) -> tuple[FilterNode, ...]:
    return node.terms if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_ else (node,)


def _names_value(term: FilterNode) -> bool:
    """`eq` alone: what a list has is one thing, what none of its values is another."""
    return isinstance(term, Comparison) and term.op == CompareOperator.eq and str(term.attr_path).lower() == "value"
