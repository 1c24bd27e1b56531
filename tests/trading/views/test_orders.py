"""The pages of orders: the list, one order, cancelling it."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.calls.models import ApiCall, label_of
from brokerapp.ui.links import account_url
from tests.broker_stub import BrokerStub
from tests.factories import (
    OrderFactory,
    order_body,
)
from tests.trading.conftest import LATER, record_fill, refusal
from tests.trading.test_legs import bracket, leg
from tests.trading.views.conftest import assert_constant_queries, queries, shown
from trading.models import Order
from trading.statuses import OrderStatus

pytestmark = pytest.mark.django_db


def test_order_accepted_is_not_called_filled(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account)

    page = owner.get(f"/orders/{order.pk}/").content.decode()

    assert "Nothing yet" in page
    assert page.index("Accepted") < page.index("<strong>Filled</strong>")
    assert '<li class="upcoming"' in page


def test_order_filled_receipt(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="filled", filled_qty="0.42", filled_avg_price="200")
    record_fill(order, "0.42", "0.42", execution_id="e1")

    page = owner.get(f"/orders/{order.pk}/").content.decode()

    assert '<p class="receipt-total">$84.00</p>' in page
    assert "0.42 of 0.42 shares" in page
    assert "data-live-url" not in page
    assert 'data-live-announce="Order filled"' in page
    assert "Cancel order" not in page


def test_order_queries_do_not_grow(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(
        account, status="filled", qty=Decimal(9), filled_qty="9", filled_avg_price="200"
    )
    numbers = iter(range(1, 9))

    def more() -> None:
        number = str(next(numbers))
        record_fill(order, "1", number, execution_id=number)

    assert_constant_queries(owner, f"/orders/{order.pk}/", more)


def test_orders_open_and_closed(owner: Client, account: BrokerageAccount) -> None:
    working = OrderFactory.create(account, status="new")
    done = OrderFactory.create(account, status="canceled")

    open_page, closed_page = (owner.get(url).content.decode() for url in ("/orders/", "/orders/?tab=closed"))

    assert str(working.pk) in open_page
    assert str(done.pk) not in open_page
    assert str(done.pk) in closed_page
    assert str(working.pk) not in closed_page


@pytest.mark.parametrize("tab", ["open", "closed"])
def test_orders_queries_do_not_grow(owner: Client, account: BrokerageAccount, tab: str) -> None:
    status = "new" if tab == "open" else "canceled"

    assert_constant_queries(owner, f"/orders/?tab={tab}", lambda: OrderFactory.create(account, status=status))


@pytest.mark.parametrize("tab", ["open", "closed"])
def test_orders_are_on_one_page_each_newest_first(owner: Client, account: BrokerageAccount, tab: str) -> None:
    now, status = timezone.now(), "new" if tab == "open" else "canceled"
    placed = [
        OrderFactory.create(account, status=status, created_at=now - timedelta(minutes=age))
        for age in range(30)
    ]

    pages = [shown(owner.get(f"/orders/?tab={tab}&page={page}")) for page in (1, 2)]

    found = [re.findall(r"/orders/([0-9a-f-]{36})/\">Buy", page) for page in pages]
    wanted = [str(order.pk) for order in placed]
    assert found == [wanted[:25], wanted[25:]]
    assert all("30 orders" in page for page in pages)


def test_orders_list_exits_under_their_order_with_a_way_to_cancel_what_can_be(
    owner: Client, account: BrokerageAccount
) -> None:
    order = bracket(account, [leg("limit", "new"), leg("stop", "new")], "new")
    first, second = order.legs.order_by("type")
    OrderFactory.create(account, status="new", created_at=order.created_at - timedelta(minutes=1))

    page = shown(owner.get("/orders/"))

    places = [page.index(f"/orders/{each.pk}/") for each in (order, first, second)]
    assert places == sorted(places)
    assert page.count('class="exit"') == 2
    assert "Exit: sell AAPL" in page
    for each in (order, first, second):
        assert f'action="{account_url(account, "trading:cancel_order", each.pk)}"' in page
    assert 'name="list" value="tab=open&amp;page=1"' in page


def test_cancel_order(owner: Client, account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="new")
    broker.on_order("DELETE", order, status=204)
    broker.on_order("GET", order, json=order_body(order, "pending_cancel", updated_at=LATER))

    page = owner.post(f"/orders/{order.pk}/cancel/", follow=True).content.decode()

    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_CANCEL
    assert "The order may still fill" in page
    assert "Cancel order" not in page


def test_cancel_order_too_late_says_so(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="filled", filled_qty="0.42", filled_avg_price="1")

    assert "already filled" in owner.post(f"/orders/{order.pk}/cancel/", follow=True).content.decode()


def test_cancel_order_by_get_is_refused(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="new")

    assert owner.get(f"/orders/{order.pk}/cancel/").status_code == 405


def test_order_page_names_the_call_that_placed_it_although_an_event_was_faster(
    owner: Client, account: BrokerageAccount
) -> None:
    order = OrderFactory.create(account, status="filled")
    ApiCall.objects.create(
        call_id=uuid4(),
        method="POST",
        path="/orders",
        request_id="f" * 32,
        about_type=label_of(order),
        about_id=str(order.pk),
    )

    assert "f" * 32 in owner.get(f"/orders/{order.pk}/").content.decode()


def test_orders_keep_the_filter_in_the_address(owner: Client, account: BrokerageAccount) -> None:
    for _ in range(30):
        OrderFactory.create(account, status="new", side="SELL")
    OrderFactory.create(account, status="new")

    page = shown(owner.get("/orders/?tab=open&side=SELL&symbol=aapl"))

    assert "30 orders" in page
    assert "side=SELL&amp;symbol=aapl&amp;page=2" in page
    assert "orders/file/?tab=open&amp;side=SELL&amp;symbol=aapl" in page
    assert '<option value="SELL" selected>' in page


def test_orders_with_a_filter_that_cannot_be_read_says_so(owner: Client, account: BrokerageAccount) -> None:
    OrderFactory.create(account, status="new")

    page = shown(owner.get("/orders/?since=yesterday&side=SHORT"))

    assert "Enter a real date" in page
    assert "1 order" in page


@pytest.mark.parametrize("tab", ["open", "closed"])
def test_orders_queries_are_the_same_for_one_and_for_500(
    owner: Client, account: BrokerageAccount, tab: str
) -> None:
    status = "new" if tab == "open" else "canceled"
    first = OrderFactory.create(account, status=status)
    before = queries(owner, f"/orders/?tab={tab}")
    copies = [
        Order(
            client_order_id=str(number),
            user=account.user,
            account=account,
            asset=first.asset,
            symbol="AAPL",
            side="BUY",
            qty=1,
            status=first.status,
            broker_order_id=uuid4(),
        )
        for number in range(500)
    ]
    Order.objects.bulk_create(copies)

    assert queries(owner, f"/orders/?tab={tab}") == before


def test_orders_file_has_every_order(owner: Client, account: BrokerageAccount) -> None:
    for _ in range(30):
        OrderFactory.create(account, status="new")

    response = owner.get("/orders/file/?tab=open&side=BUY")

    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert response["Content-Type"].startswith("text/csv")
    assert len(lines) == 31
    assert lines[0].startswith("Placed (UTC),Order,")


def test_cancel_order_from_the_list_goes_back_to_it(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="new")
    broker.on_order("DELETE", order, status=204)
    broker.on_order("GET", order, json=order_body(order, "canceled", updated_at=LATER))

    response = owner.post(f"/orders/{order.pk}/cancel/", {"list": "tab=open&side=BUY&page=2"})

    assert response["Location"].endswith("/orders/?tab=open&side=BUY&page=2")
    assert "Buy AAPL: canceled." in owner.get(response["Location"]).content.decode()


def test_cancel_order_that_filled_first_is_told_as_it_happened(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="new")
    broker.on_order("DELETE", order, status=422, json=refusal("order is already in filled state", 42210000))
    filled = order_body(order, "filled", filled_qty="0.42", filled_avg_price="200", updated_at=LATER)
    broker.on_order("GET", order, json=filled)

    page = shown(owner.post(f"/orders/{order.pk}/cancel/", follow=True))

    assert "cancel requested, but it filled before that arrived" in page
    assert "Filled before the cancel arrived" in page
    assert "0.42 of 0.42 shares: it filled before the cancel arrived" in page


def test_cancel_all_asks_first_and_then_cancels_each(
    owner: Client, account: BrokerageAccount, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    mine = [OrderFactory.create(account, status="new") for _ in range(3)]
    done = OrderFactory.create(account, status="filled")

    page = shown(owner.get("/orders/cancel-all/"))
    assert "Cancel 3 orders?" in page
    until = page.partition('name="until" value="')[2].partition('"')[0]
    later = OrderFactory.create(account, status="new")
    with django_capture_on_commit_callbacks(execute=True):
        response = owner.post("/orders/cancel-all/", {"until": until})

    assert sent.count("trading.tasks.send_cancel") == 3
    for order in (*mine, done, later):
        order.refresh_from_db()
    assert all(order.cancel_requested_by == account.user for order in mine)
    assert later.cancel_requested_at is None, "it was not on the page that was confirmed"
    outcome = shown(owner.get(response["Location"]))
    assert outcome.count("Requested, it may still fill") == 3
    assert str(done.pk) not in outcome


def test_cancel_all_outcome_tells_of_each(owner: Client, account: BrokerageAccount) -> None:
    now = timezone.now()
    ways: dict[str, dict[str, Any]] = {
        "canceled": {"status": "CANCELED"},
        "part": {"status": "CANCELED", "filled_qty": 1, "filled_avg_price": 9},
        "filled": {"status": "FILLED", "filled_qty": 1, "filled_avg_price": 9},
        "refused": {"cancel_refusal": "Not now."},
    }
    for columns in ways.values():
        order = OrderFactory.create(account, status="new")
        Order.objects.filter(pk=order.pk).update(cancel_asked_at=now, **columns)

    page = shown(owner.get("/orders/cancel-all/outcome/", {"at": now.isoformat()}))

    for words in (
        ">Done<",
        "The rest is canceled",
        "It filled before the cancel arrived",
        "Refused: Not now.",
    ):
        assert words in page


@pytest.mark.parametrize("at", ["", "nonsense", "2026-13-45T00:00:00Z"])
def test_cancel_all_outcome_of_no_instant_is_the_list(owner: Client, at: str) -> None:
    assert owner.get("/orders/cancel-all/outcome/", {"at": at})["Location"].endswith("/orders/")


def test_cancel_all_without_open_orders(owner: Client) -> None:
    assert "Nothing to cancel" in shown(owner.get("/orders/cancel-all/"))


def test_order_page_shows_exits_and_their_pair(owner: Client, account: BrokerageAccount) -> None:
    order = bracket(account, [leg("limit", "new"), leg("stop", "new")], "filled")
    one, other = order.legs.order_by("type")

    parent_page = shown(owner.get(f"/orders/{order.pk}/"))
    leg_page = shown(owner.get(f"/orders/{one.pk}/"))

    assert "Its exits" in parent_page
    assert str(one.pk) in parent_page
    assert "When one of them fills, the other is canceled" in parent_page
    assert "Exit of" in leg_page
    assert str(other.pk) in leg_page
    assert str(order.pk) in leg_page


def test_order_page_queries_do_not_grow_with_changes(owner: Client, account: BrokerageAccount) -> None:
    versions = [OrderFactory.create(account, status="new")]

    def change() -> None:
        last = versions[-1]
        Order.objects.filter(pk=last.pk).update(status="REPLACED")
        changed = {"replaces": last, "original": versions[0], "times_changed": len(versions)}
        versions.append(OrderFactory.create(account, status="new", **changed))

    assert_constant_queries(owner, f"/orders/{versions[0].pk}/", change)


@pytest.mark.parametrize(
    "address",
    [
        "/orders/?until=9999-12-31",
        "/orders/?since=0001-01-01",
        "/orders/file/?until=9999-12-31",
        "/orders/cancel-all/outcome/?at=9999-12-31T23:59:59-12:00",
        "/orders/cancel-all/outcome/?at=0001-01-01T00:00:00%2B00:00",
        "/portfolio/all/gains/99999/csv/",
        "/portfolio/all/gains/0/csv/",
        f"/portfolio/all/gains/{'9' * 23}/csv/",
    ],
)
def test_days_beyond_all_days_are_answered(owner: Client, address: str) -> None:
    assert owner.get(address).status_code in (200, 302, 404)


@pytest.mark.parametrize("name", ["watch", "unwatch"])
def test_symbol_that_no_column_takes_is_not_found(owner: Client, name: str) -> None:
    assert owner.post("/watchlists/watch/", {name: "A\0"}).status_code == 404
