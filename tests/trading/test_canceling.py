import pytest
import requests
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from tests.broker_stub import BrokerStub
from tests.factories import OrderFactory, StaffFactory, order_body
from tests.trading.conftest import LATER, refusal
from trading import rules
from trading.services import orders
from trading.statuses import OrderStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quote")]


def test_cancel_order_done(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="new")
    broker.on_order("DELETE", order, status=204)
    broker.on_order("GET", order, json=order_body(order, "canceled", updated_at=LATER, canceled_at=LATER))

    order = orders.cancel_order(order=order, by=account.user, now=timezone.now())

    assert order.status == OrderStatus.CANCELED
    assert order.cancel_requested_by == account.user


def test_cancel_order_lost_the_race_to_a_fill(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="new")
    broker.on_order("DELETE", order, status=422, json=refusal('order is already in "filled" state', 42210000))
    filled = order_body(order, "filled", filled_qty="0.42", filled_avg_price="200", updated_at=LATER)
    broker.on_order("GET", order, json=filled)

    assert orders.cancel_order(order=order, by=account.user, now=timezone.now()).status == OrderStatus.FILLED


def test_cancel_order_refused_while_working_can_be_asked_again(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="new")
    broker.on_order("DELETE", order, status=422, json=refusal("order cannot be canceled", 42210000))
    broker.on_order("GET", order, json=order_body(order, "new", updated_at=LATER))

    with pytest.raises(rules.CancelRefused):
        orders.cancel_order(order=order, by=account.user, now=timezone.now())

    order.refresh_from_db()
    assert order.cancel_requested_at is None
    assert rules.can_cancel(order)


def test_cancel_order_reply_lost_stays_requested(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="new")
    broker.on_order("DELETE", order, body=requests.exceptions.ReadTimeout())

    order = orders.cancel_order(order=order, by=account.user, now=timezone.now())

    assert order.status == OrderStatus.NEW
    assert order.cancel_requested_at is not None


def test_cancel_order_finished(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="filled", filled_qty="0.42")

    with pytest.raises(rules.CancelRefused, match="already filled"):
        orders.cancel_order(order=order, by=account.user, now=timezone.now())
    assert not broker.calls


def test_cancel_order_by_staff_is_logged_as_theirs(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="new")
    staff = StaffFactory.create()
    broker.on_order("DELETE", order, status=204)
    broker.on_order("GET", order, json=order_body(order, "canceled", updated_at=LATER))

    orders.cancel_order(order=order, by=staff, now=timezone.now())

    asked = StatusChange.objects.about(order).get(reason="Cancel requested")
    assert (asked.actor, asked.actor_id) == (ActorKind.STAFF, staff.pk)
    assert asked.from_status == asked.to_status == "NEW"
    sent = ApiCall.objects.get(method="DELETE")
    assert (sent.person_id, sent.asked_by_id) == (account.user_id, staff.pk)


def test_request_cancels_says_which_may_not_be(account: BrokerageAccount, sent: list[str]) -> None:
    working, done = (
        OrderFactory.create(account, status="new"),
        OrderFactory.create(account, status="canceled"),
    )

    refused = orders.request_cancels(orders=[done, working], by=account.user, now=timezone.now())

    assert [order for order, _ in refused] == [done]
    working.refresh_from_db()
    assert working.cancel_requested_at is not None


def test_try_cancel_of_one_that_is_finished_meanwhile(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="canceled")
    order.cancel_requested_at = timezone.now()

    orders.try_cancel(order=order)

    assert not broker.calls
