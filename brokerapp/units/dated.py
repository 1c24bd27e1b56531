"""Figures that are in force from a date on, as settings say them. Pure."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from brokerapp.units.money import parse_decimal


def read_rates(texts: Iterable[str]) -> tuple[tuple[date, Decimal], ...]:
    """Rates from `2026-04-04=20.60` each, oldest first. Raises `ValueError` for what is none."""
    found = []
    for text in texts:
        day, is_dated, figure = text.strip().partition("=")
        if not is_dated:
            raise ValueError(f"a rate is written as 2026-04-04=20.60, not as {text!r}")
        rate = parse_decimal(figure.strip())
        if rate < 0:
            raise ValueError(f"a rate is not below zero: {text!r}")
        found.append((date.fromisoformat(day.strip()), rate))
    return tuple(sorted(found))
