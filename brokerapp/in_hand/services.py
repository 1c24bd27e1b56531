"""Taking in hand what waits for staff, giving it back, and who has what."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from brokerapp.in_hand.models import InHand
from brokerapp.workflow.state import IllegalMove

TAKE = "in_hand.take_row"
MOST = 1000
"""Rows in hand that are read at once, the newest: nobody works on more."""


class TakenByAnother(IllegalMove):
    """Somebody else has it in hand."""


def take(*, row: models.Model, by: AbstractBaseUser, over: bool = False, now: datetime) -> int | None:
    """Take a row in hand; with `over` from who has it. Safe to repeat.

    Returns who had it before, if anybody: themselves, say. Raises `TakenByAnother`.
    """
    about = {"row_type": row._meta.label, "row_id": str(row.pk)}
    had, is_new = InHand.objects.get_or_create(**about, defaults={"taken_by_id": by.pk, "taken_at": now})
    if is_new:
        return None
    if had.taken_by_id == by.pk:
        return had.taken_by_id
    mine = {"taken_by_id": by.pk, "taken_at": now}
    if not (over and InHand.objects.filter(pk=had.pk, taken_by_id=had.taken_by_id).update(**mine)):
        raise TakenByAnother("Somebody else has it. Take it over, if they know.")
    return had.taken_by_id


def give_back(*, row: models.Model, by: AbstractBaseUser) -> bool:
    """Let others take a row; only who has it does. Whether they had it."""
    gone, _ = InHand.objects.filter(row_type=row._meta.label, row_id=str(row.pk), taken_by_id=by.pk).delete()
    return bool(gone)


def put_down(*rows: models.Model) -> None:
    """Nobody has anything more to do about these rows."""
    for row in rows:
        InHand.objects.filter(row_type=row._meta.label, row_id=str(row.pk)).delete()


def found_of(row: models.Model) -> InHand | None:
    """Who has a row in hand, and since when; None if nobody has."""
    return InHand.objects.filter(row_type=row._meta.label, row_id=str(row.pk)).first()


def holders_of(model: type[models.Model], keys: Iterable[object] | None = None) -> dict[str, int]:
    """Who has which row of a model in hand, by the row's key as text; of these rows, or of all. One query."""
    found = InHand.objects.filter(row_type=model._meta.label)
    if keys is not None:
        found = found.filter(row_id__in=[str(key) for key in keys])
    return dict(found.order_by("-taken_at").values_list("row_id", "taken_by_id")[:MOST])


def by_model() -> dict[str, dict[str, int]]:
    """Who has what in hand: by the label of the model, and by the row's key as text. One query."""
    found: dict[str, dict[str, int]] = {}
    for label, key, holder in InHand.objects.order_by("-taken_at").values_list(
        "row_type", "row_id", "taken_by_id"
    )[:MOST]:
        found.setdefault(label, {})[key] = holder
    return found
