"""Pages of what is of another class of assets than shares."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from tests.factories import AssetFactory, OrderFactory, PositionFactory, QuoteFactory
from tests.trading.activities import happened
from tests.trading.views.conftest import assert_constant_queries, shown
from trading.models import Asset, Order, Watchlist, WatchlistItem
from trading.services import watchlists

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 2)
COIN = "/portfolio/BTC~USD/"
NOT_HERE = "Bitcoin is not traded here"


@pytest.fixture
def coin() -> Asset:
    """Bitcoin, with a price."""
    asset = AssetFactory.create(symbol="BTC/USD", name="Bitcoin", exchange="CRYPTO", asset_class="crypto")
    QuoteFactory.create(asset=asset, last=Decimal(60000), previous_close=Decimal(59000), feed="crypto")
    return asset


@pytest.fixture
def held(account: BrokerageAccount, coin: Asset) -> Asset:
    """The coin, of which the account holds a half."""
    PositionFactory.create(account=account, asset=coin, qty=Decimal("0.5"), cost_basis=Decimal(20000))
    return coin


def test_portfolio_leads_to_a_coin_and_says_that_it_is_not_traded(
    owner: Client, account: BrokerageAccount, held: Asset
) -> None:
    PositionFactory.create(account=account)

    page = shown(owner.get("/portfolio/"))

    address = account_url(account, "trading:position", "BTC/USD")
    assert f'href="{address}"' in page
    assert page.count("Not traded here") == 1
    assert owner.get(address).status_code == 200


def test_position_of_a_coin_is_shown_without_a_way_to_trade_it(
    owner: Client, account: BrokerageAccount, held: Asset
) -> None:
    happened(account, "CFEE", DAY, "-1.25", symbol="BTCUSD", qty=Decimal("0.001"))

    page = shown(owner.get(COIN))

    assert NOT_HERE in page
    assert "<dt>Coins</dt><dd>0.5</dd>" in page
    assert "$30,000.00" in page
    assert "side=BUY" not in page
    assert "side=SELL" not in page
    assert "/trade/BTC" not in page
    assert "?symbol=BTC/USD" in page
    assert "−$1.25" in page


@pytest.mark.parametrize("written", ["BTCUSD", "btc-usd", "BTC-USD", "btc~usd"])
def test_position_of_a_coin_by_any_spelling(
    owner: Client, account: BrokerageAccount, held: Asset, written: str
) -> None:
    reply = owner.get(f"/portfolio/{written}/")

    assert reply["Location"] == account_url(account, "trading:position", "BTC/USD")


def test_order_of_a_coin_is_shown_without_a_way_to_another(
    owner: Client, account: BrokerageAccount, held: Asset
) -> None:
    order = OrderFactory.create(account, status="accepted", asset=held, time_in_force="GTC")

    page = shown(owner.get(f"/orders/{order.pk}/"))

    assert NOT_HERE in page
    assert "Start a new order" not in page
    assert "Change order" not in page
    assert "Cancel order" in page
    assert owner.get("/orders/").status_code == 200


@pytest.mark.parametrize("written", ["BTC/USD", "BTCUSD", "btc-usd"])
@pytest.mark.parametrize("told", ["BTC/USD", "BTCUSD"])
def test_activity_of_a_coin_however_it_is_spelled(
    owner: Client, account: BrokerageAccount, held: Asset, written: str, told: str
) -> None:
    happened(account, "CFEE", DAY, "-1.25", symbol=told)
    happened(account, "FEE", DAY, "-7.77", symbol="AAPL")

    page = shown(owner.get("/activity/", {"symbol": written}))

    assert "−$1.25" in page
    assert "−$7.77" not in page


def test_coin_that_is_not_offered_has_no_page_to_trade_it(owner: Client, held: Asset) -> None:
    for page in ("", "order/", "chart/", "prices/"):
        assert owner.get(f"/trade/BTC~USD/{page}").status_code == 404
    assert "BTC" not in shown(owner.get("/trade/"))


def test_coin_on_a_watchlist_leads_nowhere_and_can_be_taken_off(
    owner: Client, account: BrokerageAccount, held: Asset
) -> None:
    watchlist: Watchlist = watchlists.create_watchlist(account=account, name="Mine")
    WatchlistItem.objects.create(watchlist=watchlist, asset=held)

    page = shown(owner.get("/watchlists/"))

    assert "Not traded here" in page
    assert "/trade/BTC" not in page
    reply = owner.post(
        f"/watchlists/watch/?list={watchlist.pk}", {"unwatch": "BTC/USD", "from": "watchlist"}, follow=True
    )
    assert reply.status_code == 200
    assert not WatchlistItem.objects.exists()
    assert "Put it back" not in shown(reply)


def test_queries_of_a_coins_position_do_not_grow(
    owner: Client, account: BrokerageAccount, held: Asset
) -> None:
    assert_constant_queries(
        owner, COIN, lambda: OrderFactory.create(account, asset=held, side=Order.Side.BUY)
    )
