from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from trading import rules
from trading.models import Asset, MarketClock, Order, Quote
from trading.rules import Facts, Ticket
from trading.statuses import OrderStatus

NOW = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)


def asset(**columns: object) -> Asset:
    values = {"status": "active", "tradable": True, "fractionable": True, "name": "Apple Inc.", **columns}
    return Asset(id=uuid4(), symbol="AAPL", **values)


def quote(**columns: object) -> Quote:
    prices = {"bid": Decimal(199), "ask": Decimal(201), "last": Decimal(200), **columns}
    return Quote(symbol="AAPL", as_of=NOW, synced_at=NOW, **prices)


def clock(is_open: bool) -> MarketClock:
    return MarketClock(
        is_open=is_open, next_open=NOW + timedelta(days=2), next_close=NOW + timedelta(hours=6), synced_at=NOW
    )


def facts(**values: Any) -> Facts:
    account = BrokerageAccount(
        status=values.pop("status", AccountStatus.ACTIVE),
        buying_power=values.pop("buying_power", Decimal(100)),
    )
    given: dict[str, Any] = {
        "held_qty": Decimal(3),
        "reserved_qty": Decimal(0),
        "quote": quote(),
        "clock": clock(is_open=True),
        **values,
    }
    return Facts(account=account, **given)


def buy(**values: Any) -> Ticket:
    size: dict[str, Any] = {} if "notional" in values else {"qty": Decimal("0.42")}
    return Ticket(**{"asset": asset(), "side": Order.Side.BUY, **size, **values})


def sell(qty: str) -> Ticket:
    return Ticket(asset=asset(), side=Order.Side.SELL, qty=Decimal(qty))


def refusal(ticket: Ticket, given: Facts) -> rules.TradeRefused:
    with pytest.raises(rules.TradeRefused) as raised:
        rules.check_can_trade(ticket, given)
    return raised.value


def test_check_can_trade_buy_within_buying_power() -> None:
    rules.check_can_trade(buy(), facts())


def test_check_can_trade_account_not_active_says_why() -> None:
    assert "in review" in str(refusal(buy(), facts(status=AccountStatus.SUBMITTED)))


def test_check_can_trade_inactive_asset() -> None:
    assert "no longer traded" in str(refusal(buy(asset=asset(status="inactive")), facts()))


def test_check_can_trade_untradable_asset_refuses_buys_only() -> None:
    frozen = asset(tradable=False)

    assert refusal(buy(asset=frozen), facts()).field == "side"
    rules.check_can_trade(Ticket(asset=frozen, side=Order.Side.SELL, qty=Decimal(1)), facts())


@pytest.mark.parametrize("size", [{"qty": Decimal("0.5")}, {"notional": Decimal(50)}])
def test_check_can_trade_fraction_of_whole_shares_only(size: dict[str, Decimal]) -> None:
    found = refusal(buy(asset=asset(fractionable=False), **size), facts())

    assert found.field == "amount"
    assert "whole shares only" in str(found)


def test_check_can_trade_whole_number_of_whole_shares_only() -> None:
    whole = buy(asset=asset(fractionable=False), qty=Decimal("2.000"))

    rules.check_can_trade(whole, facts(buying_power=Decimal("402.00")))


def test_check_can_trade_beyond_buying_power_has_the_numbers() -> None:
    found = refusal(buy(qty=Decimal("0.5")), facts())

    assert str(found) == "Not enough buying power: this comes to about $100.50 and you have $100.00."


def test_check_can_trade_all_the_buying_power_in_dollars() -> None:
    rules.check_can_trade(buy(notional=Decimal("100.00")), facts())
    assert "comes to $100.01" in str(refusal(buy(notional=Decimal("100.01")), facts()))


def test_check_can_trade_below_the_minimum() -> None:
    assert "smallest order is $1.00" in str(refusal(buy(qty=Decimal("0.001")), facts()))


def test_check_can_trade_without_a_price_leaves_it_to_the_broker() -> None:
    rules.check_can_trade(buy(qty=Decimal(1000000)), facts(quote=None))


def test_check_can_trade_sell_nothing_held() -> None:
    assert refusal(sell("1"), facts(held_qty=Decimal(0))).field == "side"


def test_check_can_trade_sell_all() -> None:
    rules.check_can_trade(sell("3"), facts())


def test_check_can_trade_sell_what_open_orders_are_selling() -> None:
    found = refusal(sell("1.5"), facts(reserved_qty=Decimal(2)))

    assert str(found) == (
        "You hold 3 AAPL, and open orders are selling 2 of them, so 1 can be sold and not 1.5."
    )


def test_check_can_trade_sell_more_dollars_than_held() -> None:
    ticket = Ticket(asset=asset(), side=Order.Side.SELL, notional=Decimal(1000))

    assert "so 3 can be sold and not about 5.02" in str(refusal(ticket, facts()))


def test_check_can_trade_while_closed_is_allowed() -> None:
    rules.check_can_trade(buy(), facts(clock=clock(is_open=False)))


def estimated(ticket: Ticket, given: Facts) -> rules.Estimate:
    found = rules.estimate(ticket, given)
    assert found
    return found


def test_estimate_takes_the_far_side_while_open_and_the_last_trade_while_closed() -> None:
    open_facts, closed_facts = facts(), facts(clock=clock(is_open=False))

    assert estimated(buy(), open_facts).price == Decimal(201)
    assert estimated(sell("1"), open_facts).price == Decimal(199)
    assert estimated(buy(), closed_facts).price == Decimal(200)


def test_estimate_one_sided_quote_falls_back_to_the_last_trade() -> None:
    assert estimated(buy(), facts(quote=quote(ask=None))).price == Decimal(200)


def test_estimate_dollars_rounds_shares_down() -> None:
    found = estimated(buy(notional=Decimal(100)), facts(quote=quote(ask=Decimal(3))))

    assert found.qty == Decimal("33.333333333")
    assert found.value == Decimal(100)


@pytest.mark.parametrize(
    ("seen", "moved"), [("199.01", False), ("199.00", True), ("198.9", True), ("203.1", True)]
)
def test_check_price(seen: str, moved: bool) -> None:
    if moved:
        with pytest.raises(rules.PriceMoved, match="Nothing was sent"):
            rules.check_price(Decimal(seen), buy(), facts())
    else:
        rules.check_price(Decimal(seen), buy(), facts())


@pytest.mark.parametrize(
    ("status", "asked", "allowed"),
    [
        (OrderStatus.NEW, None, True),
        (OrderStatus.PARTIALLY_FILLED, None, True),
        (OrderStatus.NEW, NOW, False),
        (OrderStatus.PENDING_CANCEL, None, False),
        (OrderStatus.PENDING_REPLACE, None, False),
        (OrderStatus.UNKNOWN, None, False),
        (OrderStatus.SUBMITTING, None, False),
        (OrderStatus.FILLED, None, False),
        (OrderStatus.NOT_PLACED, None, False),
    ],
)
def test_can_cancel(status: OrderStatus, asked: datetime | None, allowed: bool) -> None:
    assert rules.can_cancel(Order(status=status, cancel_requested_at=asked)) is allowed
