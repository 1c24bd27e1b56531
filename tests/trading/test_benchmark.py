"""The market's return beside a person's own."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.units.market_time import NEW_YORK, day_in_new_york
from tests.factories import AssetFactory
from trading.chart_ranges import Timeframe
from trading.models import Asset, Bar, BarSeries
from trading.services.benchmark import get_benchmark

pytestmark = pytest.mark.django_db

D = Decimal


@pytest.fixture
def market() -> Asset:
    return AssetFactory.create(symbol="SPY", name="The market")


def closes(market: Asset, prices: dict[date, str]) -> BarSeries:
    series = BarSeries.objects.create(asset=market, timeframe=Timeframe.DAY, synced_at=timezone.now())
    for day, close in prices.items():
        at = datetime.combine(day, time(), NEW_YORK)
        row = dict.fromkeys(("open", "high", "low", "close"), D(close))
        Bar.objects.create(series=series, at=at, volume=D(1), **row)
    return series


def test_get_benchmark_is_from_the_close_before_the_first_day(market: Asset) -> None:
    now = timezone.now()
    today = day_in_new_york(now)
    days = [today - timedelta(days=ago) for ago in (40, 31, 30, 1)]
    closes(market, dict(zip(days, ("90", "100", "104", "110"), strict=True)))

    found = get_benchmark(days[2], now)

    assert found is not None
    assert (found.fraction, found.last_day) == (D("0.1"), days[3])
    # The first day's own close is none before it.
    earliest = get_benchmark(days[0], now)
    assert earliest is not None
    assert (earliest.is_read, earliest.fraction) == (True, None)


def test_get_benchmark_has_its_prices_asked_for_by_looking(market: Asset, settings: Any) -> None:
    now = timezone.now()

    found = get_benchmark(date(2026, 1, 5), now)

    assert found is not None
    assert (found.is_read, found.fraction) == (False, None)
    assert BarSeries.objects.get(asset=market).looked_at == now
    series = closes(AssetFactory.create(symbol="VTI"), {date(2026, 1, 2): "1"})
    settings.BENCHMARK_SYMBOL = "VTI"
    assert get_benchmark(date(2026, 1, 5), now) is not None
    series.refresh_from_db()
    assert series.looked_at == now


@pytest.mark.parametrize("symbol", ["", "NONE"])
def test_get_benchmark_of_no_fund_is_not_there(market: Asset, settings: Any, symbol: str) -> None:
    settings.BENCHMARK_SYMBOL = symbol
    assert get_benchmark(date(2026, 1, 5), timezone.now()) is None
