from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.models import Page
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory
from trading import asset_classes
from trading.asset_classes import CRYPTO, US_EQUITY
from trading.models import Asset
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
    broker.on("GET", "/v1/calendar", json=[])

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
    now = datetime(2026, 3, 6, 23, 0, tzinfo=UTC)
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


def test_sync_assets_of_one_class_touches_no_other(broker: BrokerStub) -> None:
    share = AssetFactory.create(symbol="AAPL")
    coin = AssetFactory.create(symbol="BTC/USD", asset_class="crypto")
    contract = AssetFactory.create(symbol="AAPL260116C00200000", asset_class="us_option")
    broker.on("GET", "/v1/assets", json=[listed("MSFT")])

    market.sync_assets(now=timezone.now())

    for asset, status in ((share, "inactive"), (coin, "active"), (contract, "active")):
        asset.refresh_from_db()
        assert asset.status == status


def test_sync_asset_class_a_further_class_is_an_addition(
    broker: BrokerStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = AssetFactory.create(symbol="AAPL")
    gone = AssetFactory.create(symbol="OLD/USD", asset_class="crypto")
    listing = [listed("BTC/USD", **{"class": "crypto"}), listed("ETHUSD", **{"class": "crypto"})]
    broker.on("GET", "/v1/assets", json=listing)

    assert market.sync_asset_class(asset_class=CRYPTO, now=timezone.now()) == 2

    assert "asset_class=crypto" in str(broker.calls[0].request.url)
    gone.refresh_from_db()
    share.refresh_from_db()
    assert (gone.status, share.status) == ("inactive", "active")
    assert not Asset.objects.matching("BTC")  # not offered yet
    with pytest.raises(Asset.DoesNotExist):
        Asset.objects.get_by_symbol("BTC/USD")
    monkeypatch.setattr(asset_classes, "OFFERED", (US_EQUITY, CRYPTO))
    assert Asset.objects.matching("BTC")
    assert Asset.objects.get_by_symbol("BTCUSD").symbol == "BTC/USD"
    assert Asset.objects.get_by_symbol("ETH/USD").kind is CRYPTO
    assert Asset.objects.get_by_symbol("OLD-USD") == gone


def test_sync_assets_one_odd_asset_does_not_sink_the_rest(broker: BrokerStub) -> None:
    odd = listed("ODD", fractionable=None, marginable=None, shortable=None, name=None)
    broker.on("GET", "/v1/assets", json=[listed("AAPL"), odd])

    assert market.sync_assets(now=timezone.now()) == 2
    assert Asset.objects.get(symbol="ODD").fractionable is False


def test_sync_assets_an_unreadable_member_retires_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    unread = AssetFactory.create(symbol="UNREAD")
    page = Page([alpaca.Asset.model_validate(listed("AAPL"))], unreadable=1)
    monkeypatch.setattr("brokerapp.broker.alpaca.client.assets.Assets.list", lambda self, **_: page)

    market.sync_assets(now=timezone.now())

    unread.refresh_from_db()
    assert unread.status == "active"


def test_sync_calendar_takes_days_over_and_forgets_those_that_were_taken_away(broker: BrokerStub) -> None:
    now = datetime(2026, 11, 26, 15, tzinfo=UTC)
    days = [
        {"date": "2026-11-25", "open": "09:30", "close": "16:00", "session_open": "0400"},
        {"date": "2026-11-27", "open": "09:30", "close": "13:00", "session_open": "0400"},
    ]
    broker.on("GET", "/v1/calendar", json=[*days, {"date": "2026-11-28", "open": "09:30", "close": "16:00"}])
    broker.on("GET", "/v1/calendar", json=days)

    assert market.sync_calendar(now=now) == 3
    assert market.sync_calendar(now=now) == 2

    found = market.get_days(date(2026, 11, 25), date(2026, 11, 30))
    assert {day.day: closes.hour for day, (_, closes) in found.items()} == {25: 21, 27: 18}


def test_sync_calendar_with_an_unreadable_member_takes_no_day_away(broker: BrokerStub) -> None:
    now = datetime(2026, 11, 26, 15, tzinfo=UTC)
    days = [{"date": f"2026-11-{day}", "open": "09:30", "close": "16:00"} for day in (24, 25)]
    broker.on("GET", "/v1/calendar", json=days)
    broker.on("GET", "/v1/calendar", json=[days[0], days[1] | {"open": "half past"}])

    market.sync_calendar(now=now)
    market.sync_calendar(now=now)

    assert [day.day for day in market.get_days(date(2026, 11, 1), date(2026, 11, 30))] == [24, 25]
