"""The page of one position."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from brokerapp.units.market_time import day_in_new_york
from tests.factories import (
    AssetFactory,
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    QuoteFactory,
)
from tests.trading.activities import happened, traded
from tests.trading.views.conftest import (
    another_position,
    assert_constant_queries,
    shown,
)
from trading.services import gains

pytestmark = pytest.mark.django_db


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


def test_position_leads_to_the_ticket_with_the_side_chosen(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account, qty=Decimal("2.5"))

    page = owner.get("/portfolio/AAPL/").content.decode()

    ticket = account_url(account, "trading:ticket", "AAPL")
    for asked in ("?side=BUY", "?side=SELL", "?side=SELL&amp;unit=SHARES&amp;amount=2.5"):
        assert f'href="{ticket}{asked}"' in page


@pytest.mark.parametrize(
    ("not_offered", "title", "sides"),
    [
        (["BUY"], "You can only sell", {"SELL"}),
        (["SELL"], "You can only buy", {"BUY"}),
        (["TRADE"], "Orders are not open", set()),
    ],
)
def test_position_leads_to_no_ticket_that_is_closed(
    owner: Client,
    account: BrokerageAccount,
    settings: Any,
    not_offered: list[str],
    title: str,
    sides: set[str],
) -> None:
    PositionFactory.create(account=account, qty=Decimal("2.5"))
    settings.NOT_OFFERED = not_offered

    page = shown(owner.get("/portfolio/AAPL/"))

    assert title in page
    assert set(re.findall(r"\?side=([A-Z]+)", page)) == sides


def test_position_shows_lots_what_was_sold_and_dividends(owner: Client, account: BrokerageAccount) -> None:
    day = day_in_new_york(timezone.now()) - timedelta(days=3)
    traded(account, day, "1", "100.00")
    traded(account, day, "2", "150.00")
    traded(account, day, "-1", "130.00")
    happened(account, "DIV", day, "1.25", symbol="AAPL", qty=Decimal(2))
    PositionFactory.create(account=account, avg_entry_price=Decimal("133.33"), cost_basis=Decimal("266.66"))
    gains.work_out(account=account)

    page = shown(owner.get("/portfolio/AAPL/"))

    assert "<dd>$150.00<p" in page
    assert "The broker says $133.33" in page
    assert "+$30.00" in page
    assert "<dt>Dividends</dt><dd>$1.25</dd>" in page
    assert "+$131.25" in page
    assert "Sold" in page
    assert "side=SELL&amp;unit=SHARES&amp;amount=2" in page
