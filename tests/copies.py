"""Rows that the services made once in this process, copied with ids and times of their own.

An opened account takes forty statements, and most tests need one. What is copied is every row that was
inserted meanwhile, as it stood at the end; so a copy differs from its original in nothing but who it is of.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, models
from django.db.models import NOT_PROVIDED
from django.db.models.signals import post_save
from django.utils import timezone

from brokerapp.accounts.models import User

UUID_TEXT = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
INSERT = re.compile(r'INSERT INTO "(\w+)"')


@dataclass(frozen=True)
class Original:
    """Rows about one person: each model's, as dictionaries by attribute, made between two moments."""

    person_id: int
    email: str
    rows: dict[type[models.Model], list[dict[str, Any]]]
    begun: datetime
    ended: datetime

    def copy_for(self, person: User) -> dict[type[models.Model], Sequence[models.Model]]:
        """The same rows about somebody else, of this moment, in the database."""
        ids: dict[UUID, UUID] = defaultdict(uuid4)
        later = timezone.now() - self.ended
        return {
            model: model._default_manager.bulk_create(  # type: ignore[attr-defined]
                [
                    model(
                        **{name: self._anew(name, value, person, ids, later) for name, value in row.items()}
                    )
                    for row in rows
                ]
            )
            for model, rows in self.rows.items()
        }

    def _anew(self, name: str, value: Any, person: User, ids: dict[UUID, UUID], later: timedelta) -> Any:
        if isinstance(value, UUID):
            return ids[value]
        if isinstance(value, datetime) and self.begun <= value <= self.ended:
            return value + later
        if value == self.email:
            return person.email
        if value == self.person_id and name.endswith("_id"):
            return person.pk
        if isinstance(value, str) and UUID_TEXT.fullmatch(value):
            anew = ids[UUID(value)]
            return str(anew) if "-" in value else anew.hex
        return deepcopy(value) if isinstance(value, list | dict) else value


def original(make: Callable[[User], object], person: User) -> Original:
    """What `make` inserts for a person. Raises AssertionError where something was not inserted by `save`."""
    begun = timezone.now()
    with inserted() as rows:
        make(person)
    ended = timezone.now()
    held: dict[type[models.Model], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        row.refresh_from_db()
        held[type(row)].append(values_of(row))
    return Original(person.pk, person.email, dict(held), begun, ended)


def values_of(row: models.Model) -> dict[str, Any]:
    """Its columns, but for those that the database fills in."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not isinstance(field, models.AutoField) and field.db_default is NOT_PROVIDED
    }


@contextmanager
def inserted() -> Iterator[list[models.Model]]:
    """The rows that are inserted within, in order."""
    rows: list[models.Model] = []
    tables: list[str] = []

    def saved(instance: models.Model, created: bool, **kwargs: Any) -> None:
        if created:
            rows.append(instance)

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        tables.extend(INSERT.findall(sql))
        return execute(sql, params, many, context)

    post_save.connect(saved)
    try:
        with connection.execute_wrapper(watch):
            yield rows
    finally:
        post_save.disconnect(saved)
    assert sorted(tables) == sorted(row._meta.db_table for row in rows), "inserted by another way than save()"
