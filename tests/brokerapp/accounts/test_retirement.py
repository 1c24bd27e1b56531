"""The law's rules about IRAs, as plain functions."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings

from brokerapp.accounts import retirement

LIMITS = {
    "UNDER_50": ((date(2024, 1, 1), Decimal(7000)), (date(2026, 1, 1), Decimal(7500))),
    "FROM_50": ((date(2024, 1, 1), Decimal(8000)), (date(2026, 1, 1), Decimal(8600))),
}


@pytest.mark.parametrize(
    ("year", "last"),
    [
        (2025, date(2026, 4, 15)),
        (2021, date(2022, 4, 18)),  # Emancipation Day was kept on Friday the 15th
        (2022, date(2023, 4, 18)),  # the 15th was a Saturday, and Monday Emancipation Day
        (2027, date(2028, 4, 18)),  # a Saturday, and Emancipation Day is kept on Monday
    ],
)
def test_deadline_is_the_tax_day(year: int, last: date) -> None:
    assert retirement.deadline(year) == last


def test_open_years_has_the_last_year_until_its_deadline() -> None:
    assert retirement.open_years(date(2026, 4, 15)) == (2026, 2025)
    assert retirement.open_years(date(2026, 4, 16)) == (2026,)
    assert retirement.open_years(date(2026, 12, 31)) == (2026,)


@pytest.mark.parametrize(
    ("year", "born", "limit"),
    [
        (2025, date(1990, 1, 1), "7000"),
        (2025, date(1975, 12, 31), "8000"),  # 50 on the last day of the year
        (2025, date(1976, 1, 1), "7000"),
        (2026, date(1990, 1, 1), "7500"),
        (2026, date(1970, 1, 1), "8600"),
        (2029, date(1990, 1, 1), "7500"),  # not announced yet: the last known one
        (2023, date(1990, 1, 1), "0"),
    ],
)
def test_yearly_limit(year: int, born: date, limit: str) -> None:
    assert retirement.yearly_limit(LIMITS, year, born) == Decimal(limit)


@pytest.mark.parametrize(
    ("year", "known"), [(2023, 0), (2024, 2024), (2025, 2024), (2026, 2026), (2027, 2026)]
)
def test_year_of_limit_is_the_year_itself_where_its_amount_is_known(year: int, known: int) -> None:
    assert retirement.year_of_limit(LIMITS, year) == known


def test_year_of_limit_needs_both_amounts() -> None:
    assert retirement.year_of_limit({**LIMITS, "FROM_50": LIMITS["FROM_50"][:1]}, 2026) == 2024


@pytest.mark.parametrize(
    ("year", "under", "over"), [(2024, 7000, 8000), (2025, 7000, 8000), (2026, 7500, 8600)]
)
def test_limits_that_come_with_the_product_are_those_of_the_irs(year: int, under: int, over: int) -> None:
    limits = settings.IRA_LIMITS
    assert retirement.year_of_limit(limits, year) == year
    born = (date(year - 49, 1, 1), date(year - 50, 12, 31))
    assert [retirement.yearly_limit(limits, year, day) for day in born] == [under, over]


@pytest.mark.parametrize(
    ("born", "day"),
    [
        (date(1970, 1, 15), date(2029, 7, 15)),
        (date(1970, 7, 1), date(2030, 1, 1)),
        (date(1970, 8, 31), date(2030, 2, 28)),
        (date(1968, 8, 30), date(2028, 2, 29)),
        (date(1970, 12, 31), date(2030, 6, 30)),
    ],
)
def test_full_age_on(born: date, day: date) -> None:
    assert retirement.full_age_on(born) == day
    assert not retirement.is_early(born, day)
    assert retirement.is_early(born, date.fromordinal(day.toordinal() - 1))
