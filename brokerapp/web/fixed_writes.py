"""Statements that every order and every call writes: their SQL is made once for a process.

Beside `fixed_queries`. An expression, or a column whose place in a statement is its own affair (arrays), goes
the way of the framework, which does the same and takes longer.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import connection, models, router
from django.db.models.expressions import DatabaseDefault

from brokerapp.web.fixed_queries import bring_up_to_date, read_again, returned
from brokerapp.web.postgresql.base import keeping_plans


def set_columns(model: type[models.Model], where: Mapping[str, object], columns: Mapping[str, object]) -> int:
    """Update the rows in which the columns `where` have these values (None: NULL); returns how many.

    As `model._base_manager.filter(**where).update(**columns)`.
    """
    fields = [_field(model, name) for name in columns]
    if any(_is_special(field, value) for field, value in zip(fields, columns.values(), strict=True)):
        return model._base_manager.filter(**_for_filter(where)).update(**columns)
    statement, values = _statement(model, where, columns)
    with keeping_plans(connection) as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def set_and_read(row: models.Model, where: Mapping[str, object], columns: Mapping[str, object]) -> bool:
    """Update the row, if its columns `where` have these values (None: NULL), and bring it up to date.

    One statement. False, and nothing is changed or read, where they have not. As `set_columns` and then
    `fixed_queries.read_again`.
    """
    model, wanted = type(row), {"pk": row.pk, **where}
    if any(_is_special(_field(model, name), value) for name, value in columns.items()):
        changed = set_columns(model, wanted, columns)
        if changed:
            read_again(row)
        return bool(changed)
    statement, values = _statement(model, wanted, columns)
    found = returned(model, statement, values)
    if found is not None:
        bring_up_to_date(row, found)
    return found is not None


def insert(row: models.Model) -> None:
    """Insert a new row, as `save(force_insert=True)`; it has its key then. `post_save` is sent."""
    fields = [field for field in row._meta.local_concrete_fields if not field.generated]
    given = {field: field.pre_save(row, add=True) for field in fields if not _is_left_out(field, row)}
    has_own_way = type(row).save is not models.Model.save
    if has_own_way or any(_is_special(field, value) for field, value in given.items()):
        row.save(force_insert=True)
        return
    prepared = {field: field.get_db_prep_save(value, connection) for field, value in given.items()}
    # What is left out is NULL. An order has more columns than psycopg keeps a statement for, but not filled.
    values = {
        field: value for field, value in prepared.items() if value is not None or field.has_db_default()
    }
    with keeping_plans(connection) as cursor:
        cursor.execute(_insert(type(row), tuple(values)), list(values.values()))
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, router.db_for_write(type(row))
    models.signals.post_save.send(
        type(row), instance=row, created=True, raw=False, using=row._state.db, update_fields=None
    )


def _statement(
    model: type[models.Model], where: Mapping[str, object], columns: Mapping[str, object]
) -> tuple[str, list[Any]]:
    """The `UPDATE` and its values."""
    known = tuple(name for name, value in where.items() if value is not None)
    empty = tuple(name for name, value in where.items() if value is None)
    values = [_field(model, name).get_db_prep_save(value, connection) for name, value in columns.items()]
    values += [_field(model, name).get_db_prep_value(where[name], connection) for name in known]
    return _update(model, tuple(columns), known, empty), values


def _is_special(field: Any, value: object) -> bool:
    is_object = hasattr(value, "resolve_expression") or hasattr(value, "prepare_database_save")
    return is_object or hasattr(field, "get_placeholder")


def _is_left_out(field: Any, row: models.Model) -> bool:
    """Whether the database gives the value."""
    value = getattr(row, field.attname)
    return isinstance(value, DatabaseDefault) or (field.primary_key and value is None)


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _for_filter(where: Mapping[str, object]) -> dict[str, object]:
    given = {name: value for name, value in where.items() if value is not None}
    return given | {f"{name}__isnull": True for name, value in where.items() if value is None}


@cache
def _update(
    model: type[models.Model], columns: tuple[str, ...], known: tuple[str, ...], empty: tuple[str, ...]
) -> str:
    column = {name: _quoted(_field(model, name).column) for name in (*columns, *known, *empty)}
    changes = ", ".join(f"{column[name]} = %s" for name in columns)
    wanted = [f"{column[name]} = %s" for name in known] + [f"{column[name]} IS NULL" for name in empty]
    table = _quoted(model._meta.db_table)
    return f"UPDATE {table} SET {changes} WHERE {' AND '.join(wanted)}"  # noqa: S608 - names of ours


@cache
def _insert(model: type[models.Model], fields: tuple[Any, ...]) -> str:
    names = ", ".join(_quoted(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table, key = _quoted(model._meta.db_table), _quoted(model._meta.pk.column)
    return f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING {key}"  # noqa: S608 - names of ours


def _quoted(name: str | None) -> str:
    assert name is not None
    return connection.ops.quote_name(name)
