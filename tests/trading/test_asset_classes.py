from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings

from sandbox.orders.crypto.books import LEAST_COST
from trading.asset_classes import ASSET_CLASSES, CRYPTO, OFFERED, US_EQUITY, US_OPTION, asset_class_of

FRIDAY = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("symbol", "spelt"),
    [("BTCUSD", "BTC/USD"), ("btc/usd", "BTC/USD"), ("ETHUSDT", "ETH/USDT"), ("ETHBTC", "ETH/BTC")],
)
def test_spell_a_pair(symbol: str, spelt: str) -> None:
    assert CRYPTO.spell(symbol) == spelt


def test_spell_a_share() -> None:
    assert US_EQUITY.spell("brk.a") == "BRK.A"


def test_asset_class_of_an_unknown_word_behaves_as_shares() -> None:
    assert asset_class_of("us_treasury") is US_EQUITY
    assert all(asset_class_of(word) is each for word, each in ASSET_CLASSES.items())


def test_smallest_order_of_coins_is_what_the_broker_takes() -> None:
    assert CRYPTO.smallest_order == LEAST_COST


@pytest.mark.parametrize("symbol", ["BTCUSD", "btc-usd", "BTC/USD"])
def test_spellings_of_a_pair(symbol: str) -> None:
    assert CRYPTO.spellings(symbol) == ("BTC/USD", "BTCUSD")


def test_spellings_of_others() -> None:
    assert US_EQUITY.spellings("BRK.B") == ("BRK.B",)
    assert US_OPTION.spellings("AAPL260116C00200000") == ("AAPL260116C00200000",)


def test_sales_are_charged_by_class() -> None:
    sold = (Decimal(100), Decimal(20000), date(2026, 3, 2), settings.FEE_RATES)

    assert US_EQUITY.fees_on_sale(*sold)
    assert CRYPTO.fees_on_sale(*sold) == US_OPTION.fees_on_sale(*sold) == []


def test_only_shares_are_offered() -> None:
    assert OFFERED == (US_EQUITY,)


@pytest.mark.parametrize(
    ("sent_at", "over_at"),
    [
        (FRIDAY, datetime(2026, 3, 7, 1, 0, tzinfo=UTC)),
        # After the close the order waits for Monday, when daylight saving has begun.
        (FRIDAY + timedelta(hours=11), datetime(2026, 3, 10, 0, 0, tzinfo=UTC)),
        (FRIDAY + timedelta(days=1), datetime(2026, 3, 10, 0, 0, tzinfo=UTC)),
    ],
)
def test_over_at_of_a_day_order(sent_at: datetime, over_at: datetime) -> None:
    assert US_EQUITY.over_at("DAY", sent_at) == over_at
    assert US_OPTION.over_at("DAY", sent_at) == over_at


def test_over_at_of_the_others() -> None:
    assert US_EQUITY.over_at("GTC", FRIDAY) == FRIDAY + timedelta(days=90)
    assert CRYPTO.over_at("IOC", FRIDAY) == FRIDAY + timedelta(days=1)
