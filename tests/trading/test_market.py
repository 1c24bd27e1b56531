from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.core.management import CommandError, call_command
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerNotDone
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, OrderFactory, PositionFactory, QuoteFactory
from tests.trading.conftest import CASH
from trading.models import Asset, MarketClock, Quote
from trading.services import market

pytestmark = pytest.mark.django_db


def listed(symbol: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "class": "us_equity",
        "exchange": "NASDAQ",
        "symbol": symbol,
        "name": f"{symbol} Inc.",
        "status": "active",
        "tradable": True,
        "marginable": True,
        "shortable": True,
        "fractionable": True,
    } | fields


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


def test_sync_assets_loads_updates_and_retires(broker: BrokerStub) -> None:
    gone = AssetFactory.create(symbol="GONE")
    kept = AssetFactory.create(symbol="KEPT", tradable=True)
    broker.on("GET", "/v1/assets", json=[listed("KEPT", id=str(kept.pk), tradable=False), listed("NEW")])

    assert market.sync_assets(now=timezone.now()) == 2

    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (gone.status, gone.tradable) == ("inactive", False)
    assert (kept.status, kept.tradable) == ("active", False)
    assert Asset.objects.get(symbol="NEW").name == "NEW Inc."


def test_sync_assets_a_symbol_is_handed_on(broker: BrokerStub) -> None:
    old, renamed = AssetFactory.create(symbol="META"), AssetFactory.create(symbol="FB")
    broker.on("GET", "/v1/assets", json=[listed("META", id=str(renamed.pk))])

    market.sync_assets(now=timezone.now())

    old.refresh_from_db()
    assert old.status == "inactive"
    assert Asset.objects.get_by_symbol("META") == renamed


def test_sync_assets_an_empty_list_retires_nothing(broker: BrokerStub) -> None:
    AssetFactory.create()
    broker.on("GET", "/v1/assets", json=[])

    assert market.sync_assets(now=timezone.now()) == 0
    assert Asset.objects.get().status == "active"


def test_sync_assets_command(broker: BrokerStub, capsys: pytest.CaptureFixture[str]) -> None:
    broker.on("GET", "/v1/assets", json=[listed("AAPL")])

    call_command("sync_assets")

    assert capsys.readouterr().out == "1 active assets.\n"


def test_sync_assets_command_without_a_broker(broker: BrokerStub) -> None:
    broker.on("GET", "/v1/assets", status=403, json={"message": "forbidden."})

    with pytest.raises(CommandError, match="did not list"):
        call_command("sync_assets")


def test_matching_symbol_first_then_name() -> None:
    for symbol, name in [
        ("APPN", "Appian"),
        ("APP", "AppLovin"),
        ("AAPL", "Apple Inc."),
        ("MAPP", "Snapple"),
    ]:
        AssetFactory.create(symbol=symbol, name=name)
    AssetFactory.create(symbol="APPX", name="Apple Two", status="inactive")

    assert [row.symbol for row in Asset.objects.matching("app")] == ["APP", "APPN", "AAPL", "MAPP"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'; drop"])
def test_matching_takes_text_as_text(text: str) -> None:
    AssetFactory.create()

    assert not Asset.objects.matching(text)


def test_sync_clock_and_pill(broker: BrokerStub) -> None:
    now = timezone.now()
    clock = {
        "timestamp": "2026-03-06T18:00:00-05:00",
        "is_open": False,
        "next_open": "2026-03-09T09:30:00-04:00",
        "next_close": "2026-03-09T16:00:00-04:00",
    }
    broker.on("GET", "/v1/clock", json=clock)

    market.sync_clock(now=now - timedelta(hours=1))
    assert market.market_pill(now) is None
    market.sync_clock(now=now)

    assert market.market_pill(now) == {"is_open": False, "text": "Closed · opens Mon 9:30 am ET"}


def test_fetch_quotes_stores_exact_prices(broker: BrokerStub) -> None:
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": snapshot(200.1)})

    market.fetch_quotes(["AAPL", "NOPE"], now=timezone.now())

    quote = Quote.objects.get()
    assert (quote.last, quote.ask, quote.bid) == (Decimal("200.1"), Decimal("200.11"), None)
    assert quote.change == Decimal("1.6")


def test_fetch_quotes_without_any_price_keeps_the_old(broker: BrokerStub) -> None:
    QuoteFactory.create(last=Decimal(1))
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": {}})

    market.fetch_quotes(["AAPL"], now=timezone.now())

    assert Quote.objects.get().last == Decimal(1)


def test_sync_quotes_asks_for_what_somebody_needs(broker: BrokerStub, sent: list[str]) -> None:
    now = timezone.now()
    account = BrokerageAccountFactory.create(**CASH)
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="HELD"))
    OrderFactory.create(account, asset=AssetFactory.create(symbol="OPEN"))
    OrderFactory.create(account, asset=AssetFactory.create(symbol="DONE"), status="canceled")
    QuoteFactory.create(symbol="SEEN", looked_at=now - timedelta(minutes=1))
    QuoteFactory.create(symbol="PAST", looked_at=now - timedelta(minutes=6))
    broker.on(
        "GET", "/v2/stocks/snapshots", json={"HELD": snapshot(1), "OPEN": snapshot(2), "SEEN": snapshot(3)}
    )

    market.sync_quotes(now=now)

    assert "symbols=HELD%2COPEN%2CSEEN" in str(broker.calls[0].request.url)
    assert Quote.objects.get(pk="SEEN").looked_at == now - timedelta(minutes=1)


def test_sync_quotes_in_batches(broker: BrokerStub) -> None:
    now = timezone.now()
    for number in range(101):
        QuoteFactory.create(symbol=f"S{number}", looked_at=now)
    broker.on("GET", "/v2/stocks/snapshots", json={})

    market.sync_quotes(now=now)

    assert broker.count("GET") == 2


def test_sync_quotes_rests_while_the_market_is_closed(broker: BrokerStub) -> None:
    now = timezone.now()
    set_clock(is_open=False, now=now)
    QuoteFactory.create(symbol="NEW", looked_at=now, synced_at=now - timedelta(minutes=9))
    broker.on("GET", "/v2/stocks/snapshots", json={})

    market.sync_quotes(now=now)
    assert broker.count("GET") == 0
    Quote.objects.update(synced_at=now - timedelta(minutes=11))
    market.sync_quotes(now=now)
    assert broker.count("GET") == 1


def test_sync_quotes_broker_away_raises(broker: BrokerStub) -> None:
    QuoteFactory.create(looked_at=timezone.now())
    broker.on("GET", "/v2/stocks/snapshots", status=401, json={"message": "unauthorized."})

    with pytest.raises(BrokerNotDone):
        market.sync_quotes(now=timezone.now())


def test_refresh_quote_fresh_asks_nobody(broker: BrokerStub) -> None:
    quote = QuoteFactory.create()

    assert market.refresh_quote(symbol="AAPL", now=timezone.now()) == quote
    assert not broker.calls


def test_refresh_quote_stale_is_asked_for_and_kept_fresh(broker: BrokerStub) -> None:
    now = timezone.now()
    QuoteFactory.create(synced_at=now - timedelta(seconds=31))
    broker.on("GET", "/v2/stocks/snapshots", json={"AAPL": snapshot(222)})

    quote = market.refresh_quote(symbol="AAPL", now=now)

    assert quote is not None
    assert (quote.last, quote.looked_at, quote.is_stale(now)) == (Decimal(222), now, False)


def test_refresh_quote_failing_gives_the_last_known_after_one_try(broker: BrokerStub) -> None:
    now = timezone.now()
    QuoteFactory.create(synced_at=now - timedelta(seconds=31))
    broker.on("GET", "/v2/stocks/snapshots", body=requests.exceptions.ReadTimeout())

    quote = market.refresh_quote(symbol="AAPL", now=now)

    assert quote is not None
    assert quote.is_stale(now)
    assert broker.count("GET") == 1
