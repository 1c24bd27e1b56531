"""Rows that the services made once in this process, copied with ids and times of their own.

An opened account takes forty statements, and most tests need one. What is copied is every row that was
inserted meanwhile, as it stood at the end; so a copy differs from its original in nothing but who it is of.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db import models
from django.db.models import NOT_PROVIDED
from django.utils import timezone

from brokerapp.accounts.models import User

UUID_TEXT = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")


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
    """What `make` inserts for a person, in whatever way."""
    kinds = [model for model in apps.get_models() if model._meta.managed and not model._meta.proxy]
    before = {model: set(keys_of(model)) for model in kinds}
    begun = timezone.now()
    make(person)
    ended = timezone.now()
    held = {
        model: [values_of(row) for row in model._base_manager.order_by("pk") if row.pk not in before[model]]
        for model in kinds
        if set(keys_of(model)) != before[model]
    }
    return Original(person.pk, person.email, held, begun, ended)


def keys_of(model: type[models.Model]) -> Iterable[Any]:
    return model._base_manager.values_list("pk", flat=True)


def values_of(row: models.Model) -> dict[str, Any]:
    """Its columns, but for those that the database fills in."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not isinstance(field, models.AutoField) and field.db_default is NOT_PROVIDED
    }
