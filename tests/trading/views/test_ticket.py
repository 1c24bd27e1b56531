"""The page of an asset, with its ticket."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import (
    AssetFactory,
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    QuoteFactory,
)
from tests.trading.views.conftest import LONG, MARGIN, shown, signed_in
from trading.models import MarketClock, Order, Quote

pytestmark = pytest.mark.django_db


def ticket(owner: Client, **data: str) -> Any:
    return owner.post("/trade/AAPL/", {"side": "BUY", "unit": "SHARES", "amount": "0.42", **data})


def test_asset_shows_price_and_ticket(owner: Client) -> None:
    page = owner.get("/trade/AAPL/").content.decode()

    assert "$200.00" in page
    assert "+$2.00 (+1.01%)" in page
    assert "You can spend" in page


def test_asset_on_the_day_of_a_split_shows_no_change(owner: Client) -> None:
    Quote.objects.update(previous_close=Decimal(800))

    page = shown(owner.get("/trade/AAPL/"))

    assert "No change since the previous close is shown" in page
    assert "75" not in page.split("Last price")[1].split("</div>")[0]


def test_asset_ticket_tells_own_cash_from_what_could_be_borrowed(account: BrokerageAccount) -> None:
    page = shown(signed_in(BrokerageAccountFactory.create(**MARGIN)).get("/trade/AAPL/"))

    assert "You can spend</dt><dd>$5,000.00 of your own cash" in page
    assert "You could borrow</dt><dd>$5,000.00" in page
    assert "?side=BUY&amp;unit=DOLLARS&amp;amount=5000" in page
    assert "$10,000.00" not in page


def test_asset_ticket_of_a_cash_account_speaks_of_no_borrowing(owner: Client) -> None:
    page = shown(owner.get("/trade/AAPL/"))

    assert "You can spend</dt><dd>$1,000.00</dd>" in page
    assert "borrow" not in page


@pytest.mark.parametrize(
    ("not_offered", "title", "side"),
    [("BUY", "You can only sell", "SELL"), ("SELL", "You can only buy", "BUY")],
)
def test_asset_one_side_not_offered_is_said_before_the_ticket(
    owner: Client, settings: Any, not_offered: str, title: str, side: str
) -> None:
    settings.NOT_OFFERED = [not_offered]

    response = owner.get("/trade/AAPL/")

    page = shown(response)
    assert page.index(title) < page.index('name="amount"')
    assert response.context["form"]["side"].value() == side


def test_asset_that_cannot_be_bought_says_so_before_the_ticket(owner: Client) -> None:
    AssetFactory.create(symbol="BERK", name="Frozen", tradable=False)
    QuoteFactory.create(symbol="BERK")

    page = shown(owner.get("/trade/BERK/"))

    assert page.index("Frozen cannot be bought at the moment.") < page.index('name="amount"')


def test_asset_unknown(owner: Client) -> None:
    assert owner.get("/trade/NOPE/").status_code == 404


def test_asset_price_cannot_be_refreshed(owner: Client, broker: BrokerStub) -> None:
    Quote.objects.update(synced_at=timezone.now() - timedelta(minutes=5))
    broker.on("GET", "/v2/stocks/snapshots", body=requests.exceptions.ReadTimeout())

    assert "Last known, " in owner.get("/trade/AAPL/").content.decode()


def test_asset_without_any_price(owner: Client, broker: BrokerStub) -> None:
    Quote.objects.all().delete()
    broker.on("GET", "/v2/stocks/snapshots", json={})

    assert "There is no price" in owner.get("/trade/AAPL/").content.decode()


def test_asset_market_closed_says_until_when(owner: Client) -> None:
    now = timezone.now()
    soon = {"next_open": now + LONG, "next_close": now + LONG}
    MarketClock.objects.create(id=1, is_open=False, **soon, synced_at=now)

    assert "This order will wait until" in owner.get("/trade/AAPL/").content.decode()


def test_asset_sell_all_takes_what_is_free_in_shares(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account, qty=Decimal("1234.5"))
    OrderFactory.create(account, side="SELL", qty=Decimal("0.25"))

    assert "?side=SELL&amp;unit=SHARES&amp;amount=1234.25" in owner.get("/trade/AAPL/").content.decode()


def test_ticket_leads_to_its_review(owner: Client) -> None:
    response = ticket(owner)

    assert response.status_code == 302
    page = owner.get(response["Location"]).content.decode()
    assert "Buy 0.42 shares of Apple Inc. Common Stock at market" in page
    assert "$84.04" in page
    assert "$915.96" in page
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"amount": "0.1234567891"}, "at most 9 decimals"),
        ({"unit": "DOLLARS", "amount": "0.50"}, "smallest order is $1.00"),
        ({"amount": "many"}, "Enter a number"),
        ({"amount": "100"}, "this comes to about $20,010.00 and you have $1,000.00"),
        ({"side": "SELL", "amount": "1"}, "You hold no shares of AAPL"),
    ],
)
def test_ticket_refused_keeps_what_was_typed(
    owner: Client, account: BrokerageAccount, data: dict[str, str], text: str
) -> None:
    BrokerageAccount.objects.update(balances_at=timezone.now())

    response = ticket(owner, **data)

    page = response.content.decode()
    assert response.status_code == 422
    assert page.count(text) == 2
    assert "There is a problem" in page
    assert "<title>Error: " in page
    assert f'value="{data["amount"]}"' in page


def test_ticket_fraction_of_whole_shares_only(owner: Client, account: BrokerageAccount) -> None:
    BrokerageAccount.objects.update(balances_at=timezone.now())
    AssetFactory.create(symbol="BRK.A", fractionable=False)
    QuoteFactory.create(symbol="BRK.A")

    response = owner.post("/trade/BRK.A/", {"side": "BUY", "unit": "SHARES", "amount": "0.5"})

    assert "trades in whole shares only." in response.content.decode()


def test_ticket_refused_by_old_figures_asks_for_new_ones(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    trading = f"/v1/trading/accounts/{account.broker_account_id}"
    body = {
        "id": str(account.pk),
        "status": "ACTIVE",
        "cash": "5000",
        "buying_power": "5000",
        "equity": "5000",
    }
    broker.on("GET", f"{trading}/account", json=body)
    broker.on("GET", f"{trading}/positions", json=[])

    assert ticket(owner, amount="10").status_code == 302
