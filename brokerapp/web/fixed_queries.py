"""Queries that pages ask, always the same but for their values: made into SQL once for a process.

Django works out the SQL of a query each time it is asked. That takes longer than asking, and a page asks a
dozen of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query import get_related_populators
from django.db.models.query_utils import DeferredAttribute

from brokerapp.web.postgresql.base import keeping_plans

Row = TypeVar("Row")
Locked = TypeVar("Locked", bound=models.Model)


@models.Field.register_lookup
class OneOf(models.Lookup):
    """`name__one_of=[…]` as `in`, but that the list is one value of the query, however long it is."""

    lookup_name = "one_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """The condition and its parameters."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*parameters, self.rhs]


@dataclass(frozen=True)
class Plan:
    """The SQL, its parameters, and how rows are read."""

    sql: str
    parameters: Sequence[Any]
    places: dict[int, int]
    """Which parameter is which value."""
    converters: dict[int, Any]
    read: Callable[[Sequence[Any]], Any]
    """Makes a row of what the database gives."""


class FixedQuery(Generic[Row]):
    """`make(*values)` is a query set; a call gives its rows as a list, and `count` how many there are.

    Rows are rows of a model, which may bring along others (`select_related`) and annotations, and of which
    columns may be left out (`only`), or the tuples of `values_list`. `stand_ins` are values that occur in no
    other place of the query, one for each argument.
    """

    def __init__(self, make: Callable[..., "models.QuerySet[Any, Row]"], *stand_ins: Any) -> None:
        self._make, self._stand_ins = make, stand_ins
        self._plan: Plan | None = None
        self._count: Plan | None = None

    def __call__(self, *values: Any, first: int = 0, most: int | None = None) -> list[Row]:
        """The rows for these values: all, or `most` of them from number `first` on."""
        plan = self.plan
        rows = _ask(plan, values, () if most is None else (most, first))
        if plan.converters:
            rows = [_converted(row, plan.converters) for row in rows]
        return [plan.read(row) for row in rows]

    @property
    def plan(self) -> Plan:
        """Made when it is first needed."""
        if self._plan is None:
            self._plan = self._compile(self._make(*self._stand_ins))
        return self._plan

    def count(self, *values: Any) -> int:
        """How many rows there are for these values."""
        if self._count is None:
            counted = self._compile(self._make(*self._stand_ins).order_by().values_list("pk"))
            sql = f"SELECT COUNT(*) FROM ({counted.sql}) counted"  # noqa: S608 - Django's own SQL
            self._count = replace(counted, sql=sql)
        return int(_ask(self._count, values)[0][0])

    def _compile(self, queryset: "models.QuerySet[Any, Any]") -> Plan:
        compiler: Any = queryset.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        places = {
            place: self._stand_ins.index(given)
            for place, given in enumerate(parameters)
            if given in self._stand_ins
        }
        if sorted(places.values()) != list(range(len(self._stand_ins))):
            raise ValueError("a value of a fixed query has to be in it once, as it is given")
        # The driver gives exact decimals, which Django would only copy.
        kept = [column[0] for column in compiler.select]
        converters = {
            place: convert
            for place, convert in compiler.get_converters(kept).items()
            if not isinstance(kept[place].output_field, models.DecimalField)
        }
        is_tuples = queryset._fields is not None  # type: ignore[attr-defined]
        return Plan(sql, parameters, places, converters, tuple if is_tuples else _reader(compiler))


class Pages(Generic[Row]):
    """The rows of a fixed query for some values, for a paginator, which reads a page of them."""

    ordered = True

    def __init__(self, find: FixedQuery[Row], *values: Any) -> None:
        self._find, self._values = find, values

    def count(self) -> int:
        """How many there are."""
        return self._find.count(*self._values)

    def __getitem__(self, part: slice) -> list[Row]:
        first = part.start or 0
        return self._find(*self._values, first=first, most=part.stop - first)


def _ask(plan: Plan, values: Sequence[Any], limit: Sequence[int] = ()) -> list[Sequence[Any]]:
    parameters = [
        values[plan.places[place]] if place in plan.places else constant
        for place, constant in enumerate(plan.parameters)
    ]
    with keeping_plans(connection) as cursor:
        cursor.execute(f"{plan.sql} LIMIT %s OFFSET %s" if limit else plan.sql, [*parameters, *limit])
        found: list[Sequence[Any]] = cursor.fetchall()
    return found


def _converted(row: Sequence[Any], converters: dict[int, Any]) -> Sequence[Any]:
    """A row as its fields have it."""
    values = list(row)
    for place, (convert_all, expression) in converters.items():
        for convert in convert_all:
            values[place] = convert(values[place], expression, connection)
    return values


def _reader(compiler: Any) -> Callable[[Sequence[Any]], Any]:
    """How the row of a model is read, with those that it brings along."""
    klass, select = compiler.klass_info, compiler.select
    if not klass:
        raise ValueError("a fixed query is of rows of a model, or of tuples")
    own = slice(klass["select_fields"][0], klass["select_fields"][-1] + 1)
    make = _maker(klass["model"], [column[0].target.attname for column in select[own]])
    related = get_related_populators(klass, select, connection.alias)  # type: ignore[call-arg]
    for populator in related:
        _quicken(populator)
    annotations = dict(compiler.annotation_col_map)

    def read(row: Sequence[Any]) -> Any:
        made = make(row[own])
        for populator in related:
            populator.populate(row, made)
        for name, place in annotations.items():
            setattr(made, name, row[place])
        return made

    return read


def _maker(model: type[models.Model], columns: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    """How a row of a model is made of these columns: as `from_db` makes it, which sets them one by one.

    Where a model or a receiver has its own say in how rows are made, it is heard.
    """
    alias = connection.alias
    is_heard = any(
        signal.has_listeners(model) for signal in (models.signals.pre_init, models.signals.post_init)
    )
    if is_heard or _has_own_way(model):
        names = frozenset(columns)
        return lambda values: model.from_db(alias, names, values)

    def make(values: Sequence[Any]) -> Any:
        made = model.__new__(model)
        state = ModelState()
        state.adding, state.db = False, alias
        made.__dict__.update(zip(columns, values, strict=True), _state=state)
        return made

    return make


def _has_own_way(model: type[models.Model]) -> bool:
    """Whether its rows, or one of its columns, are set in another way than into the row's dictionary."""
    plain = (DeferredAttribute, ForeignKeyDeferredAttribute)
    is_own = any("__init__" in vars(base) or "from_db" in vars(base) for base in _bases(model))
    return is_own or any(type(getattr(model, name)) not in plain for name in _attnames(model))


def _bases(model: type[models.Model]) -> list[type]:
    return list(model.__mro__[: model.__mro__.index(models.Model)])


def _attnames(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


class _Made:
    """What a populator takes for the class of the rows that it makes."""

    def __init__(self, make: Callable[[Sequence[Any]], Any]) -> None:
        self._make = make

    def from_db(self, alias: str, names: Any, values: Sequence[Any]) -> Any:
        """The row."""
        return self._make(values)


def _quicken(populator: Any) -> None:
    """Have a populator, and those of what its rows bring along, make rows in the same way."""
    populator.model_cls = _Made(_maker(populator.model_cls, populator.init_list))
    for further in populator.related_populators:
        _quicken(further)


@cache
def _finder(model: type[models.Model], is_locked: bool, along: tuple[str, ...]) -> FixedQuery[Any]:
    """Of a row by its key, with those that it refers to by the names in `along`."""

    def rows(pk: Any) -> "models.QuerySet[Any]":
        found = model._base_manager.filter(pk=pk)
        if is_locked:
            found = found.select_for_update(of=("self",), no_key=True)
        return found.select_related(*along) if along else found

    return FixedQuery(rows, _stand_in_key(model))


def _stand_in_key(model: type[models.Model]) -> UUID | int:
    return UUID(int=1) if isinstance(model._meta.pk, models.UUIDField) else 918_273_645


def read_again(row: models.Model) -> None:
    """Bring a row's columns up to date; what it refers to is kept where that is still the same row.

    Raises the model's `DoesNotExist`.
    """
    bring_up_to_date(row, _found(type(row), row.pk, _finder(type(row), False, ())))


def bring_up_to_date(row: models.Model, fresh: models.Model) -> None:
    """Give a row the columns of `fresh`, which is the same row read later; as `read_again` says."""
    fields: Any = row._meta.concrete_fields
    for field in fields:
        is_other = vars(fresh)[field.attname] != vars(row).get(field.attname)
        if field.is_relation and is_other and field.is_cached(row):
            field.delete_cached_value(row)
    vars(row).update({name: value for name, value in vars(fresh).items() if name != "_state"})


def returned(model: type[Locked], statement: str, values: Sequence[Any]) -> Locked | None:
    """The row that a statement changes, by the `RETURNING` that is added here; None if it changes none."""
    plan = _finder(model, False, ()).plan
    with keeping_plans(connection) as cursor:
        cursor.execute(f"{statement} RETURNING {_all_columns(model)}", values)
        row = cursor.fetchone()
    if row is None:
        return None
    found: Locked = plan.read(_converted(row, plan.converters) if plan.converters else row)
    return found


@cache
def _all_columns(model: type[models.Model]) -> str:
    """As queries of whole rows list them."""
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in model._meta.concrete_fields)


@cache
def _column_finder(model: type[models.Model], columns: tuple[str, ...]) -> FixedQuery[tuple[Any, ...]]:
    rows = model._base_manager.select_for_update(of=("self",), no_key=True)
    return FixedQuery(lambda pk: rows.filter(pk=pk).values_list(*columns), _stand_in_key(model))


def lock_columns(model: type[models.Model], pk: Any, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    """Some columns of the row with this key, under its lock until the transaction ends; None without it."""
    return next(iter(_column_finder(model, columns)(pk)), None)


def lock(model: type[Locked], pk: Any, *along: str) -> Locked:
    """The row with this key, under its lock until the transaction ends; `along`: what is read with it.

    Raises the model's `DoesNotExist`.
    """
    found: Locked = _found(model, pk, _finder(model, True, along))
    return found


def _found(model: type[models.Model], pk: Any, find: FixedQuery[Any]) -> Any:
    rows = find(pk)
    if not rows:
        raise model.DoesNotExist(f"{model.__name__} {pk}")  # type: ignore[attr-defined]
    return rows[0]
