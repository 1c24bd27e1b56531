import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
import requests
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerError, BrokerNotDone
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, OrderFactory, PositionFactory, QuoteFactory
from tests.trading.conftest import CASH
from trading.models import MarketClock, Quote, QuotePause
from trading.services import quotes

pytestmark = pytest.mark.django_db


def snapshot(price: float, **parts: Any) -> dict[str, Any]:
    return {
        "latestTrade": {"t": "2026-03-02T15:00:00.123456789Z", "p": price, "s": 10},
        "latestQuote": {"t": "2026-03-02T15:00:00Z", "ap": price + 0.01, "as": 1, "bp": 0, "bs": 0},
        "prevDailyBar": {"t": "2026-02-27T05:00:00Z", "o": 1, "h": 1, "l": 1, "c": 198.5, "v": 1},
    } | parts


def set_clock(is_open: bool, now: datetime) -> MarketClock:
    return MarketClock.objects.create(
        id=1,
        is_open=is_open,
        next_open=now + timedelta(hours=20),
        next_close=now + timedelta(hours=2),
        synced_at=now,
    )


def test_fetch_quotes_stores_exact_prices(broker: BrokerStub) -> None:
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": snapshot(200.1)})

    quotes.fetch_quotes([AssetFactory.create(), AssetFactory.create(symbol="NOPE")], now=timezone.now())

    quote = Quote.objects.get()
    assert (quote.last, quote.ask, quote.bid) == (Decimal("200.1"), Decimal("200.11"), None)
    assert quote.change == Decimal("1.6")


def test_fetch_quotes_without_any_price_keeps_the_old(broker: BrokerStub) -> None:
    QuoteFactory.create(last=Decimal(1))
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": {}})

    quotes.fetch_quotes([AssetFactory.create()], now=timezone.now())

    assert Quote.objects.get().last == Decimal(1)


def test_sync_quotes_asks_for_what_somebody_needs(broker: BrokerStub, sent: list[str]) -> None:
    now = timezone.now()
    account = BrokerageAccountFactory.create(**CASH)
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="HELD"))
    OrderFactory.create(account, asset=AssetFactory.create(symbol="OPEN"))
    OrderFactory.create(account, asset=AssetFactory.create(symbol="DONE"), status="canceled")
    minute_ago = now - timedelta(minutes=1)
    QuoteFactory.create(symbol="SEEN", looked_at=minute_ago, synced_at=minute_ago)
    QuoteFactory.create(symbol="JUST", looked_at=minute_ago, synced_at=now)
    QuoteFactory.create(symbol="PAST", looked_at=now - timedelta(minutes=6))
    broker.on(
        "GET", "/v2/stocks/snapshots", json={"HELD": snapshot(1), "OPEN": snapshot(2), "SEEN": snapshot(3)}
    )

    quotes.sync_quotes(now=now)

    assert "symbols=HELD%2COPEN%2CSEEN" in str(broker.calls[0].request.url)
    assert Quote.objects.get(asset__symbol="SEEN").looked_at == now - timedelta(minutes=1)


def test_sync_quotes_in_batches(broker: BrokerStub) -> None:
    now = timezone.now()
    for number in range(101):
        QuoteFactory.create(symbol=f"S{number}", looked_at=now, synced_at=now - timedelta(minutes=1))
    broker.on("GET", "/v2/stocks/snapshots", json={})

    quotes.sync_quotes(now=now)

    assert broker.count("GET") == 2


def test_sync_quotes_rests_while_the_market_is_closed(broker: BrokerStub) -> None:
    now = timezone.now()
    set_clock(is_open=False, now=now)
    QuoteFactory.create(symbol="NEW", looked_at=now, synced_at=now - timedelta(minutes=9))
    broker.on("GET", "/v2/stocks/snapshots", json={})

    quotes.sync_quotes(now=now)
    assert broker.count("GET") == 0
    Quote.objects.update(synced_at=now - timedelta(minutes=11))
    quotes.sync_quotes(now=now)
    assert broker.count("GET") == 1


def test_sync_quotes_broker_away_raises(broker: BrokerStub) -> None:
    now = timezone.now()
    QuoteFactory.create(looked_at=now, synced_at=now - timedelta(minutes=1))
    broker.on("GET", "/v2/stocks/snapshots", status=401, json={"message": "unauthorized."})

    with pytest.raises(BrokerNotDone):
        quotes.sync_quotes(now=timezone.now())


def test_refresh_quote_fresh_asks_nobody(broker: BrokerStub) -> None:
    quote = QuoteFactory.create()

    assert quotes.refresh_quote(asset=AssetFactory.create(), now=timezone.now()) == quote
    assert not broker.calls


def test_refresh_quote_stale_is_asked_for_and_kept_fresh(broker: BrokerStub) -> None:
    now = timezone.now()
    QuoteFactory.create(synced_at=now - timedelta(seconds=31))
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": snapshot(222)})

    quote = quotes.refresh_quote(asset=AssetFactory.create(), now=now)

    assert quote is not None
    assert (quote.last, quote.looked_at, quote.is_stale(now)) == (Decimal(222), now, False)


def test_refresh_quote_failing_gives_the_last_known_after_one_try(broker: BrokerStub) -> None:
    now = timezone.now()
    QuoteFactory.create(synced_at=now - timedelta(seconds=31))
    broker.on("GET", "/v2/stocks/snapshots", body=requests.exceptions.ReadTimeout())

    quote = quotes.refresh_quote(asset=AssetFactory.create(), now=now)

    assert quote is not None
    assert quote.is_stale(now)
    assert broker.count("GET") == 1


def test_fetch_quotes_older_prices_do_not_replace_newer_ones(broker: BrokerStub) -> None:
    now = timezone.now()
    quote = QuoteFactory.create(last=Decimal(300), as_of=now, synced_at=now - timedelta(minutes=1))
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": snapshot(200)})

    quotes.fetch_quotes([quote.asset], now=now)

    quote.refresh_from_db()
    assert (quote.last, quote.as_of, quote.synced_at) == (Decimal(300), now, now)


def test_fetch_quotes_is_as_of_the_newest_part(broker: BrokerStub) -> None:
    parts = {"latestQuote": {"t": "2026-03-02T16:00:00Z", "ap": 2, "as": 1, "bp": 1, "bs": 0}}
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": snapshot(1, **parts)})

    quotes.fetch_quotes([AssetFactory.create()], now=timezone.now())

    assert Quote.objects.get().as_of.hour == 16


def refuse_batches_with(broker: BrokerStub, culprit: str, **reply: Any) -> list[list[str]]:
    """Answer snapshots, but not those of a batch with `culprit` in it; the batches asked for."""
    asked: list[list[str]] = []

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        symbols = parse_qs(urlparse(str(request.url)).query)["symbols"][0].split(",")
        asked.append(symbols)
        prices = {symbol: snapshot(7) for symbol in symbols}
        if culprit not in symbols:
            return 200, {}, json.dumps(prices)
        return reply["status"], {}, json.dumps(prices | reply["json"])

    broker.call_back("GET", "/v2/stocks/snapshots", answer)
    return asked


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 400, "json": {"message": "invalid symbol: KUBTY"}},
        {"status": 200, "json": {"KUBTY": {"latestTrade": {"t": "no time"}}}},
    ],
)
def test_sync_quotes_one_culprit_does_not_sink_the_rest(broker: BrokerStub, reply: dict[str, Any]) -> None:
    now = timezone.now()
    past = now - timedelta(minutes=1)
    for symbol in ("AAPL", "KUBTY", "MSFT", "VTI", "ZM"):
        QuoteFactory.create(symbol=symbol, looked_at=now, synced_at=past)
    asked = refuse_batches_with(broker, "KUBTY", **reply)

    quotes.sync_quotes(now=now)

    fresh = Quote.objects.filter(synced_at=now).values_list("asset__symbol", flat=True)
    assert set(fresh) == {"AAPL", "MSFT", "VTI", "ZM"}
    assert QuotePause.objects.get().asset.symbol == "KUBTY"
    asked.clear()
    quotes.sync_quotes(now=now + timedelta(seconds=30))
    assert asked == [["AAPL", "MSFT", "VTI", "ZM"]]


def test_fetch_quotes_without_an_answer_pauses_and_grow_until_there_is_one(broker: BrokerStub) -> None:
    now = timezone.now()
    asset = AssetFactory.create()
    broker.on("GET", "/v2/stocks/snapshots", json={})
    pauses = []
    for _ in range(3):
        quotes.fetch_quotes([asset], now=now)
        pauses.append(QuotePause.objects.get().due_at - now)
    broker.mock.reset()
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": snapshot(1)})
    quotes.fetch_quotes([asset], now=now)

    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4)]
    assert not QuotePause.objects.exists()


def test_sync_quotes_a_broken_batch_stops_no_other(broker: BrokerStub) -> None:
    now = timezone.now()
    for number in range(101):
        QuoteFactory.create(
            symbol=f"S{number:03}", looked_at=now, synced_at=now - timedelta(seconds=200 - number)
        )
    url = "/v2/stocks/snapshots"
    broker.on("GET", url, status=503, json={})
    broker.on("GET", url, json={"S100": snapshot(9)})

    with pytest.raises(BrokerError):
        quotes.sync_quotes(now=now)

    assert Quote.objects.get(asset__symbol="S100").last == 9


def test_sync_quotes_a_price_that_cannot_be_stored_stops_no_other(broker: BrokerStub) -> None:
    now = timezone.now()
    past = now - timedelta(minutes=1)
    for symbol in ("AAPL", "MSFT", "VTI"):
        QuoteFactory.create(symbol=symbol, looked_at=now, synced_at=past)
    prices = {"AAPL": snapshot(1), "MSFT": snapshot(10**16), "VTI": snapshot(3)}
    broker.on("GET", "/v2/stocks/snapshots", json=prices)

    quotes.sync_quotes(now=now)

    fresh = Quote.objects.filter(synced_at=now).values_list("asset__symbol", flat=True)
    assert set(fresh) == {"AAPL", "VTI"}
    assert QuotePause.objects.get().asset.symbol == "MSFT"


def test_sync_quotes_each_class_at_its_own_endpoint(broker: BrokerStub) -> None:
    now = timezone.now()
    for symbol, word in (("AAPL", "us_equity"), ("BTC/USD", "crypto"), ("AAPL260116C00200000", "us_option")):
        QuoteFactory.create(
            asset=AssetFactory.create(symbol=symbol, asset_class=word),
            looked_at=now,
            synced_at=now - timedelta(minutes=1),
        )
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": snapshot(1)})
    broker.on("GET", "/v1beta3/crypto/us/snapshots", json={"snapshots": {"BTC/USD": snapshot(2)}})
    option = {"snapshots": {"AAPL260116C00200000": snapshot(3)}}
    broker.on("GET", "/v1beta1/options/snapshots", json=option)

    quotes.sync_quotes(now=now)

    prices = dict(Quote.objects.values_list("asset__symbol", "last"))
    assert prices == {"AAPL": 1, "BTC/USD": 2, "AAPL260116C00200000": 3}


def test_sync_quotes_of_coins_do_not_rest_while_the_stock_market_is_closed(broker: BrokerStub) -> None:
    now = timezone.now()
    set_clock(is_open=False, now=now)
    coin = AssetFactory.create(symbol="BTC/USD", asset_class="crypto")
    QuoteFactory.create(asset=coin, looked_at=now, synced_at=now - timedelta(minutes=1))
    QuoteFactory.create(looked_at=now, synced_at=now - timedelta(minutes=1))
    broker.on("GET", "/v1beta3/crypto/us/snapshots", json={"snapshots": {"BTC/USD": snapshot(2)}})

    quotes.sync_quotes(now=now)

    assert broker.count("GET") == 1
