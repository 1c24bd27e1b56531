"""What the market made of the days of a range, beside what the account made of them.

The market is a fund (`BENCHMARK_SYMBOL`), by the daily bars that we keep of it: nobody waits for them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.conf import settings

from brokerapp.units.market_time import NEW_YORK, day_in_new_york
from brokerapp.web.fixed_queries import FixedQuery
from trading.chart_ranges import Timeframe
from trading.models import Asset, Bar, BarSeries
from trading.services import bars

find_series = FixedQuery(
    lambda symbol: BarSeries.objects.filter(
        asset__symbol=symbol, asset__status=Asset.ACTIVE, timeframe=Timeframe.DAY
    ).select_related("asset"),
    "a stand-in",
)
find_close_before: FixedQuery[tuple[datetime, Decimal]] = FixedQuery(
    lambda series_id, at: (
        Bar.objects.filter(series=series_id, at__lt=at).order_by("-at").values_list("at", "close")[:1]
    ),
    918_273_645,
    datetime(1900, 1, 1, tzinfo=UTC),
)


@dataclass(frozen=True)
class Benchmark:
    """The fund that stands for the market, and what became of its price."""

    asset: Asset
    is_read: bool
    """Whether its prices have been read at all."""
    last_day: date | None = None
    """The day of the newest of them."""
    fraction: Decimal | None = None
    """None where its prices do not go back so far."""


def get_benchmark(first_day: date, now: datetime) -> Benchmark | None:
    """From the close before a day to the newest price, dividends not counted; None where no fund is set.

    Its bars are kept fresh while somebody looks. Three queries, four once a minute.
    """
    series = _series(now)
    if series is None:
        return None
    if series.looked_at is None or now - series.looked_at > bars.WANTED_FOR / 5:
        BarSeries.objects.filter(pk=series.pk).update(looked_at=now)
    if series.synced_at is None:
        return Benchmark(series.asset, is_read=False)
    before = find_close_before(series.pk, datetime.combine(first_day, time(), NEW_YORK))
    newest = find_close_before(series.pk, now)
    if not before or not newest or not before[0][1]:
        return Benchmark(series.asset, is_read=True)
    (_, opening), (at, closing) = before[0], newest[0]
    return Benchmark(series.asset, True, day_in_new_york(at), closing / opening - 1)


def _series(now: datetime) -> BarSeries | None:
    symbol = settings.BENCHMARK_SYMBOL
    if not symbol:
        return None
    if found := find_series(symbol):
        return found[0]
    asset = Asset.objects.filter(symbol=symbol, status=Asset.ACTIVE).first()
    return bars.get_year(asset=asset, now=now) if asset else None
