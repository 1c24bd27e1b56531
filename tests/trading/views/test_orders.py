"""The pages of orders: the list, one order, cancelling it."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.calls.models import ApiCall, label_of
from tests.broker_stub import BrokerStub
from tests.factories import (
    OrderFactory,
    order_body,
)
from tests.trading.conftest import LATER, record_fill
from tests.trading.views.conftest import assert_constant_queries
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
