"""Searching the lists of staff: every match is exact and looked up in an index, however long a list is."""

from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.constants import LOOKUP_SEP

FEW = 200
"""Rows of another table that a search goes by; more than that are no answer."""


def as_uuid(text: str) -> UUID | None:
    """The UUID that a search term is, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def exactly(model: type[models.Model], names: tuple[str, ...], term: str) -> Q:
    """The rows of `model` of which one of the columns is `term`, as a look-up in each column's index.

    A name with `__` leads over foreign keys. A column that cannot hold the term is passed over, so that a
    search for an e-mail address asks no column of ids. Matches nothing where all are.
    """
    found = [match for name in names if (match := _match(model, name.lstrip("=^@"), term)) is not None]
    return reduce(or_, found) if found else Q(pk__in=[])


def _match(model: type[models.Model], name: str, term: str) -> Q | None:
    first, _, rest = name.partition(LOOKUP_SEP)
    field: Any = model._meta.get_field(first)
    if rest:
        there = _match(field.related_model, rest, term)
        if there is None:
            return None
        # Looked up first: joined, no index of either table would be used.
        found = field.related_model._default_manager.filter(there).order_by()
        return Q(**{f"{first}__in": list(found.values_list("pk", flat=True)[:FEW])})
    if isinstance(field, models.UUIDField):
        uuid = as_uuid(term)
        return None if uuid is None else Q(**{first: uuid})
    if isinstance(field, models.EmailField):
        return Q(**{first: term.lower()}) if "@" in term else None
    if isinstance(field, models.IntegerField):
        return Q(**{first: int(term)}) if term.isascii() and term.isdecimal() and len(term) < 10 else None
    return Q(**{f"{first}__in": sorted({term, term.lower(), term.upper()})})
