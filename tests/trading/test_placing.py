import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerError, BrokerMisconfigured, CallNotRecorded
from brokerapp.broker.alpaca.models import CreateOrderRequest
from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow import state
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import OrderFactory, PositionFactory, order_reply
from tests.trading.conftest import answer_orders, place, refusal, taken
from trading import rules
from trading.models import Order, PositionsSync
from trading.services import orders, sweeps
from trading.statuses import OrderStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quote")]


def test_place_order_taken(account: BrokerageAccount, broker: BrokerStub) -> None:
    answer_orders(broker, account)

    order = place(account)

    assert order.status == OrderStatus.ACCEPTED
    assert order.broker_status == "accepted"
    assert order.broker_order_id is not None
    assert order.last_request_id == REQUEST_ID
    assert order.filled_qty == 0
    assert json.loads(broker.calls[0].request.body or "") == {
        "symbol": "AAPL",
        "qty": "0.42",
        "side": "buy",
        "type": "market",
        "time_in_force": "day",
        "client_order_id": str(order.pk),
    }
    assert PositionsSync.objects.filter(account=account).exists()


MOST_STATEMENTS = 18 + 2
"""From the click to the outcome, however many orders are open; and two of the test's own: the asset of the
ticket, and the order that the stub of the broker answers with. Session, person and account come before.
"""


def test_place_order_asks_the_database_as_often_with_fifty_open_orders(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    answer_orders(broker, account)
    asset = place(account).asset  # makes what is made once for a process and an account

    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            place(account)
        # Transactions within the test's own are savepoints, and in life none.
        told = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
        counts.append(len(told))
        for _ in range(50):
            OrderFactory.create(account, status="new", asset=asset)

    assert counts[0] == counts[1]
    assert counts[1] <= MOST_STATEMENTS, "\n".join(told)


def test_place_order_in_dollars_sends_notional(account: BrokerageAccount, broker: BrokerStub) -> None:
    answer_orders(broker, account)

    place(account, notional=Decimal("250.00"))

    sent = json.loads(broker.calls[0].request.body or "")
    assert sent["notional"] == "250"
    assert "qty" not in sent


def test_place_order_intent_is_on_disk_before_the_call(account: BrokerageAccount, broker: BrokerStub) -> None:
    seen = []

    def look(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        seen.append(Order.objects.get().status)
        return taken(request)

    answer_orders(broker, account, look)
    place(account)

    assert seen == [OrderStatus.SUBMITTING]


def test_place_order_twice_is_one_order(account: BrokerageAccount, broker: BrokerStub) -> None:
    answer_orders(broker, account)
    order_id = uuid4()

    first, second = place(account, order_id), place(account, order_id)

    assert first.pk == second.pk == order_id
    assert broker.count("POST") == 1


def test_place_order_refused_here_calls_nobody(account: BrokerageAccount, broker: BrokerStub) -> None:
    with pytest.raises(rules.TradeRefused, match="Not enough buying power"):
        place(account, qty=Decimal(100))

    assert not Order.objects.exists()
    assert not broker.calls


def test_place_order_that_borrows_needs_agreement(account: BrokerageAccount, broker: BrokerStub) -> None:
    BrokerageAccount.objects.update(buying_power=Decimal(2000), multiplier=2)
    account.refresh_from_db()
    answer_orders(broker, account)

    with pytest.raises(rules.BorrowingNotAgreed):
        place(account, notional=Decimal(1500))
    assert not Order.objects.exists()
    assert place(account, notional=Decimal(1500), agreed_borrowing=Decimal(500)).broker_order_id


def test_place_order_price_moved(account: BrokerageAccount, broker: BrokerStub) -> None:
    with pytest.raises(rules.PriceMoved):
        place(account, seen_price=Decimal(190))

    assert not Order.objects.exists()


def test_place_order_counts_shares_of_open_sell_orders(account: BrokerageAccount, broker: BrokerStub) -> None:
    answer_orders(broker, account)
    PositionFactory.create(account=account, qty=Decimal(2))
    OrderFactory.create(account, side=Order.Side.SELL, qty=Decimal("1.5"))

    with pytest.raises(rules.TradeRefused, match=r"so 0\.5 can be sold"):
        place(account, side=Order.Side.SELL, qty=Decimal("0.6"))
    assert place(account, side=Order.Side.SELL, qty=Decimal("0.5")).status == OrderStatus.ACCEPTED


def test_place_order_refused_by_the_broker_in_plain_words(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_orders("POST", account, status=403, json=refusal("insufficient buying power", buying_power="1"))

    order = place(account)

    assert order.status == OrderStatus.REJECTED
    assert order.status_reason == "There is not enough buying power for this order."
    assert order.last_request_id == REQUEST_ID


def test_place_order_never_reached_the_broker(account: BrokerageAccount, broker: BrokerStub) -> None:
    broker.on_orders("POST", account, body=requests.exceptions.ConnectTimeout())

    order = place(account)

    assert order.status == OrderStatus.NOT_PLACED
    assert "cannot be reached" in order.status_reason


@pytest.mark.parametrize(
    "reply",
    [
        {"body": requests.exceptions.ReadTimeout()},
        {"status": 500, "json": {}},
        {"status": 200, "body": "not JSON"},
    ],
)
def test_place_order_outcome_unknown(
    account: BrokerageAccount, broker: BrokerStub, reply: dict[str, Any]
) -> None:
    broker.on_orders("POST", account, **reply)

    order = place(account)

    assert order.status == OrderStatus.UNKNOWN
    assert broker.count("POST") == 1


def test_place_order_already_sent_is_not_rejected(account: BrokerageAccount, broker: BrokerStub) -> None:
    broker.on_orders("POST", account, status=422, json=refusal("client_order_id must be unique", 42210000))

    assert place(account).status == OrderStatus.UNKNOWN


def test_place_order_event_beats_a_lost_reply(account: BrokerageAccount, broker: BrokerStub) -> None:
    def event_first(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        order = Order.objects.get()
        orders.apply_order(order=order, reply=order_reply(order, "new"))
        return 504, {}, ""

    answer_orders(broker, account, event_first)

    assert place(account).status == OrderStatus.NEW


def test_place_order_call_is_found_by_order_and_person(account: BrokerageAccount, broker: BrokerStub) -> None:
    answer_orders(broker, account)

    order = place(account)

    call = ApiCall.objects.about(order).get()
    assert (call.request_id, call.person_id) == (REQUEST_ID, account.user_id)


def our_fault(monkeypatch: pytest.MonkeyPatch, *outcomes: BaseException) -> list[str]:
    """Have the calls that place an order end so; the ids of the orders they were made for."""
    asked: list[str] = []
    left = list(outcomes)

    def create(self: object, account_id: object, request: CreateOrderRequest) -> None:
        asked.append(request.client_order_id)
        raise left.pop(0)

    monkeypatch.setattr("brokerapp.broker.alpaca.client.orders.Orders.create", create)
    return asked


@pytest.mark.parametrize("fault", [BrokerMisconfigured("unauthorized."), CallNotRecorded("no log")])
def test_place_order_our_own_fault_is_not_the_persons_refusal(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch, fault: BrokerError
) -> None:
    our_fault(monkeypatch, fault)

    order = place(account)

    assert order.status == OrderStatus.SUBMITTING
    assert "our side" in order.status_reason
    assert (order.claimed_at, order.failed_sends) == (None, 1)
    assert rules.can_cancel(order)


def test_resend_order_our_fault_was_mended_within_the_minute(
    account: BrokerageAccount, broker: BrokerStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        our_fault(patched, BrokerMisconfigured("unauthorized."))
        order = place(account)
    answer_orders(broker, account)

    sweeps.settle_orders(now=timezone.now() + timedelta(seconds=10))

    order.refresh_from_db()
    assert order.status == OrderStatus.ACCEPTED
    assert broker.count("POST") == 1


def test_resend_order_is_never_sent_late(
    account: BrokerageAccount, broker: BrokerStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    our_fault(monkeypatch, BrokerMisconfigured("unauthorized."))
    order = place(account)

    sweeps.settle_orders(now=timezone.now() + timedelta(seconds=settings.ORDER_SEND_WITHIN_SECONDS + 1))

    order.refresh_from_db()
    assert order.status == OrderStatus.NOT_PLACED
    assert "fault on our side" in order.status_reason
    assert not broker.calls


def test_resend_order_of_an_account_that_may_no_longer_trade(
    account: BrokerageAccount, broker: BrokerStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    our_fault(monkeypatch, BrokerMisconfigured("unauthorized."))
    order = place(account)
    state.move(account, "DISABLED", by=Process.POLL)

    sweeps.settle_orders(now=timezone.now() + timedelta(seconds=10))

    order.refresh_from_db()
    assert order.status == OrderStatus.NOT_PLACED
    assert "disabled" in order.status_reason


def test_place_order_a_claimed_order_is_sent_by_nobody_else(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = OrderFactory.create(account, status="")
    Order.objects.filter(pk=order.pk).update(claimed_at=timezone.now())

    found = orders.send_order(order=order, now=timezone.now())

    assert found.status == OrderStatus.SUBMITTING
    assert not broker.calls


def test_cancel_order_that_waits_withdraws_it(
    account: BrokerageAccount, broker: BrokerStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    our_fault(monkeypatch, BrokerMisconfigured("unauthorized."))
    order = place(account)

    order = orders.cancel_order(order=order, by=account.user, now=timezone.now())

    assert order.status == OrderStatus.NOT_PLACED
    asked, withdrawn = StatusChange.objects.about(order)
    for change in (asked, withdrawn):
        assert (change.actor, change.actor_id) == (ActorKind.PERSON, account.user_id)
    assert (asked.from_status, asked.to_status) == ("", OrderStatus.SUBMITTING)
    assert not broker.calls
