import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from django.db import IntegrityError, transaction
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow import state
from brokerapp.workflow.models import StatusChange
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import (
    AssetFactory,
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    QuoteFactory,
    order_body,
    order_reply,
)
from tests.trading.conftest import CASH, refusal
from trading import rules
from trading.models import Order, Portfolio
from trading.rules import Ticket
from trading.services import orders
from trading.statuses import OrderStatus

pytestmark = pytest.mark.django_db

LATER = "2026-03-02T15:00:01Z"


@pytest.fixture(autouse=True)
def _tasks(sent: list[str]) -> None:
    """No task runs by itself."""


@pytest.fixture
def account() -> BrokerageAccount:
    QuoteFactory.create()
    return BrokerageAccountFactory.create(**CASH)


def place(account: BrokerageAccount, order_id: UUID | None = None, **values: Any) -> Order:
    seen_price = values.pop("seen_price", None)
    size = {} if "notional" in values else {"qty": Decimal("0.42")}
    ticket = Ticket(**{"asset": AssetFactory.create(), "side": Order.Side.BUY, **size, **values})
    return orders.place_order(
        account=account,
        ticket=ticket,
        order_id=order_id or uuid4(),
        seen_price=seen_price,
        by=account.user,
        now=timezone.now(),
    )


def taken(
    request: requests.PreparedRequest, status: str = "accepted", **fields: Any
) -> tuple[int, dict[str, str], str]:
    """The broker's answer to a POST that it took."""
    body = json.loads(request.body or b"{}")
    order = Order.objects.get(client_order_id=body["client_order_id"])
    return 200, {"X-Request-ID": REQUEST_ID}, json.dumps(order_body(order, status, **fields))


def answer_orders(broker: BrokerStub, account: BrokerageAccount, callback: Any = taken) -> None:
    broker.call_back("POST", f"/v1/trading/accounts/{account.broker_account_id}/orders", callback)


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
    assert Portfolio.objects.filter(account=account).exists()


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


@pytest.mark.parametrize("status", [OrderStatus.SUBMITTING, OrderStatus.UNKNOWN])
def test_settle_order_adopts_the_brokers(account: BrokerageAccount, broker: BrokerStub, status: str) -> None:
    order = OrderFactory.create(account, status="")
    if status == OrderStatus.UNKNOWN:
        order = state.move(order, status, by=state.Process.REPLY)
    body = order_body(order, "filled", filled_qty="0.42", filled_avg_price="200.1")
    broker.on_orders("GET", account, ":by_client_order_id", json=body)

    settled = orders.settle_order(order=order)

    assert settled.status == OrderStatus.FILLED
    assert settled.filled_value == Decimal("84.042")
    assert broker.count("POST") == 0


def test_settle_order_the_broker_has_none(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = OrderFactory.create(account, status="")
    broker.on_orders(
        "GET", account, ":by_client_order_id", status=404, json=refusal("order not found", 40410000)
    )

    settled = orders.settle_order(order=order)

    assert settled.status == OrderStatus.NOT_PLACED
    assert "Nothing was bought or sold" in settled.status_reason
    assert broker.count("POST") == 0


def test_apply_order_partial_fill_then_filled(account: BrokerageAccount, sent: list[str]) -> None:
    order = OrderFactory.create(account, qty=Decimal(2))
    sent.clear()

    order = orders.apply_order(
        order=order,
        reply=order_reply(
            order, "partially_filled", filled_qty="0.5", filled_avg_price="200", updated_at=LATER
        ),
    )
    assert (order.status, order.filled_qty) == (OrderStatus.PARTIALLY_FILLED, Decimal("0.5"))
    order = orders.apply_order(
        order=order,
        reply=order_reply(
            order,
            "partially_filled",
            filled_qty="1.5",
            filled_avg_price="201",
            updated_at="2026-03-02T15:00:02Z",
        ),
    )
    assert (order.status, order.filled_qty) == (OrderStatus.PARTIALLY_FILLED, Decimal("1.5"))
    order = orders.apply_order(
        order=order,
        reply=order_reply(
            order, "filled", filled_qty="2", filled_avg_price="202", updated_at="2026-03-02T15:00:03Z"
        ),
    )
    assert (order.status, order.filled_avg_price) == (OrderStatus.FILLED, Decimal(202))
    assert [change.to_status for change in StatusChange.objects.about(order)] == [
        "ACCEPTED",
        "PARTIALLY_FILLED",
        "FILLED",
    ]
    assert Portfolio.objects.get(account=account).due_at <= timezone.now()


def test_apply_order_filled_enqueues_fills_and_portfolio(
    account: BrokerageAccount, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    order = OrderFactory.create(account)
    reply = order_reply(order, "filled", filled_qty="0.42", filled_avg_price="200", updated_at=LATER)

    with django_capture_on_commit_callbacks(execute=True):
        orders.apply_order(order=order, reply=reply)

    assert sent == ["trading.tasks.sync_portfolio", "trading.tasks.sync_fills"]


def test_apply_order_stale_snapshot_loses(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account)
    stale = order_reply(order, "new", updated_at=LATER)
    order = orders.apply_order(
        order=order,
        reply=order_reply(
            order, "filled", filled_qty="0.42", filled_avg_price="200", updated_at="2026-03-02T15:00:02Z"
        ),
    )

    order = orders.apply_order(order=order, reply=stale)

    assert (order.status, order.filled_qty, order.broker_status) == (
        OrderStatus.FILLED,
        Decimal("0.42"),
        "filled",
    )


def test_apply_order_same_instant_lower_fill_loses(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account)
    more = order_reply(order, "partially_filled", filled_qty="0.2", filled_avg_price="200", updated_at=LATER)
    less = order_reply(order, "partially_filled", filled_qty="0.1", filled_avg_price="200", updated_at=LATER)

    orders.apply_order(order=order, reply=more)

    assert orders.apply_order(order=order, reply=less).filled_qty == Decimal("0.2")


def test_apply_order_unknown_word_is_stored(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="new")

    order = orders.apply_order(order=order, reply=order_reply(order, "pondering", updated_at=LATER))

    assert (order.status, order.broker_status) == (OrderStatus.NEW, "pondering")


def test_apply_order_unknown_word_for_a_new_order_is_at_the_broker(account: BrokerageAccount) -> None:
    assert OrderFactory.create(account, status="pondering").status == OrderStatus.ACCEPTED


def test_apply_order_final_status_stays(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account, status="canceled")

    order = orders.apply_order(order=order, reply=order_reply(order, "new", updated_at=LATER))

    assert (order.status, order.broker_status) == (OrderStatus.CANCELED, "new")


def test_apply_order_after_not_placed_the_broker_is_right(account: BrokerageAccount) -> None:
    order = state.move(
        OrderFactory.create(account, status=""), OrderStatus.NOT_PLACED, by=state.Process.SWEEP
    )

    order = orders.apply_order(order=order, reply=order_reply(order, "new"))

    assert order.status == OrderStatus.NEW


def test_apply_order_of_another_order(account: BrokerageAccount) -> None:
    one, other = OrderFactory.create(account), OrderFactory.create(account)

    with pytest.raises(ValueError, match="another order"):
        orders.apply_order(order=one, reply=order_reply(other, "filled"))


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


@pytest.mark.parametrize(
    "columns",
    [
        {"qty": Decimal(1), "notional": Decimal(1)},
        {"qty": None, "notional": None},
        {"qty": Decimal(-1)},
        {"type": "LIMIT"},
        {"status": OrderStatus.NEW},
    ],
)
def test_order_constraints(account: BrokerageAccount, columns: dict[str, Any]) -> None:
    order = OrderFactory.create(account, status="")

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**columns)


def test_orders_of_one_account_are_listed_newest_first(account: BrokerageAccount) -> None:
    old = OrderFactory.create(account, created_at=timezone.now() - timedelta(days=1))
    new = OrderFactory.create(account)

    assert list(Order.objects.newest_first()) == [new, old]
