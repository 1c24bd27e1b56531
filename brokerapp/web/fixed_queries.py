"""Queries that every page asks, always the same but for their values: made into SQL once for a process.

Django works out the SQL of a query each time it is asked. For a row of thirty columns that takes longer than
asking, and every page asks for a session, a person and their accounts before it does anything of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, models

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
    converters: dict[int, Any]


class FixedQuery(Generic[Row]):
    """`make(*values)` is a query set of whole rows of one model; a call gives its rows as a list.

    `stand_ins` are values that occur in no other place of the query, one for each argument.
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
        made: Row = plan.model.from_db(connection.alias, plan.columns, values)  # type: ignore[assignment]
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
        if compiler.klass_info.get("related_klass_infos") or compiler.annotation_col_map:
            raise ValueError("a fixed query is of whole rows of one model")
        expressions = [column[0] for column in compiler.select]
        columns = [expression.target.attname for expression in expressions]
        model = compiler.klass_info["model"]
        return Plan(sql, parameters, places, model, columns, compiler.get_converters(expressions))
