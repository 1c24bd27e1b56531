import pytest
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerError
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory
from trading.services import screens

pytestmark = pytest.mark.django_db

ACTIVES, MOVERS = "/v1beta1/screener/stocks/most-actives", "/v1beta1/screener/stocks/movers"
AT = "2026-03-02T15:00:00Z"


def test_sync_screens_keeps_what_is_offered_in_its_order(broker: BrokerStub) -> None:
    for symbol in ("AAPL", "MSFT"):
        AssetFactory.create(symbol=symbol)
    listed = [{"symbol": symbol, "volume": 1} for symbol in ("MSFT", "NOPE.WS", "AAPL", "MSFT")]
    broker.on("GET", ACTIVES, json={"most_actives": listed, "last_updated": AT})
    broker.on("GET", MOVERS, json={"gainers": listed[:1], "losers": [], "last_updated": AT})

    screens.sync_screens(now=timezone.now())
    screens.sync_screens(now=timezone.now())

    found = {name: [row.asset.symbol for row in rows] for name, rows in screens.get_screens().items()}
    assert found == {"Most active": ["MSFT", "AAPL"], "Gainers": ["MSFT"]}


def test_sync_screens_that_fails_keeps_what_there_was(broker: BrokerStub) -> None:
    AssetFactory.create()
    listed = [{"symbol": "AAPL"}]
    broker.on("GET", ACTIVES, json={"most_actives": listed, "last_updated": AT})
    broker.on("GET", MOVERS, json={"gainers": listed, "losers": listed, "last_updated": AT})
    screens.sync_screens(now=timezone.now())
    broker.replace("GET", ACTIVES, status=503, json={})

    with pytest.raises(BrokerError):
        screens.sync_screens(now=timezone.now())

    assert set(screens.get_screens()) == {"Most active", "Gainers", "Losers"}
