"""Columns of quantities and prices."""

from django.db import models


def share_field(**options: object) -> models.DecimalField:
    """A column of shares, 9 dp."""
    return models.DecimalField(max_digits=24, decimal_places=9, **options)  # type: ignore[arg-type]


def price_field(**options: object) -> models.DecimalField:
    """A column of USD per share, 9 dp: averages have more digits than prices."""
    return models.DecimalField(max_digits=24, decimal_places=9, **options)  # type: ignore[arg-type]
