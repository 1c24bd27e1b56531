from datetime import date
from decimal import Decimal

from django.conf import settings

from trading.fees import Fee, fees_on_sale, rate_on

DAY = date(2026, 11, 26)
RATES = {
    "SEC": [(date(2026, 4, 4), Decimal("20.60")), (date(2025, 5, 14), Decimal(0))],
    "TAF": [(date(2026, 1, 1), Decimal("0.000195"))],
    "TAF_CAP": [(date(2026, 1, 1), Decimal("9.79"))],
    "CAT": [(date(2025, 1, 1), Decimal("0.0000265"))],
}


def test_rate_on_is_that_in_force() -> None:
    assert rate_on(RATES["SEC"], date(2026, 4, 3)) == 0
    assert rate_on(RATES["SEC"], date(2026, 4, 4)) == Decimal("20.60")
    assert rate_on(RATES["SEC"], date(2020, 1, 1)) == 0


def test_fees_on_sale_are_rounded_up_each() -> None:
    assert fees_on_sale(Decimal(100), Decimal(20000), DAY, RATES) == [
        Fee("SEC fee", Decimal("0.42")),
        Fee("FINRA trading activity fee", Decimal("0.02")),
        Fee("Consolidated audit trail fee", Decimal("0.01")),
    ]


def test_fees_on_sale_of_many_shares_are_capped() -> None:
    found = {fee.name: fee.amount for fee in fees_on_sale(Decimal(1_000_000), Decimal(1000), DAY, RATES)}

    assert found["FINRA trading activity fee"] == Decimal("9.79")


def test_fees_on_sale_before_any_rate_are_none() -> None:
    assert fees_on_sale(Decimal(100), Decimal(20000), date(2020, 1, 1), RATES) == []


def test_rates_of_the_settings_are_all_there() -> None:
    assert set(settings.FEE_RATES) == set(RATES)
    assert all(rate_on(rates, DAY) for rates in settings.FEE_RATES.values())
