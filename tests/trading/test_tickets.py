from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, OrderFactory, PositionFactory
from trading.models import Order
from trading.order_spec import OrderSpec
from trading.rules import TradeRefused
from trading.services import tickets
from trading.services.facts import get_facts, get_spending

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quote")]


def buy(**size: Any) -> OrderSpec:
    return OrderSpec(asset=AssetFactory.create(), side=Order.Side.BUY, **size)


@pytest.mark.parametrize("size", [{"qty": Decimal("0.420000000")}, {"notional": Decimal("250.10")}])
def test_get_ticket_reads_what_ticket_data_wrote(size: dict[str, Decimal]) -> None:
    ticket = buy(**size)

    assert tickets.get_ticket(tickets.ticket_data(ticket)) == ticket


def test_get_facts_reserves_what_open_sell_orders_have_left(account: BrokerageAccount) -> None:
    asset = AssetFactory.create()
    PositionFactory.create(account=account, asset=asset, qty=Decimal(10))
    sell = {"asset": asset, "side": Order.Side.SELL}
    OrderFactory.create(account, status="new", qty=Decimal(3), **sell)
    OrderFactory.create(account, status="partially_filled", qty=Decimal(2), filled_qty="1.5", **sell)
    OrderFactory.create(account, status="new", notional=Decimal(200), **sell)
    OrderFactory.create(account, status="", qty=Decimal("0.25"), **sell)
    OrderFactory.create(account, status="canceled", qty=Decimal(4), **sell)
    OrderFactory.create(BrokerageAccountFactory.create(), status="new", qty=Decimal(4), **sell)

    facts = get_facts(account, asset, timezone.now())

    assert facts.reserved_qty == Decimal("4.75")
    assert facts.free_qty == Decimal("5.25")


def test_check_ticket_by_old_figures_asks_before_it_refuses(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    path = f"/v1/trading/accounts/{account.broker_account_id}"
    broker.on("GET", f"{path}/positions", status=401, json={"message": "unauthorized."})

    with pytest.raises(TradeRefused, match="Not enough buying power"):
        tickets.check_ticket(account=account, ticket=buy(qty=Decimal(100)), now=timezone.now())

    assert broker.count("GET") == 1


def test_check_ticket_by_fresh_figures_asks_nobody(account: BrokerageAccount, broker: BrokerStub) -> None:
    now = timezone.now()
    account.balances_at = now - timedelta(seconds=20)

    with pytest.raises(TradeRefused):
        tickets.check_ticket(account=account, ticket=buy(qty=Decimal(100)), now=now)

    assert not broker.calls


def test_prepare_review_adds_up(account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)

    review = tickets.prepare_review(account=account, ticket=buy(qty=Decimal("0.42")), now=timezone.now())

    assert review.refusal is None
    assert review.cash_after == Decimal("915.96")
    assert review.position_after == Decimal("2.42")
    assert not review.quote_is_stale


def test_prepare_review_asks_for_the_days_of_trading_once(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    now = timezone.now()
    days = [
        {"t": (now - timedelta(days=ago)).isoformat(), "o": 1, "h": 1, "l": 1, "c": 1, "v": 100}
        for ago in (1, 2, 3)
    ]
    broker.on("GET", "/v2/stocks/bars", json={"bars": {"AAPL": days}, "next_page_token": None})
    ticket = buy(qty=Decimal(2))

    reviews = [tickets.prepare_review(account=account, ticket=ticket, now=now) for _ in range(2)]

    assert all("about 100 shares change hands" in str(each.cautions) for each in reviews)
    assert broker.count("GET") == 1


def test_prepare_review_goes_on_without_the_days_of_trading(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on("GET", "/v2/stocks/bars", status=503, json={})

    review = tickets.prepare_review(account=account, ticket=buy(qty=Decimal(2)), now=timezone.now())

    assert review.refusal is None
    assert broker.count("GET") == 1


def test_prepare_review_without_a_price(account: BrokerageAccount, broker: BrokerStub) -> None:
    asset = AssetFactory.create(symbol="ODD")
    broker.on("GET", "/v2/stocks/snapshots", json={})
    ticket = OrderSpec(asset=asset, side=Order.Side.BUY, notional=Decimal(50))

    review = tickets.prepare_review(account=account, ticket=ticket, now=timezone.now())

    assert (review.estimate, review.cash_after, review.position_after) == (None, None, None)
    assert review.quote_is_stale


def test_get_spending_counts_buys_that_the_balances_do_not_show(account: BrokerageAccount) -> None:
    BrokerageAccount.objects.update(
        cash=Decimal(5000), buying_power=Decimal(9000), multiplier=2, balances_at=timezone.now()
    )
    account.refresh_from_db()
    before = timezone.now() - timedelta(hours=1)
    OrderFactory.create(account, status="new", notional=Decimal(1000))
    OrderFactory.create(account, status="new", qty=Decimal(2))
    OrderFactory.create(account, status="filled", qty=Decimal(3), filled_qty="3", filled_avg_price="100")
    OrderFactory.create(account, status="canceled", qty=Decimal(9))
    OrderFactory.create(account, status="new", side=Order.Side.SELL, qty=Decimal(9))
    old = OrderFactory.create(account, status="filled", qty=Decimal(5), filled_qty="5", filled_avg_price="9")
    Order.objects.filter(pk=old.pk).update(status_at=before)

    found = get_spending(account)

    assert found.own == Decimal(5000) - 1000 - 2 * 200 - 300
    assert found.own + found.could_borrow == Decimal(9000)


def test_get_spending_of_a_cash_account_needs_no_query(
    account: BrokerageAccount, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert get_spending(account).own == Decimal(1000)


def test_prepare_review_that_borrows_adds_up(account: BrokerageAccount) -> None:
    account.cash, account.buying_power, account.multiplier = Decimal(500), Decimal(1000), Decimal(2)

    review = tickets.prepare_review(account=account, ticket=buy(notional=Decimal(800)), now=timezone.now())

    assert review.refusal is None
    assert (review.own_part, review.borrows, review.owed_after) == (500, 300, 300)
