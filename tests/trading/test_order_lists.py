from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.market_time import NEW_YORK
from tests.factories import AssetFactory, OrderFactory, order_reply
from tests.trading.test_legs import bracket, leg
from trading.models import Order
from trading.services import order_lists, orders
from trading.services.order_lists import Wanted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quote")]


def found(account: BrokerageAccount, **wanted: Any) -> list[Order]:
    return list(order_lists.find_orders(account, Wanted(**wanted)))


@pytest.fixture
def many(account: BrokerageAccount) -> dict[str, Order]:
    msft = AssetFactory.create(symbol="MSFT")
    limit = {"type": "LIMIT", "limit_price": Decimal(9), "qty": Decimal(1)}
    return {
        "buy": OrderFactory.create(account, status="new"),
        "sell": OrderFactory.create(account, status="new", side="SELL"),
        "limit": OrderFactory.create(account, status="partially_filled", **limit),
        "msft": OrderFactory.create(account, status="pending_new", asset=msft),
        "accepted": OrderFactory.create(account, status="accepted"),
    }


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, {"buy", "sell", "limit", "msft", "accepted"}),
        ({"side": "SELL"}, {"sell"}),
        ({"type": "LIMIT"}, {"limit"}),
        ({"symbol": "MSFT"}, {"msft"}),
        ({"status": "PARTIALLY_FILLED"}, {"limit"}),
        ({"status": "ACCEPTED"}, {"accepted", "msft"}),  # people read one word for both
        ({"side": "SELL", "type": "LIMIT"}, set()),
        ({"tab": "closed"}, set()),
    ],
)
def test_find_orders_by(
    account: BrokerageAccount, many: dict[str, Order], wanted: dict[str, Any], names: set[str]
) -> None:
    assert set(found(account, **wanted)) == {many[name] for name in names}


def test_find_orders_between_days_of_new_york(account: BrokerageAccount) -> None:
    def at(day: int, hour: int, minute: int) -> Order:
        placed_at = datetime(2026, 3, day, hour, minute, tzinfo=NEW_YORK)
        return OrderFactory.create(account, status="new", created_at=placed_at)

    _, first, last, _ = at(1, 23, 59), at(2, 0, 0), at(3, 23, 59), at(4, 0, 0)

    assert found(account, since=date(2026, 3, 2), until=date(2026, 3, 3)) == [last, first]


def test_find_orders_of_a_changed_one_lists_the_last(account: BrokerageAccount) -> None:
    first = OrderFactory.create(account, status="new")
    OrderFactory.create(account, status="", replaces=first, original=first, times_changed=1)
    second = OrderFactory.create(account, status="new", replaces=first, original=first, times_changed=1)
    first = orders.apply_order(
        order=first, reply=order_reply(first, "replaced", updated_at="2026-03-02T15:01Z")
    )

    assert found(account) == [second]
    assert found(account, tab="closed") == []


def test_find_orders_lists_exits_under_their_order(account: BrokerageAccount) -> None:
    order = bracket(account, [leg("limit"), leg("stop")])

    assert found(account) == [order]
    assert len(found(account)[0].legs.all()) == 2
    assert len(found(account, type="STOP")) == 1, (
        "where the order is not in the list, they stand by themselves"
    )


def test_find_orders_lists_the_open_exits_of_a_filled_order(account: BrokerageAccount) -> None:
    order = bracket(account, [leg("limit", "new"), leg("stop", "new")], "filled")

    assert Counter(each.parent for each in found(account)) == {order: 2}
    assert found(account, tab="closed") == [order]


def test_find_orders_of_another_account(account: BrokerageAccount, many: dict[str, Order]) -> None:
    assert not order_lists.find_orders(account, Wanted()).exclude(account=account).exists()


def test_cancelable_leaves_out_what_cannot_be(account: BrokerageAccount) -> None:
    working = OrderFactory.create(account, status="new")
    order = bracket(account, [leg("limit"), leg("stop")])
    OrderFactory.create(account, status="pending_cancel")
    OrderFactory.create(account, status="filled")
    OrderFactory.create(account, status="")

    assert set(order_lists.cancelable(account)) == {working, order}
    assert not order_lists.cancelable(account, until=working.created_at - timedelta(seconds=1)).exists()


def test_file_rows_are_all_of_the_filter(account: BrokerageAccount) -> None:
    order = bracket(account, [leg("limit"), leg("stop")])
    for _ in range(30):
        OrderFactory.create(account, status="new", side="SELL")

    rows = list(order_lists.file_rows(account, Wanted()))
    assert len(rows) == 33
    at = {name: number for number, name in enumerate(order_lists.HEADER)}
    assert {len(row) for row in rows} == {len(order_lists.HEADER)}
    mine = [row for row in rows if str(order.pk) in (row[at["Order"]], row[at["Exit of"]])]
    assert [row[at["Type"]] for row in mine] == ["Market", "Limit", "Stop"]


@pytest.mark.parametrize(
    "wanted", [{}, {"tab": "closed"}, {"symbol": "AAPL"}, {"tab": "closed", "status": "CANCELED"}]
)
def test_find_orders_uses_an_index(account: BrokerageAccount, wanted: dict[str, Any]) -> None:
    """Of many orders, of which few are open, a page reads no more than it shows, or only the open ones."""
    order = OrderFactory.create(account, status="canceled")
    day = timedelta(days=1)
    copies = [
        Order(
            client_order_id=f"c{number}",
            user=account.user,
            account=account,
            asset=order.asset,
            symbol=f"S{number % 50}",
            side="BUY",
            qty=1,
            status="CANCELED" if number % 3 else "FILLED",
            broker_order_id=f"00000000-0000-4000-8000-{number:012}",
            created_at=order.created_at - number * day / 100,
        )
        for number in range(3000)
    ]
    Order.objects.bulk_create(copies)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE trading_order")

    plan = order_lists.find_orders(account, Wanted(**wanted))[:25].explain(analyze=True)

    assert "Seq Scan on trading_order" not in plan, plan


def test_find_orders_queries_do_not_grow(account: BrokerageAccount) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            for each in found(account):
                list(each.legs.all())
        return len(captured)

    bracket(account, [leg("limit"), leg("stop")])
    before = queries()
    for _ in range(3):
        bracket(account, [leg("limit"), leg("stop")])

    assert queries() == before
