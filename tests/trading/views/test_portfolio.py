"""The pages of the portfolio and of one position."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from brokerapp.workflow import state
from tests.factories import (
    AssetFactory,
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    QuoteFactory,
    TransferFactory,
)
from tests.trading.conftest import CASH
from tests.trading.views.conftest import MARGIN, another_position, assert_constant_queries, shown, signed_in
from trading.models import Position
from trading.services import portfolio
from trading.valuation import Valuation

pytestmark = pytest.mark.django_db


def test_portfolio_shows_what_is_held_and_open(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)
    OrderFactory.create(account, status="new", qty=Decimal(3))

    page = owner.get("/portfolio/").content.decode()

    assert "$1,400.00" in page
    assert "+$100.00 (+33.33%)" in page
    assert "3 shares" in page
    assert "in three steps" not in page


def test_portfolio_without_a_price_shows_the_total_of_the_others(
    owner: Client, account: BrokerageAccount
) -> None:
    PositionFactory.create(account=account)
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="ODD"))
    BrokerageAccount.objects.update(equity=Decimal("1512.34"))

    page = owner.get("/portfolio/").content.decode()

    assert "Total value without ODD" in page
    assert '<span class="stat-value">$1,400.00</span>' in page
    assert "There is no price for ODD at the moment, so the total is without it." in page
    assert "own figure for all that you have was $1,512.34" in page
    assert "+$100.00 (+33.33%)" in page


def test_portfolio_tells_own_cash_from_what_could_be_borrowed() -> None:
    account = BrokerageAccountFactory.create(**MARGIN)

    page = shown(signed_in(account).get("/portfolio/"))

    assert 'Ready to invest, your own cash</span><span class="stat-value">$5,000.00' in page
    assert "You could borrow</dt><dd>$5,000.00" in page
    assert "$10,000.00" not in page


def test_portfolio_of_a_cash_account_speaks_of_no_borrowing(owner: Client) -> None:
    page = shown(owner.get("/portfolio/"))

    assert 'Ready to invest</span><span class="stat-value">$1,000.00' in page
    assert "borrow" not in page


def test_portfolio_says_what_is_owed() -> None:
    account = BrokerageAccountFactory.create(cash=Decimal("-75.00"))

    page = shown(signed_in(account).get("/portfolio/"))

    assert "You owe the broker</dt><dd>$75.00" in page


def test_portfolio_tells_of_a_returned_deposit(owner: Client, account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account, status="COMPLETE", amount="75.00")
    transfer = state.move(transfer, "RETURNED", by=state.Process.EVENT, reason="R02 account closed")
    BrokerageAccount.objects.update(
        cash=Decimal("-75.00"), buying_power=Decimal(0), balances_at=timezone.now()
    )

    page = shown(owner.get("/portfolio/"))

    assert "Your deposit of $75.00 was returned by your bank" in page
    assert "The reason: the bank account is closed (R02)." in page
    assert "you owe the broker $75.00" in page
    assert "Until you have paid it you cannot withdraw or buy." in page
    assert "do not deposit from this bank account again" in page
    assert account_url(account, "funding:transfer", transfer.pk) in page


def test_portfolio_tells_nobody_of_another_accounts_returned_deposit(owner: Client) -> None:
    other = TransferFactory.create(BrokerageAccountFactory.create(), status="COMPLETE")
    state.move(other, "RETURNED", by=state.Process.EVENT, reason="R01")

    assert "was returned" not in shown(owner.get("/portfolio/"))


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({}, "Add money"),
        (CASH, "Find something to buy"),
    ],
)
def test_portfolio_empty_says_what_is_next(fields: dict[str, Any], action: str) -> None:
    page = signed_in(BrokerageAccountFactory.create(**fields)).get("/portfolio/").content.decode()

    assert action in page


def test_portfolio_queries_do_not_grow(owner: Client, account: BrokerageAccount) -> None:
    def more() -> None:
        another_position(account)
        OrderFactory.create(account, status="new")

    assert_constant_queries(owner, "/portfolio/", more)


def test_position_shows_cost_value_and_share(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)
    OrderFactory.create(account, status="filled", filled_qty="0.42", filled_avg_price="200")

    page = owner.get("/portfolio/AAPL/").content.decode()

    assert all(text in page for text in ("$150.00", "$300.00", "$400.00", "28.57%", "0.42 at $200.00"))


@pytest.mark.parametrize("written", ["brk.b", "BRK-B", "brkb", "$BRK.B"])
def test_position_and_ticket_by_any_spelling_lead_to_the_right_one(
    owner: Client, account: BrokerageAccount, written: str
) -> None:
    QuoteFactory.create(symbol="BRK.B")
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="BRK.B"))

    position, asset = owner.get(f"/portfolio/{written}/"), owner.get(f"/trade/{written}/?side=SELL")

    assert position["Location"] == account_url(account, "trading:position", "BRK.B")
    assert asset["Location"] == account_url(account, "trading:asset", "BRK.B") + "?side=SELL"
    assert owner.get(position["Location"]).status_code == 200
    assert owner.get(asset["Location"]).status_code == 200


def test_position_by_another_spelling_is_only_ones_own(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(
        account=BrokerageAccountFactory.create(), asset=AssetFactory.create(symbol="BRK.B")
    )

    assert owner.get("/portfolio/brk-b/").status_code == 404


def test_position_queries_do_not_grow(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)

    def more() -> None:
        another_position(account)
        OrderFactory.create(account)

    assert_constant_queries(owner, "/portfolio/AAPL/", more)


def test_position_that_vanishes_while_its_page_is_made(
    owner: Client, account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    PositionFactory.create(account=account)
    value = portfolio.get_valuation

    def sold(account: BrokerageAccount) -> Valuation:
        Position.objects.all().delete()
        return value(account)

    monkeypatch.setattr(portfolio, "get_valuation", sold)

    response = owner.get("/portfolio/AAPL/")

    assert response.status_code == 302
    assert response["Location"].endswith("/portfolio/")
