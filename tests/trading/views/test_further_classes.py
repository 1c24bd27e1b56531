"""Pages of further classes of assets, once they are offered: nothing but the class says what differs."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from brokerapp.accounts.models import BrokerageAccount
from tests.factories import AssetFactory, PositionFactory, QuoteFactory
from tests.trading.test_rules import clock
from tests.trading.views.conftest import assert_constant_queries, shown
from trading import asset_classes
from trading.asset_classes import CRYPTO, US_EQUITY, US_OPTION
from trading.models import Asset, Order
from trading.services import catalogue, facts

pytestmark = pytest.mark.django_db

FINDERS = (
    facts.find_named,
    catalogue.find_ranked,
    catalogue.find_beginning,
    catalogue.find_named,
    catalogue.find_others,
    catalogue.find_nearest,
)
CONTRACT = "AAPL270115C00200000"


@pytest.fixture(autouse=True)
def _all_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """All classes are offered, and queries that were made into SQL before are made anew."""
    monkeypatch.setattr(asset_classes, "OFFERED", (US_EQUITY, CRYPTO, US_OPTION))
    for find in FINDERS:
        monkeypatch.setattr(find, "_plan", None)


@pytest.fixture
def coin(account: BrokerageAccount) -> Asset:
    """Bitcoin, of which the account holds a half."""
    asset = AssetFactory.create(
        symbol="BTC/USD", name="Bitcoin", exchange="CRYPTO", asset_class="crypto", marginable=False
    )
    QuoteFactory.create(
        asset=asset,
        bid=Decimal(59990),
        ask=Decimal(60010),
        last=Decimal(60000),
        previous_close=Decimal(59000),
        feed="crypto",
    )
    PositionFactory.create(account=account, asset=asset, qty=Decimal("0.5"), cost_basis=Decimal(20000))
    return asset


@pytest.fixture
def contract(account: BrokerageAccount) -> Asset:
    """A call, of which the account holds two."""
    asset = AssetFactory.create(
        symbol=CONTRACT, name="AAPL Jan 15 2027 200 Call", asset_class="us_option", fractionable=False
    )
    QuoteFactory.create(asset=asset, bid=Decimal("4.9"), ask=Decimal(5), last=Decimal(5), feed="options")
    PositionFactory.create(account=account, asset=asset, qty=Decimal(2))
    return asset


@pytest.fixture
def _closed() -> None:
    """The stock market is closed."""
    closed = clock(is_open=False)
    closed.pk = 1
    closed.save()


PAGES = ["/portfolio/{0}/", "/trade/{0}/", "/trade/{0}/order/", "/trade/{0}/chart/", "/trade/{0}/prices/"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_a_coin_and_a_contract(owner: Client, coin: Asset, contract: Asset, page: str) -> None:
    for written in ("BTC~USD", CONTRACT):
        assert owner.get(page.format(written)).status_code == 200


def test_portfolio_and_search_have_both(owner: Client, coin: Asset, contract: Asset) -> None:
    page = shown(owner.get("/portfolio/"))
    assert "Not traded here" not in page
    assert "/portfolio/BTC~USD/" in page
    assert f"/portfolio/{CONTRACT}/" in page
    for asked in ("/trade/", "/trade/?q=btcusd", "/trade/?q=bitcoin", "/trade/suggestions/?q=BTC/USD"):
        assert "/trade/BTC~USD/" in shown(owner.get(asked))


@pytest.mark.parametrize("written", ["BTCUSD", "btc-usd", "btc~usd"])
def test_coin_by_any_spelling_leads_to_the_right_page(owner: Client, coin: Asset, written: str) -> None:
    assert owner.get(f"/trade/{written}/")["Location"].endswith("/trade/BTC~USD/")


@pytest.mark.usefixtures("_closed")
def test_ticket_of_a_coin_is_that_of_its_class(owner: Client, coin: Asset) -> None:
    page = shown(owner.get("/trade/BTC~USD/order/?more=1"))

    assert "market is closed" not in page
    assert choices_of(page, "type") == {"MARKET", "LIMIT", "STOP_LIMIT"}
    assert choices_of(page, "time_in_force") == {"GTC", "IOC"}
    assert 'name="extended_hours"' not in page
    assert ">Coins<" in page
    assert "Sell all 0.5 coins" in shown(owner.get("/portfolio/BTC~USD/"))


def test_ticket_of_a_contract_is_that_of_its_class(owner: Client, contract: Asset) -> None:
    page = shown(owner.get(f"/trade/{CONTRACT}/order/?more=1"))

    assert choices_of(page, "type") == {"MARKET", "LIMIT"}
    assert choices_of(page, "unit") == {"SHARES"}


@pytest.mark.usefixtures("_closed")
def test_short_ticket_of_a_coin_is_ordered_as_it_is_opened(
    owner: Client, account: BrokerageAccount, coin: Asset, settings: Any
) -> None:
    page = shown(owner.get("/trade/BTC~USD/order/"))
    chosen = re.findall(r'name="time_in_force"[^>]*value="([A-Z]+)" checked', page)
    assert chosen == ["GTC"]
    given = {"side": "SELL", "type": "MARKET", "time_in_force": "GTC", "unit": "SHARES", "amount": "0.25"}

    estimate = shown(owner.post("/trade/BTC~USD/order/estimate/", given))
    reply = owner.post("/trade/BTC~USD/order/", given)

    assert "$14,997.50" in estimate
    assert "fee" not in estimate.lower()
    review = shown(owner.get(reply["Location"]))
    assert "0.25 coins" in review


def test_least_order_of_a_coin_is_that_of_its_class(owner: Client, coin: Asset) -> None:
    given = {"side": "BUY", "type": "MARKET", "time_in_force": "GTC", "unit": "DOLLARS", "amount": "9.99"}

    page = shown(owner.post("/trade/BTC~USD/order/", given))

    assert "The smallest order is $10.00." in page
    assert not Order.objects.exists()


def test_queries_of_a_coins_pages_do_not_grow(owner: Client, account: BrokerageAccount, coin: Asset) -> None:
    def another() -> None:
        number = Asset.objects.count()
        asset = AssetFactory.create(symbol=f"X{number}/USD", asset_class="crypto")
        QuoteFactory.create(asset=asset)
        PositionFactory.create(account=account, asset=asset)

    for page in ("/portfolio/BTC~USD/", "/trade/BTC~USD/order/", "/trade/?q=usd"):
        owner.get(page)  # what is old is asked for by the first who looks
        assert_constant_queries(owner, page, another)


def choices_of(page: str, name: str) -> set[str]:
    """The answers that an input of a ticket offers."""
    radios = set(re.findall(rf'name="{name}"[^>]*value="([A-Z_]+)"', page))
    select = re.search(rf'<select name="{name}".*?</select>', page)
    return radios | set(re.findall(r'value="([A-Z_]+)"', select[0] if select else ""))
