"""Row ownership in the database: every tenant table has forced row-level security and references inside its tenant.

The policies read `current_org()`, a setting that only `tenancy.scope` sets and that ends with the transaction. Unique
keys and foreign keys bypass row-level security, so both start with the organization.
"""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models.constraints import BaseConstraint


class SqlConstraint(BaseConstraint):
    """A constraint that is plain SQL to create and to drop, and nothing to validate in Python."""

    def _create(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> Sequence[str]:
        raise NotImplementedError

    def _remove(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> Sequence[str]:
        raise NotImplementedError

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        """Run after the tables of the migration exist: references need their targets."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        return Statement("; ".join(self._create(model, schema_editor)).replace("%", "%%"))

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return Statement("; ".join(self._remove(model, schema_editor)).replace("%", "%%"))

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """The database decides; there is nothing a form could know."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.name))


class RowLevelSecurity(SqlConstraint):
    """Rows are visible and writable only inside their own organization's scope, for the tables' owner as well."""

    def __init__(self, *, name: str, field: str = "org_id") -> None:
        super().__init__(name=name)
        self.field = field

    def _create(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> Sequence[str]:
        table = _table(model, editor)
        mine = f"{editor.quote_name(self.field)} = (select current_org())"
        return (
            f"alter table {table} enable row level security",
            f"alter table {table} force row level security",
            f"create policy tenant on {table} using ({mine}) with check ({mine})",
        )

    def _remove(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> Sequence[str]:
        table = _table(model, editor)
        return (f"drop policy tenant on {table}", f"alter table {table} no force row level security")

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        return _path(self), (), {"name": self.name, "field": self.field}


class TenantReference(SqlConstraint):
    """A foreign key over (org_id, x_id): a row can name only rows of its own organization."""

    def __init__(self, *, name: str, column: str, to: str) -> None:
        super().__init__(name=name)
        self.column = column
        self.to = to

    def _create(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> Sequence[str]:
        quote = editor.quote_name
        key = f"foreign key (org_id, {quote(self.column)}) references {quote(self.to)} (org_id, id)"
        constraint = f"constraint {quote(self.name)} {key} deferrable initially deferred"
        return (f"alter table {_table(model, editor)} add {constraint}",)

    def _remove(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> Sequence[str]:
        return (f"alter table {_table(model, editor)} drop constraint {editor.quote_name(self.name)}",)

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        return _path(self), (), {"name": self.name, "column": self.column, "to": self.to}


class SetReference(SqlConstraint):
    """The same rule for tables that are written by the hundred thousand: one check per statement instead of one per row.

    Of 100,000 rows a foreign key costs 1 to 2 seconds of the commit. `hold`: the rows referred to are locked against deletion as a
    foreign key does; without it whoever writes holds what they belong to (a digest its asset).
    """

    def __init__(self, *, name: str, column: str, to: str, hold: bool = True) -> None:
        super().__init__(name=name)
        self.column = column
        self.to = to
        self.hold = hold

    def _create(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> Sequence[str]:
        table, to, column = _table(model, editor), editor.quote_name(self.to), editor.quote_value(self.column)
        refers = f"for each statement execute function vallum_refers({editor.quote_value(self.to)}, {column}, {str(self.hold).lower()})"
        referred = f"vallum_referred({editor.quote_value(model._meta.db_table)}, {column})"  # noqa: SLF001 - as below
        added, changed, gone = (editor.quote_name(name) for name in self._triggers)
        return (
            f"create trigger {added} after insert on {table} referencing new table as written {refers}",
            f"create trigger {changed} after update on {table} referencing new table as written {refers}",
            f"create trigger {gone} after delete on {to} referencing old table as gone for each statement execute function {referred}",
        )

    def _remove(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> Sequence[str]:
        table, to = _table(model, editor), editor.quote_name(self.to)
        added, changed, gone = (editor.quote_name(name) for name in self._triggers)
        return (
            f"drop trigger {added} on {table}",
            f"drop trigger {changed} on {table}",
            f"drop trigger {gone} on {to}",
        )

    @property
    def _triggers(self) -> tuple[str, str, str]:
        return (f"{self.name}_added", f"{self.name}_changed", f"{self.name}_gone")

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        return _path(self), (), {"name": self.name, "column": self.column, "to": self.to, "hold": self.hold}


def _table(model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> str:
    return editor.quote_name(model._meta.db_table)  # noqa: SLF001 - Django's documented way to a model's table


def _path(constraint: SqlConstraint) -> str:
    return f"{type(constraint).__module__}.{type(constraint).__name__}"


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]  # its two type arguments are the plug-in's to infer
    """A foreign key whose database constraint is a TenantReference, added to the model by itself; `by_set`: a SetReference."""

    def __init__(self, to: Any, on_delete: Any, *, by_set: bool = False, hold: bool = True, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        self.by_set, self.hold = by_set, hold
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs

    def clone(self) -> Any:
        """How the constraint is checked is not in the migrations' fields: the constraint itself is."""
        copy = super().clone()
        copy.by_set, copy.hold = self.by_set, self.hold
        return copy

    def contribute_to_class(self, cls: Any, name: str, *args: Any, **kwargs: Any) -> None:
        super().contribute_to_class(cls, name, *args, **kwargs)
        options = cls._meta
        # Models of migration states carry the constraint in their own options.
        if not options.abstract and cls.__module__ != "__fake__":
            table = self.remote_field.model._meta.db_table  # noqa: SLF001 - as above
            name = f"{options.db_table}_{self.attname}_{'set' if self.by_set else 'tenant'}"
            checked: SqlConstraint = TenantReference(name=name, column=self.attname, to=table)
            if self.by_set:
                checked = SetReference(name=name, column=self.attname, to=table, hold=self.hold)
            options.constraints = [*options.constraints, checked]
