"""Changing an order: the form, its review, and once however often it is sent."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import OrderFactory
from tests.trading.test_replacing import LIMIT, answer
from tests.trading.views.conftest import MARGIN, shown
from trading.models import Order
from trading.statuses import OrderStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(account: BrokerageAccount) -> Order:
    return OrderFactory.create(account, status="new", **LIMIT)


def send(client: Client, order: Order, **values: str) -> Any:
    """The form, filled in as it stands but for `values`."""
    given = {"qty": "4", "limit_price": "100.00", "time_in_force": "DAY", **values}
    return client.post(f"/orders/{order.pk}/replace/", given)


def test_replace_order_is_filled_in_as_it_is(owner: Client, order: Order) -> None:
    page = shown(owner.get(f"/orders/{order.pk}/replace/"))

    assert 'name="qty" value="4"' in page
    assert 'name="limit_price" value="100.00"' in page
    assert "Buy 4 shares of AAPL, limit $100.00, good for one day" in page


def test_replace_order_then_review_then_changed_once(owner: Client, order: Order, broker: BrokerStub) -> None:
    answer(broker, order)

    review = send(owner, order, limit_price="105")
    page = shown(owner.get(review["Location"]))
    assert "$100.00" in page
    assert "$105.00" in page
    assert "about $20.00" in page
    first, again = owner.post(review["Location"]), owner.post(review["Location"])

    new = Order.objects.get(replaces=order)
    assert first["Location"] == again["Location"]
    assert str(new.pk) in first["Location"]
    assert broker.count("PATCH") == 1
    assert owner.get(review["Location"])["Location"] == first["Location"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"limit_price": "100.00"}, "Nothing of the order would change"),
        ({"limit_price": "100.005"}, "From one dollar on, prices have whole cents"),
        ({"limit_price": ""}, "Enter a price"),
        ({"qty": "1.5"}, "Whole shares only"),
        ({"qty": "4000"}, "Not enough buying power"),
        ({"time_in_force": "IOC"}, "Choose one of the answers offered"),
    ],
)
def test_replace_order_that_cannot_be_says_why(
    owner: Client, order: Order, values: dict[str, str], words: str
) -> None:
    assert words in shown(send(owner, order, **values))
    assert Order.objects.count() == 1


def test_replace_order_in_dollars_offers_cancel_and_new(owner: Client, account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="new", notional=Decimal(250))

    page = shown(owner.get(f"/orders/{order.pk}/replace/", follow=True))

    assert "An order in dollars cannot be changed. Cancel it and place a new one." in page
    assert "amount=250" in page
    assert "Change order" not in page


def test_replace_review_that_is_too_old(owner: Client, order: Order) -> None:
    page = shown(owner.get(f"/orders/{order.pk}/replace/nonsense/", follow=True))

    assert "too old to change an order with" in page


def test_replace_review_of_another_order(owner: Client, account: BrokerageAccount, order: Order) -> None:
    other = OrderFactory.create(account, status="new", **LIMIT)
    token = send(owner, order, limit_price="105")["Location"].rstrip("/").rpartition("/")[2]

    page = shown(owner.post(f"/orders/{other.pk}/replace/{token}/", follow=True))

    assert "too old to change an order with" in page
    assert not Order.objects.filter(replaces__isnull=False).exists()


def test_replace_review_refused_by_what_happened_meanwhile(owner: Client, order: Order) -> None:
    review = send(owner, order, limit_price="105")["Location"]
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.FILLED)

    assert "already filled" in shown(owner.post(review))


def test_replace_review_that_borrows_asks_first(
    owner: Client, on_margin: BrokerageAccount, order: Order, broker: BrokerStub
) -> None:
    answer(broker, order)
    assert MARGIN["cash"] == 5000
    review = send(owner, order, qty="90")["Location"]
    assert "This change borrows about" in shown(owner.get(review))

    assert "Tick that you want to borrow" in shown(owner.post(review))
    assert not Order.objects.filter(replaces=order).exists()


def test_order_page_of_a_changed_order_tells_one_story(
    owner: Client, order: Order, broker: BrokerStub
) -> None:
    answer(broker, order)
    owner.post(send(owner, order, limit_price="105")["Location"])
    new = Order.objects.get(replaces=order)

    old_page, new_page = (shown(owner.get(f"/orders/{each.pk}/")) for each in (order, new))

    for page in (old_page, new_page):
        assert "Limit $100.00 to $105.00" in page
        assert "Buy 4 shares of AAPL, limit $105.00" in page
    assert "This order was changed" in old_page
    assert "This order was changed" not in new_page
    assert "changed 1 time" in shown(owner.get("/orders/"))


def test_order_page_of_a_change_that_is_being_checked(
    owner: Client, order: Order, broker: BrokerStub
) -> None:
    broker.on_order("PATCH", order, status=503)

    page = shown(owner.post(send(owner, order, limit_price="105")["Location"], follow=True))

    assert "We are checking your change; do not send it again" in page
    assert "data-live-url" in page
