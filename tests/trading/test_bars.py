import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
import requests
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.units.market_time import NEW_YORK
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory
from trading.chart_ranges import CHART_RANGES, KEPT_FOR, Timeframe, chart_range, is_extended
from trading.models import Asset, Bar, BarSeries
from trading.services import bars

pytestmark = pytest.mark.django_db

PATH = "/v2/stocks/bars"
NOON = datetime(2026, 3, 4, 17, tzinfo=UTC)
"""Noon in New York, a Wednesday."""


def day(number: int, close: float = 200.0) -> dict[str, Any]:
    return {"t": f"2026-03-{number:02}T05:00:00Z", "o": 199, "h": close + 5, "l": 190, "c": close, "v": 1000}


def answer(broker: BrokerStub, *bodies: Any, symbol: str = "AAPL") -> list[dict[str, list[str]]]:
    """Answer calls with these lists of bars, the last one from then on; the queries that were asked."""
    asked: list[dict[str, list[str]]] = []

    def reply(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked.append(parse_qs(urlparse(str(request.url)).query))
        body = bodies[min(len(asked), len(bodies)) - 1]
        found = body if isinstance(body, dict) else {symbol: body}
        return 200, {}, json.dumps({"bars": found, "next_page_token": None})

    broker.call_back("GET", PATH, reply)
    return asked


def chart(asset: Asset, word: str = "3M", now: datetime = NOON) -> bars.Chart:
    return bars.get_chart(asset=asset, chart_range=chart_range(word), now=now)


def test_get_chart_asks_once_and_then_draws_from_rows(broker: BrokerStub) -> None:
    asset = AssetFactory.create()
    asked = answer(broker, [day(2), day(3, 210.1)])

    first = chart(asset)
    second = chart(asset)

    assert [point.close for point in first.points] == [Decimal(200), Decimal("210.1")]
    assert (second.points, len(asked)) == (first.points, 1)
    assert (first.change, first.synced_at) == (Decimal("11.1"), NOON)
    assert (asked[0]["timeframe"], asked[0]["adjustment"]) == (["1Day"], ["split"])


def test_get_chart_while_the_data_api_is_away_is_empty_and_asks_again_later(broker: BrokerStub) -> None:
    asset = AssetFactory.create()
    broker.on("GET", PATH, status=503, json={})

    empty = chart(asset)
    chart(asset)

    assert (empty.points, empty.synced_at) == ([], None)
    assert broker.count("GET") == 1

    chart(asset, now=NOON + bars.CLAIMED_FOR * 2)
    assert broker.count("GET") == 2


def test_fetch_bars_asks_only_for_what_is_missing(broker: BrokerStub) -> None:
    asset = AssetFactory.create()
    asked = answer(broker, [day(2), day(3, 210)], [day(2), day(3, 211), day(4, 212)])
    chart(asset)

    bars.sync_bars(now=NOON + timedelta(minutes=2))

    assert asked[1]["start"] == ["2026-03-02T05:00:00Z"]
    closes = Bar.objects.order_by("at").values_list("close", flat=True)
    assert list(closes) == [Decimal(200), Decimal(211), Decimal(212)]


def test_fetch_bars_after_a_split_asks_for_everything_anew(broker: BrokerStub) -> None:
    asset = AssetFactory.create()
    split = [{**day(2, 50), "o": 49.75}, day(3, 52), day(4, 53)]
    asked = answer(broker, [day(1), day(2), day(3)], split, [day(1, 49), *split])
    chart(asset)

    bars.sync_bars(now=NOON + timedelta(minutes=2))

    assert len(asked) == 3
    assert [bar.close for bar in Bar.objects.order_by("at")] == [49, 50, 52, 53]


def test_sync_bars_asks_for_many_series_in_one_call_and_for_none_that_nobody_wants(
    broker: BrokerStub,
) -> None:
    assets = [AssetFactory.create(symbol=symbol) for symbol in ("AAPL", "MSFT", "TSLA")]
    asked = answer(broker, {asset.symbol: [day(2), day(3)] for asset in assets})
    for asset in assets:
        chart(asset)
    BarSeries.objects.filter(asset=assets[2]).update(looked_at=NOON - timedelta(hours=1))

    bars.sync_bars(now=NOON + timedelta(seconds=119))
    assert len(asked) == 3

    BarSeries.objects.filter(asset__in=assets[:2]).update(looked_at=NOON + timedelta(minutes=5))
    bars.sync_bars(now=NOON + timedelta(minutes=5))
    assert [call["symbols"] for call in asked[3:]] == [["AAPL,MSFT"]]


def test_sync_bars_goes_on_after_a_call_that_fails(broker: BrokerStub) -> None:
    broken, good = AssetFactory.create(symbol="AAPL"), AssetFactory.create(symbol="MSFT")
    BarSeries.objects.create(asset=broken, timeframe=Timeframe.DAY, looked_at=NOON)
    BarSeries.objects.create(asset=good, timeframe=Timeframe.HOUR, looked_at=NOON)

    def reply(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if "AAPL" in str(request.url):
            return 503, {}, "{}"
        return 200, {}, json.dumps({"bars": {"MSFT": [day(4)]}})

    broker.call_back("GET", PATH, reply)

    with pytest.raises(BrokerError):
        bars.sync_bars(now=NOON)
    assert Bar.objects.get().series.asset == good


def test_sync_bars_keeps_the_extremes_of_a_year(broker: BrokerStub) -> None:
    asset = AssetFactory.create()
    old = {**day(2, 900), "t": "2024-03-04T05:00:00Z"}
    answer(broker, [old, day(2, 210), day(3, 205)])

    chart(asset)

    series = bars.get_year(asset=asset, now=NOON)
    assert (series.high, series.low) == (Decimal(215), Decimal(190))


def test_get_chart_of_a_day_begins_at_its_midnight_in_new_york(broker: BrokerStub) -> None:
    asset = AssetFactory.create()
    times = ("2026-03-04T00:55:00Z", "2026-03-04T09:00:00Z", "2026-03-04T14:30:00Z")
    answer(broker, [{**day(4), "t": at} for at in times])

    points = chart(asset, "1D").points

    assert [is_extended(point.at, {}) for point in points] == [True, False]
    assert len(chart(asset, "5D").points) == 3


def test_is_extended_after_the_early_close_of_a_half_day() -> None:
    opens, closes = (datetime(2026, 11, 27, hour, 30 * (hour == 14), tzinfo=UTC) for hour in (14, 18))
    days = {opens.astimezone(NEW_YORK).date(): (opens, closes)}

    assert [is_extended(at, days) for at in (opens, closes - timedelta(minutes=5), closes)] == [
        False,
        False,
        True,
    ]


def test_prune_bars_forgets_intraday_bars_past_their_time(broker: BrokerStub) -> None:
    asset = AssetFactory.create()
    answer(broker, [day(2), day(3)])
    for word in ("1D", "3M"):
        chart(asset, word)

    assert bars.prune_bars(now=NOON + timedelta(days=60)) == 2
    assert {bar.series.timeframe for bar in Bar.objects.all()} == {Timeframe.DAY}


@pytest.mark.parametrize("word", [*CHART_RANGES, "", "2D"])
def test_chart_range_of_any_word_is_one_that_is_kept(word: str) -> None:
    found = chart_range(word)

    assert timedelta(days=found.days - 1) <= KEPT_FOR[found.timeframe]
    assert found.starts_on(timezone.now()) <= timezone.now()


def test_chart_that_opens_at_nothing_has_no_fraction(broker: BrokerStub) -> None:
    answer(broker, [{**day(2), "o": 0}, day(3)])

    drawn = chart(AssetFactory.create())

    assert (drawn.change, drawn.change_fraction) == (Decimal(200), None)


def test_sync_bars_leaves_out_the_symbol_that_is_refused(broker: BrokerStub) -> None:
    for symbol in ("AAPL", "BAD", "MSFT"):
        asset = AssetFactory.create(symbol=symbol)
        BarSeries.objects.create(asset=asset, timeframe=Timeframe.DAY, looked_at=NOON)

    def reply(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        symbols = parse_qs(urlparse(str(request.url)).query)["symbols"][0].split(",")
        if "BAD" in symbols:
            return 400, {}, json.dumps({"message": "invalid symbol: BAD"})
        return 200, {}, json.dumps({"bars": {symbol: [day(2)] for symbol in symbols}})

    broker.call_back("GET", PATH, reply)

    bars.sync_bars(now=NOON)

    assert {bar.series.asset.symbol for bar in Bar.objects.all()} == {"AAPL", "MSFT"}
