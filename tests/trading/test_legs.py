"""Exits of an order: rows of their own, found and followed however they are heard of."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from brokerapp.workflow import writes
from tests.broker_stub import BrokerStub
from tests.factories import OrderFactory, order_body, order_reply
from tests.trading.conftest import LATER, trade_event
from trading.models import Order
from trading.services import events, orders
from trading.services.order_pages import get_story
from trading.services.reservations import reserved_qty
from trading.statuses import OrderStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quote")]

BRACKET: dict[str, Any] = {
    "qty": Decimal(4),
    "order_class": "BRACKET",
    "take_profit_price": Decimal(250),
    "stop_loss_price": Decimal(150),
}


def leg(kind: str, status: str = "held", **fields: Any) -> dict[str, Any]:
    """An exit as the broker sends it: it has an id of the broker's making."""
    price = {"limit_price": "250"} if kind == "limit" else {"stop_price": "150"}
    at = "2026-03-02T15:00:00Z"
    return {
        "id": str(uuid4()),
        "client_order_id": str(uuid4()),
        "status": status,
        "symbol": "AAPL",
        "side": "sell",
        "type": kind,
        "time_in_force": "day",
        "order_class": "bracket",
        "qty": "4",
        "filled_qty": "0",
        "created_at": at,
        "updated_at": at,
        "submitted_at": at,
        **price,
    } | fields


def bracket(account: BrokerageAccount, legs: list[dict[str, Any]], status: str = "new") -> Order:
    order = OrderFactory.create(account, status="", **BRACKET)
    return orders.apply_order(order=order, reply=order_reply(order, status, legs=legs))


def test_get_story_moves_while_an_exit_does(account: BrokerageAccount) -> None:
    taken, other = leg("limit", "filled", filled_qty="4", filled_avg_price="250"), leg("stop", "new")
    order = bracket(account, [taken, other], "filled")
    exits = {row.type: row for row in order.legs.all()}
    assert not exits["LIMIT"].is_open
    assert all(get_story(each).is_moving for each in (order, *exits.values()))

    orders.apply_order(
        order=order, reply=order_reply(order, "filled", legs=[taken, {**other, "status": "canceled"}])
    )
    assert not any(get_story(each).is_moving for each in (order, *order.legs.all()))


def test_apply_order_with_legs_makes_a_row_of_each(account: BrokerageAccount) -> None:
    told = [leg("limit"), leg("stop")]

    order = bracket(account, told)

    rows = list(order.legs.order_by("type"))
    assert [(row.type, row.status, row.side, row.qty) for row in rows] == [
        ("LIMIT", "HELD", "SELL", 4),
        ("STOP", "HELD", "SELL", 4),
    ]
    assert {str(row.broker_order_id) for row in rows} == {each["id"] for each in told}
    assert rows[0].order_class == Order.Class.SIMPLE
    assert not writes.waiting_to_be_sent(Order, timezone.now()).exists(), "nobody sends them a second time"


def test_apply_order_with_legs_again_follows_them(account: BrokerageAccount) -> None:
    told = [leg("limit"), leg("stop")]
    order = bracket(account, told)

    now = {"updated_at": LATER}
    told[0] |= {"status": "filled", "filled_qty": "4", "filled_avg_price": "250", **now}
    told[1] |= {"status": "canceled", **now}
    orders.apply_order(order=order, reply=order_reply(order, "filled", legs=told, **now))

    assert [(row.type, row.status) for row in order.legs.order_by("type")] == [
        ("LIMIT", "FILLED"),
        ("STOP", "CANCELED"),
    ]


def test_apply_order_takes_over_the_shares_that_an_exit_is_for(account: BrokerageAccount) -> None:
    told = [leg("limit"), leg("stop")]
    order = bracket(account, told)

    told[1] |= {"qty": "3", "updated_at": LATER}
    orders.apply_order(order=order, reply=order_reply(order, "filled", legs=told, updated_at=LATER))

    assert order.legs.get(type="STOP").qty == 3


def test_apply_order_with_a_leg_that_is_not_understood(account: BrokerageAccount) -> None:
    """The rest of the order is applied all the same."""
    order = bracket(account, [leg("limit"), leg("moonshot")])

    assert order.status == OrderStatus.NEW
    assert [row.type for row in order.legs.all()] == ["LIMIT"]


def test_event_about_an_unknown_leg_is_found_by_its_order(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = bracket(account, [])
    told = [leg("limit", "filled", filled_qty="4", filled_avg_price="250", updated_at=LATER), leg("stop")]
    listed = order_body(order, "filled", legs=told, updated_at=LATER)
    broker.on_orders("GET", account, json=[listed])
    broker.on_orders("GET", account, f"/{told[0]['id']}", json=told[0])
    event = trade_event(order, order=told[0], qty="4", price="250")

    assert events.on_trade_event(event) is None

    row = order.legs.get(type="LIMIT")
    assert (row.status, row.recorded_qty) == (OrderStatus.FILLED, 4)


def test_event_about_an_unknown_leg_comes_again_where_its_order_could_not_be_read(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = bracket(account, [])
    told = [leg("limit", "filled", filled_qty="4", filled_avg_price="250", updated_at=LATER), leg("stop")]
    odd = order_body(order, "filled", legs=told, filled_qty="many")
    broker.on_orders("GET", account, json=[odd])

    with pytest.raises(BrokerOutcomeUnknown):
        events.on_trade_event(trade_event(order, order=told[0], qty="4", price="250"))


def test_event_about_a_leg_of_an_order_whose_reply_is_still_on_its_way(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="", **BRACKET)
    told = [leg("limit"), leg("stop")]
    broker.on_orders("GET", account, json=[order_body(order, "new", legs=told)])
    broker.on_orders("GET", account, f"/{told[1]['id']}", json=told[1])

    events.on_trade_event(trade_event(order, "held", order=told[1]))

    order.refresh_from_db()
    assert order.status == OrderStatus.NEW
    assert order.legs.count() == 2


def test_event_about_a_change_made_elsewhere(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="new", type="LIMIT", limit_price=Decimal(9), qty=Decimal(1))
    body = order_body(
        order, "new", id=str(uuid4()), client_order_id="theirs", replaces=str(order.broker_order_id)
    ) | {"type": "limit", "limit_price": "8"}
    broker.on_order("GET", order, json=order_body(order, "replaced", replaced_by=body["id"]))
    broker.on_orders("GET", account, f"/{body['id']}", json=body)

    events.on_trade_event(trade_event(order, "new", order=body))

    assert Order.objects.get(replaces=order).limit_price == 8


def test_event_about_a_stranger_asks_nobody_without_exits(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account)
    stranger = leg("limit", symbol="MSFT")

    assert events.on_trade_event(trade_event(order, "new", order=stranger)) == "not one of our orders"
    assert not broker.calls


def selling(account: BrokerageAccount) -> QuerySet[Order]:
    return Order.objects.reserving().filter(account=account, side="SELL")


def test_reserved_of_a_pair_counts_once(account: BrokerageAccount) -> None:
    bracket(account, [leg("limit", "new"), leg("stop", "new")], "filled")

    assert reserved_qty(selling(account), None) == 4


def test_reserved_of_exits_that_wait_is_nothing(account: BrokerageAccount) -> None:
    bracket(account, [leg("limit"), leg("stop")])

    assert reserved_qty(selling(account), None) == 0


def test_reserved_of_a_change_under_way_is_the_larger(account: BrokerageAccount) -> None:
    columns = {"side": "SELL", "type": "LIMIT", "limit_price": Decimal(300)}
    old = OrderFactory.create(account, status="new", qty=Decimal(3), **columns)
    OrderFactory.create(
        account, status="", qty=Decimal(5), replaces=old, original=old, times_changed=1, **columns
    )

    assert reserved_qty(selling(account), None) == 5


def test_reserved_in_dollars_is_at_the_last_price(account: BrokerageAccount) -> None:
    OrderFactory.create(account, status="new", side="SELL", notional=Decimal(100))
    OrderFactory.create(account, status="new", side="SELL", qty=Decimal(1))

    assert reserved_qty(selling(account), Decimal(200)) == Decimal("1.5")
