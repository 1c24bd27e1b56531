"""Queries that every page asks, always the same but for their values: made into SQL once for a process.

Django works out the SQL of a query each time it is asked. For a row of thirty columns that takes longer than
asking, and every page asks for a session, a person and their accounts before it does anything of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Plan:
    """The SQL, its parameters, and how rows are read."""

    sql: str
    parameters: Sequence[Any]
    places: dict[int, int]
    """Which parameter is which value."""
    model: type[models.Model]
    columns: list[str]
    own: slice
    """Where the model's own columns stand in a row."""
    converters: dict[int, Any]
    annotations: dict[str, int]
    related: Sequence[Any]
    """What makes the rows that `select_related` brings along."""


class FixedQuery(Generic[Row]):
    """`make(*values)` is a query set of whole rows of a model; a call gives its rows as a list.

    Rows may bring along others (`select_related`) and annotations. `stand_ins` are values that occur in no
    other place of the query, one for each argument.
    """

    def __init__(self, make: Callable[..., "models.QuerySet[Row]"], *stand_ins: Any) -> None:
        self._make, self._stand_ins = make, stand_ins
        self._plan: Plan | None = None

    def __call__(self, *values: Any) -> list[Row]:
        plan = self._plan
        if plan is None:
            plan = self._plan = self._compile()
        parameters = [
            values[plan.places[place]] if place in plan.places else constant
            for place, constant in enumerate(plan.parameters)
        ]
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, parameters)
            rows = cursor.fetchall()
        return [self._row(plan, row) for row in rows]

    def _row(self, plan: Plan, row: tuple[Any, ...]) -> Row:
        values = list(row)
        for place, (converters, expression) in plan.converters.items():
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        made: Row = plan.model.from_db(connection.alias, plan.columns, values[plan.own])  # type: ignore[assignment]
        for populator in plan.related:
            populator.populate(values, made)
        for name, place in plan.annotations.items():
            setattr(made, name, values[place])
        return made

    def _compile(self) -> Plan:
        compiler: Any = self._make(*self._stand_ins).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        places = {
            place: self._stand_ins.index(given)
            for place, given in enumerate(parameters)
            if given in self._stand_ins
        }
        if sorted(places.values()) != list(range(len(self._stand_ins))):
            raise ValueError("a value of a fixed query has to be in it once, as it is given")
        klass, select = compiler.klass_info, compiler.select
        if not klass or len(klass["select_fields"]) < len(klass["model"]._meta.concrete_fields):
            raise ValueError("a fixed query is of whole rows of a model")
        own = slice(klass["select_fields"][0], klass["select_fields"][-1] + 1)
        return Plan(
            sql=sql,
            parameters=parameters,
            places=places,
            model=klass["model"],
            columns=[column[0].target.attname for column in select[own]],
            own=own,
            converters=compiler.get_converters([column[0] for column in select]),
            annotations=dict(compiler.annotation_col_map),
            related=get_related_populators(klass, select, connection.alias),  # type: ignore[call-arg]
        )


@cache
def _finder(model: type[models.Model], is_locked: bool, along: tuple[str, ...]) -> FixedQuery[Any]:
    """Of a row by its key, with those that it refers to by the names in `along`."""

    def rows(pk: Any) -> "models.QuerySet[Any]":
        found = model._base_manager.filter(pk=pk)
        if is_locked:
            found = found.select_for_update(of=("self",), no_key=True)
        return found.select_related(*along) if along else found

    return FixedQuery(rows, UUID(int=1) if isinstance(model._meta.pk, models.UUIDField) else 918_273_645)


def read_again(row: models.Model) -> None:
    """Bring a row's columns up to date; what it refers to is kept where that is still the same row.

    Raises the model's `DoesNotExist`.
    """
    fresh = _found(type(row), row.pk, _finder(type(row), False, ()))
    fields: Any = row._meta.concrete_fields
    for field in fields:
        is_other = vars(fresh)[field.attname] != vars(row).get(field.attname)
        if field.is_relation and is_other and field.is_cached(row):
            field.delete_cached_value(row)
    vars(row).update({name: value for name, value in vars(fresh).items() if name != "_state"})


def lock(model: type[Row], pk: Any, *along: str) -> Row:
    """The row with this key, under its lock until the transaction ends; `along`: what is read with it.

    Raises the model's `DoesNotExist`.
    """
    found: Row = _found(model, pk, _finder(model, True, along))
    return found


def _found(model: type[models.Model], pk: Any, find: FixedQuery[Any]) -> Any:
    rows = find(pk)
    if not rows:
        raise model.DoesNotExist(f"{model.__name__} {pk}")  # type: ignore[attr-defined]
    return rows[0]
