"""Encrypting anew with the newest key: in batches, resumed where it was left, while the site runs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models, transaction

from brokerapp.security.encryption import CannotDecrypt, EncryptedField, encrypted_fields

BATCH = 200
Say = Callable[[str], object]


@dataclass
class Rotated:
    """How many rows were encrypted anew, and how many could not be read."""

    done: int = 0
    failed: int = 0


OTHERS: "list[Callable[[Say], Rotated]]" = []
"""What encrypts anew what is encrypted in other places than our columns."""


def register(other: Callable[[Say], Rotated]) -> None:
    """Have `rotate` call a function that encrypts anew what it knows of."""
    if other not in OTHERS:
        OTHERS.append(other)


def rotate(*, batch: int = BATCH, say: Say = print) -> Rotated:
    """Encrypt anew every value that the newest key did not make; `say` hears of each batch.

    A row is locked and written in a transaction of its own, and only its encrypted columns are. What is done
    needs no note: a run that was interrupted leaves fewer rows for the next one.
    """
    total = Rotated()
    for model in apps.get_models():
        if encrypted_fields(model):
            rotated = _rotate_model(model, batch, say)
            total = Rotated(total.done + rotated.done, total.failed + rotated.failed)
    for other in OTHERS:
        rotated = other(say)
        total = Rotated(total.done + rotated.done, total.failed + rotated.failed)
    return total


def outdated(model: type[models.Model]) -> "models.QuerySet[models.Model]":
    """A model's rows of which a key other than the newest made a value."""
    wanted = models.Q()
    annotations: dict[str, object] = {}
    for field in encrypted_fields(model):
        wanted |= field.sealed_by_other_keys()
        annotations |= field.annotations()
    return model._default_manager.alias(**annotations).filter(wanted)


def _rotate_model(model: type[models.Model], batch: int, say: Say) -> Rotated:
    label, rows = model._meta.label, outdated(model)
    count, rotated = rows.count(), Rotated()
    for keys in _batches(rows, batch):
        for key in keys:
            try:
                _rotate_row(model, key)
                rotated.done += 1
            except CannotDecrypt as error:
                say(f"{label}: {error}")
                rotated.failed += 1
        say(f"{label}: {rotated.done} of {count}")
    return rotated


def _batches(rows: "models.QuerySet[models.Model]", batch: int) -> Iterator[list[object]]:
    last: object = None
    while True:
        left = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
        keys = list(left.values_list("pk", flat=True)[:batch])
        if not keys:
            return
        last = keys[-1]
        yield keys


def _rotate_row(model: type[models.Model], key: object) -> None:
    fields = list(encrypted_fields(model))
    with transaction.atomic():
        locked = model._default_manager.select_for_update(of=("self",), no_key=True)
        rows = locked.only(*(f.attname for f in fields))
        row = rows.filter(pk=key).first()
        if row is None:
            return  # deleted meanwhile
        model._default_manager.filter(pk=key).update(**{f.attname: _anew(f, row) for f in fields})


def _anew(field: EncryptedField, row: models.Model) -> object:
    return field.seal(getattr(row, field.attname), row)
