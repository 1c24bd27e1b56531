"""Changing orders: the call that puts one in another's place, and every way it can end."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.workflow.models import StatusChange
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import OrderFactory, PositionFactory, order_body
from tests.trading.conftest import LATER, left_in_call, refusal
from trading import changes, rules
from trading.models import Asset, Order, Quote
from trading.services import orders
from trading.services.facts import get_facts
from trading.statuses import OrderStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quote")]

LIMIT: dict[str, Any] = {"type": "LIMIT", "limit_price": Decimal(100), "qty": Decimal(4)}


@pytest.fixture
def order(account: BrokerageAccount) -> Order:
    """A buy of 4 at $100, at the market."""
    return OrderFactory.create(account, status="new", **LIMIT)


def change(order: Order, order_id: UUID | None = None, **values: Any) -> Order:
    """Change an order as its review page does."""
    values = values or {"limit_price": Decimal(105)}
    return orders.replace_order(
        order=order,
        ticket=changes.changed(order, **values),
        order_id=order_id or uuid4(),
        agreed_borrowing=None,
        by=order.user,
        now=timezone.now(),
    )


def answer(broker: BrokerStub, order: Order, **fields: Any) -> list[dict[str, Any]]:
    """Take a change of the order, and give it as replaced from then on; the bodies that were sent."""
    bodies: list[dict[str, Any]] = []
    new_id = str(uuid4())

    def patch(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        bodies.append(json.loads(request.body or b"{}"))
        new = Order.objects.get(client_order_id=bodies[-1]["client_order_id"])
        told = {"id": new_id, "type": "limit", "limit_price": "105", "replaces": str(order.broker_order_id)}
        body = order_body(new, "new") | told | fields
        old = order_body(order, "replaced", replaced_by=new_id, updated_at=LATER, type="limit")
        broker.on_order("GET", order, json=old)
        return 200, {"X-Request-ID": REQUEST_ID}, json.dumps(body)

    path = f"/v1/trading/accounts/{order.account.broker_account_id}/orders/{order.broker_order_id}"
    broker.call_back("PATCH", path, patch)
    return bodies


def test_replace_order_takes_the_old_ones_place(order: Order, broker: BrokerStub) -> None:
    bodies = answer(broker, order)

    new = change(order)

    order.refresh_from_db()
    assert bodies == [{"limit_price": "105", "client_order_id": str(new.pk)}]
    assert (order.status, new.status) == (OrderStatus.REPLACED, OrderStatus.NEW)
    assert (new.replaces, new.original, new.times_changed) == (order, order, 1)
    assert new.last_request_id == REQUEST_ID
    assert StatusChange.objects.about(new).first().reason == "Limit $100.00 to $105.00"  # type: ignore[union-attr]
    assert list(Order.objects.current()) == [new]


def test_replace_order_of_a_changed_one_keeps_the_original(order: Order, broker: BrokerStub) -> None:
    answer(broker, order)
    second = change(order)
    answer(broker, second)

    third = change(second, limit_price=Decimal(110))

    assert (third.replaces, third.original, third.times_changed) == (second, order, 2)
    assert list(Order.objects.current()) == [third]


def test_replace_order_twice_is_one_change(order: Order, broker: BrokerStub) -> None:
    answer(broker, order)
    order_id = uuid4()

    first, second = change(order, order_id), change(order, order_id)

    assert first.pk == second.pk == order_id
    assert broker.count("PATCH") == 1


def test_replace_order_intent_is_on_disk_before_the_call(order: Order, broker: BrokerStub) -> None:
    seen = []

    def look(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        new = Order.objects.get(client_order_id=json.loads(request.body or b"{}")["client_order_id"])
        seen.append((new.status, new.replaces_id))
        return 503, {}, "{}"

    path = f"/v1/trading/accounts/{order.account.broker_account_id}/orders/{order.broker_order_id}"
    broker.call_back("PATCH", path, look)

    assert change(order).status == OrderStatus.UNKNOWN
    assert seen == [(OrderStatus.SUBMITTING, order.pk)]


def test_replace_order_after_a_part_fill_is_for_the_rest(order: Order, broker: BrokerStub) -> None:
    Order.objects.filter(pk=order.pk).update(status="PARTIALLY_FILLED", filled_qty=1)
    bodies = answer(broker, order, qty="5")

    new = change(order, qty=Decimal(6))

    assert bodies[0]["qty"] == "6"
    assert new.qty == 5, "what is filled of the old one is not asked for again"


def test_replace_order_refused_leaves_the_order_as_it_was(order: Order, broker: BrokerStub) -> None:
    words = "unable to replace order in current state"
    broker.on_order("PATCH", order, status=422, json=refusal(words, 42210000))
    filled = order_body(order, "filled", filled_qty="4", filled_avg_price="100", updated_at=LATER)
    broker.on_order("GET", order, json=filled)

    new = change(order)

    order.refresh_from_db()
    assert (new.status, order.status) == (OrderStatus.REJECTED, OrderStatus.FILLED)
    assert new.status_reason == "The order ended before the change reached it. Nothing was changed."
    assert list(Order.objects.current()) == [order]


def test_replace_order_refused_can_be_tried_again(order: Order, broker: BrokerStub) -> None:
    broker.on_order("PATCH", order, status=422, json=refusal("price is silly", 42210000))
    broker.on_order("GET", order, json=order_body(order, "new", type="limit", limit_price="100"))
    assert change(order).status == OrderStatus.REJECTED

    broker.mock.reset()
    answer(broker, order)

    assert change(order, limit_price=Decimal(101)).status == OrderStatus.NEW


def test_replace_order_while_one_is_under_way(order: Order, broker: BrokerStub) -> None:
    broker.on_order("PATCH", order, body=requests.exceptions.ReadTimeout())
    assert change(order).status == OrderStatus.UNKNOWN

    with pytest.raises(changes.ChangeRefused, match="under way"):
        change(order)


def test_settle_order_finds_a_change_whose_reply_was_lost(order: Order, broker: BrokerStub) -> None:
    new = lost_change(order)
    new_id = str(uuid4())
    old = order_body(order, "replaced", replaced_by=new_id, updated_at=LATER)
    broker.on_order("GET", order, json=old)
    body = order_body(new, "new", id=new_id, type="limit", limit_price="105", updated_at=LATER)
    broker.on_orders("GET", order.account, f"/{new_id}", json=body)
    broker.on_orders("GET", order.account, ":by_client_order_id", json=body)

    new = orders.settle_order(order=new, now=timezone.now())

    order.refresh_from_db()
    assert (new.status, order.status) == (OrderStatus.NEW, OrderStatus.REPLACED)
    assert Order.objects.count() == 2, "and it is not taken for somebody else's"


@pytest.mark.parametrize(
    ("word", "status"), [("new", OrderStatus.NOT_FOUND), ("filled", OrderStatus.NOT_PLACED)]
)
def test_settle_order_of_a_change_that_the_broker_lacks(
    order: Order, broker: BrokerStub, word: str, status: str
) -> None:
    """While the order works the change may still arrive; once it has ended it cannot."""
    new = lost_change(order)
    broker.on_order("GET", order, json=order_body(order, word, updated_at=LATER))
    broker.on_orders("GET", order.account, ":by_client_order_id", status=404, json=refusal("none", 40410000))

    assert orders.settle_order(order=new, now=timezone.now()).status == status
    assert list(Order.objects.current()) == [order]


def lost_change(order: Order) -> Order:
    return left_in_call(
        order.account,
        status="UNKNOWN",
        **{**LIMIT, "limit_price": Decimal(105)},
        replaces=order,
        original=order,
        times_changed=1,
    )


def test_sync_order_adopts_a_change_made_elsewhere(order: Order, broker: BrokerStub) -> None:
    new_id = str(uuid4())
    broker.on_order("GET", order, json=order_body(order, "replaced", replaced_by=new_id, updated_at=LATER))
    told = {"id": new_id, "client_order_id": "theirs", "replaces": str(order.broker_order_id)}
    body = order_body(order, "new", type="limit", limit_price="99", qty="3") | told
    broker.on_orders("GET", order.account, f"/{new_id}", json=body)

    orders.sync_order(order=order)

    new = Order.objects.get(replaces=order)
    assert (new.status, new.limit_price, new.qty, new.times_changed) == ("NEW", 99, 3, 1)


def test_sync_order_is_not_replaced_before_what_took_its_place_is_known(
    order: Order, broker: BrokerStub
) -> None:
    """A replaced order is not followed any more: what replaced it would be lost."""
    new_id = str(uuid4())
    broker.on_order("GET", order, json=order_body(order, "replaced", replaced_by=new_id, updated_at=LATER))
    broker.on_orders("GET", order.account, f"/{new_id}", status=503)

    with pytest.raises(Exception, match="503"):
        orders.sync_order(order=order)

    order.refresh_from_db()
    assert order.status == OrderStatus.NEW


def test_replace_order_needs_money_for_the_difference_only(
    order: Order, account: BrokerageAccount, broker: BrokerStub
) -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(buying_power=Decimal(20))
    answer(broker, order)

    with pytest.raises(rules.NotEnoughBuyingPower, match=r"needs \$24.00 more"):
        change(order, limit_price=Decimal(106))
    assert change(order, limit_price=Decimal(105)).status == OrderStatus.NEW


def test_replace_order_needs_shares_for_the_difference_only(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    PositionFactory.create(account=account, qty=Decimal(5))
    order = OrderFactory.create(account, status="new", side="SELL", **LIMIT)
    answer(broker, order, qty="5")

    with pytest.raises(rules.SharesHeld, match="only 1 are free"):
        change(order, qty=Decimal(6))
    assert change(order, qty=Decimal(5)).qty == 5


def test_replace_order_that_changes_nothing(order: Order, broker: BrokerStub) -> None:
    with pytest.raises(changes.NothingChanged):
        change(order, limit_price=Decimal(100))
    assert not broker.calls


def test_replace_order_below_what_is_filled(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(status="PARTIALLY_FILLED", filled_qty=2)
    order.refresh_from_db()

    with pytest.raises(changes.TooFew, match="2 shares of this order are filled already"):
        change(order, qty=Decimal(2))


def test_cancel_order_that_a_change_was_faster_than_cancels_what_it_became(
    order: Order, broker: BrokerStub, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    new = lost_change(order)
    new_id = str(uuid4())
    broker.on_order("DELETE", order, status=422, json=refusal("order already replaced", 42210000))
    broker.on_order("GET", order, json=order_body(order, "replaced", replaced_by=new_id, updated_at=LATER))
    body = order_body(new, "new", id=new_id, type="limit", limit_price="105", updated_at=LATER)
    broker.on_orders("GET", order.account, f"/{new_id}", json=body)

    with django_capture_on_commit_callbacks(execute=True):
        orders.cancel_order(order=order, by=order.user, now=timezone.now())

    new.refresh_from_db()
    assert new.cancel_requested_at is not None
    assert "trading.tasks.send_cancel" in sent


@pytest.mark.parametrize(
    ("status", "columns", "refused"),
    [
        ("NEW", {}, None),
        ("PARTIALLY_FILLED", {"filled_qty": Decimal(1)}, None),
        ("ACCEPTED", {}, changes.CancelAndNew),
        ("PENDING_NEW", {}, changes.CancelAndNew),
        ("NEW", {"qty": None, "notional": Decimal(5)}, changes.CancelAndNew),
        ("NEW", {"qty": Decimal("0.5"), "type": "MARKET", "limit_price": None}, changes.CancelAndNew),
        ("PENDING_REPLACE", {}, changes.ChangeRefused),
        ("PENDING_CANCEL", {}, changes.ChangeRefused),
        ("NEW", {"cancel_requested_at": timezone.now()}, changes.ChangeRefused),
        ("HELD", {}, changes.ChangeRefused),
        ("SUSPENDED", {}, changes.ChangeRefused),
        ("SUBMITTING", {}, changes.ChangeRefused),
        ("FILLED", {}, changes.ChangeRefused),
        ("REPLACED", {}, changes.ChangeRefused),
    ],
)
def test_why_not(status: str, columns: dict[str, Any], refused: type[Exception] | None) -> None:
    order = Order(**{**LIMIT, "asset": Asset(asset_class="us_equity"), "status": status, **columns})

    assert type(changes.why_not(order)) is (refused or type(None))


def test_why_not_what_is_not_traded_here() -> None:
    order = Order(**{**LIMIT, "asset": Asset(name="Bitcoin", asset_class="crypto"), "status": "NEW"})

    assert str(changes.why_not(order)) == "Bitcoin is not traded here: its order can only be canceled."


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (LIMIT, ("qty", "limit_price", "time_in_force")),
        ({**LIMIT, "qty": Decimal("0.5")}, ("limit_price",)),
        (
            {"qty": Decimal(1), "type": "STOP", "stop_price": Decimal(9)},
            ("qty", "stop_price", "time_in_force"),
        ),
        ({**LIMIT, "parent_id": uuid4()}, ("limit_price",)),
        (
            {"qty": Decimal(1), "type": "LIMIT", "order_class": "OCO", "take_profit_price": Decimal(9)},
            ("take_profit_price", "time_in_force"),
        ),
        (
            {"qty": Decimal(1), "type": "TRAILING_STOP", "trail_percent": Decimal(5)},
            ("qty", "trail_percent", "time_in_force"),
        ),
    ],
)
def test_changeable(columns: dict[str, Any], names: tuple[str, ...]) -> None:
    assert changes.changeable(Order(**columns)) == names


def check_limit(account: BrokerageAccount, quote: Quote, *, above: int, qty: int, buying_power: int) -> None:
    """Judge a change of a purchase that rests far below the market, to so many dollars above it."""
    BrokerageAccount.objects.filter(pk=account.pk).update(buying_power=buying_power)
    account.refresh_from_db()
    market = quote.ask or quote.last
    order = OrderFactory.create(
        account, status="new", type="LIMIT", limit_price=market - 50, qty=Decimal(qty)
    )
    ticket = changes.changed(order, limit_price=market + above)
    changes.check_change(order, ticket, get_facts(account, order.asset, timezone.now()), None)


def test_change_to_a_limit_above_the_market_needs_what_the_limit_comes_to(
    account: BrokerageAccount, quote: Quote
) -> None:
    check_limit(account, quote, above=50, qty=10, buying_power=1_000)
    with pytest.raises(rules.NotEnoughBuyingPower):
        check_limit(account, quote, above=50, qty=10, buying_power=700)


def test_change_that_would_meet_ones_own_open_order_is_refused(
    account: BrokerageAccount, quote: Quote
) -> None:
    price = (quote.ask or quote.last) + 10
    OrderFactory.create(account, status="new", type="LIMIT", side="SELL", limit_price=price, qty=Decimal(1))
    check_limit(account, quote, above=5, qty=1, buying_power=100_000)
    with pytest.raises(rules.WashTrade):
        check_limit(account, quote, above=20, qty=1, buying_power=100_000)
