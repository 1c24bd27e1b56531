from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from tests.broker_stub import BrokerStub
from tests.factories import OrderFactory, order_body
from tests.trading.conftest import LATER, activity, record_fill
from trading.models import Fill, Order
from trading.services import fills, orders

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def filled(account: BrokerageAccount, qty: str = "0.42", **columns: Any) -> Order:
    return OrderFactory.create(
        account, status="filled", qty=Decimal(qty), filled_qty=qty, filled_avg_price="200", **columns
    )


def test_sync_fills_completes_what_events_missed(account: BrokerageAccount, broker: BrokerStub) -> None:
    order = filled(account, "2")
    record_fill(order, "0.5", "0.5", execution_id="e1")
    page = [activity(order, "0.5", "0.5"), activity(order, "1.5", "2")]
    broker.on("GET", "/v1/accounts/activities", json=page)

    fills.sync_fills(order=order)

    order.refresh_from_db()
    assert order.recorded_qty == Decimal(2)
    assert list(order.fills.values_list("cum_qty", "execution_id", "activity_id")) == [
        (Decimal(2), None, "20260302100001500::2"),
        (Decimal("0.5"), "e1", "20260302100001500::0.5"),
    ]


def test_sync_fills_passes_other_orders_and_pages(account: BrokerageAccount, broker: BrokerStub) -> None:
    order, other = filled(account), filled(account)
    broker.on("GET", "/v1/accounts/activities", json=[activity(other, "0.42", "0.42")])
    mine = [activity(order, "0.42", "0.42", id="20260302100001501::x")]
    broker.on("GET", "/v1/accounts/activities", json=mine)

    fills.sync_fills(order=order)

    assert Fill.objects.get().order == order
    assert "page_token=" in str(broker.calls[1].request.url)


def test_sync_fills_ends_with_the_last_page(account: BrokerageAccount, broker: BrokerStub) -> None:
    order, other = filled(account), filled(account)
    broker.on("GET", "/v1/accounts/activities", json=[activity(other, "0.42", "0.42")])
    broker.on("GET", "/v1/accounts/activities", json=[])

    fills.sync_fills(order=order)

    assert broker.count("GET") == 2
    assert set(Order.objects.unlike_fills()) == {order, other}


def test_sync_fills_complete_asks_nobody(account: BrokerageAccount, broker: BrokerStub) -> None:
    fills.sync_fills(order=OrderFactory.create(account))

    assert not broker.calls


def test_sync_fills_that_never_add_up_is_asked_less_and_less_often(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = filled(account)
    broker.on("GET", "/v1/accounts/activities", json=[])
    pauses = []
    for age in (timedelta(seconds=1), timedelta(hours=2)):
        order.status_at = timezone.now() - age
        fills.sync_fills(order=order)
        due_at = Order.objects.values_list("due_at", flat=True).get(pk=order.pk)
        assert due_at is not None
        pauses.append(due_at - timezone.now())

    assert pauses[0] < timedelta(minutes=1) < pauses[1]


def test_sync_fills_passes_over_an_activity_without_an_order(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = filled(account)
    page = [activity(order, "1", "1", order_id=None, id="1::a"), activity(order, "0.42", "0.42")]
    broker.on("GET", "/v1/accounts/activities", json=page)

    fills.sync_fills(order=order)

    assert Fill.objects.get().qty == Decimal("0.42")


def test_record_event_and_activity_of_one_execution_are_one_fill(account: BrokerageAccount) -> None:
    order = filled(account, "2")

    record_fill(order, "2", "2", execution_id="e1")
    record_fill(order, "2", "2", activity_id="20260302::other")
    record_fill(order, "2", "2", activity_id="20260302::other")

    fill = order.fills.get()
    assert (fill.execution_id, fill.activity_id) == ("e1", "20260302::other")


def test_record_a_like_fill_after_a_bust_is_a_new_one(account: BrokerageAccount) -> None:
    order = filled(account, "2")
    record_fill(order, "2", "2", execution_id="e1")
    fills.bust(order, previous_id="e1", execution_id="undo", at=timezone.now())

    record_fill(order, "2", "2", execution_id="e2")
    record_fill(order, "2", "2", execution_id="e1")

    order.refresh_from_db()
    assert order.recorded_qty == 2
    assert [fill.execution_id for fill in order.fills.standing()] == ["e2"]


def test_sync_fills_hears_of_a_bust_from_the_activities_alone(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = filled(account, "5")
    for qty, cum_qty in (("5", "5"), ("15", "20")):
        record_fill(order, qty, cum_qty, execution_id=f"e{cum_qty}")
    page = [
        activity(order, "5", "5", id="1::e5"),
        activity(order, "15", "20", id="2::e20"),
        activity(order, "-15", "20", id="3::undo"),
    ]
    broker.on("GET", "/v1/accounts/activities", json=page)
    order.refresh_from_db()

    fills.sync_fills(order=order)

    order.refresh_from_db()
    assert order.recorded_qty == 5
    busted = order.fills.get(execution_id="e20")
    assert busted.busted_at is not None
    assert busted.undone_by == "undo"
    assert order.fills.count() == 2


def test_sync_fills_reads_on_where_what_was_taken_back_makes_up_the_quantity(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = filled(account, "5")
    page = [
        activity(order, "5", "5", id="1::e1", price="190"),
        activity(order, "5", "10", id="2::e2", price="200"),
        activity(order, "-5", "10", id="3::undo", price="190"),
    ]
    broker.on("GET", "/v1/accounts/activities", json=page)

    fills.sync_fills(order=order)

    order.refresh_from_db()
    assert order.recorded_qty == 5
    assert [fill.price for fill in order.fills.standing()] == [Decimal(200)]


def test_sync_fills_hears_of_a_correction_from_the_activities_alone(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = filled(account, "16")
    record_fill(order, "20", "20", execution_id="e1")
    page = [
        activity(order, "20", "20", id="1::e1"),
        activity(order, "-20", "20", id="2::undo"),
        activity(order, "16", "20", id="3::e2", price="199"),
    ]
    broker.on("GET", "/v1/accounts/activities", json=page)
    order.refresh_from_db()

    fills.sync_fills(order=order)

    order.refresh_from_db()
    assert order.recorded_qty == 16
    assert [(fill.qty, fill.price) for fill in order.fills.standing()] == [(16, 199)]


def test_event_of_a_correction_of_the_price_replaces_what_only_the_activities_told(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = filled(account, "2")
    told = fills.Told(
        qty=Decimal(2), price=Decimal(200), at=timezone.now(), cum_qty=Decimal(2), activity_id="2026::e1"
    )
    fills.record(order, told)

    fills.record(
        order,
        fills.Told(
            qty=Decimal(2),
            price=Decimal(201),
            at=timezone.now(),
            cum_qty=Decimal(2),
            execution_id="e2",
            previous_id="e1",
        ),
    )

    assert [fill.price for fill in order.fills.standing()] == [Decimal(201)]
    assert order.fills.count() == 2


@pytest.mark.parametrize("first", [0, 1], ids=["in order", "the newest first"])
def test_activities_of_a_correction_are_not_taken_for_what_an_event_told(
    account: BrokerageAccount, broker: BrokerStub, first: int
) -> None:
    order = filled(account, "2")
    record_fill(order, "2", "2", execution_id="e1")
    Order.objects.filter(pk=order.pk).update(recorded_qty=0)
    order.refresh_from_db()
    told = [activity(order, "2", "2", id="2026::e1"), activity(order, "2", "2", id="2026::e2", price="201")]
    back = activity(order, "-2", "2", id="2026::b1")
    broker.on("GET", "/v1/accounts/activities", json=[told[first], told[1 - first], back])

    fills.sync_fills(order=order)

    assert [fill.price for fill in order.fills.standing()] == [Decimal(201)]


def test_what_is_made_again_is_not_taken_for_what_was_taken_back(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    """The second execution, of which no event came, stands before the first one in the list."""
    order = filled(account, "2")
    record_fill(order, "2", "2", execution_id="e1")
    fills.bust(order, previous_id="e1", execution_id="b1", at=timezone.now())
    order.refresh_from_db()
    told = [
        activity(order, qty, "2", id=f"2026::{name}")
        for qty, name in (("2", "e2"), ("2", "e1"), ("-2", "b1"))
    ]
    broker.on("GET", "/v1/accounts/activities", json=told)

    fills.sync_fills(order=order)

    assert [fill.activity_id for fill in order.fills.standing()] == ["2026::e2"]
    assert order.fills.count() == 2


def test_correction_of_which_no_event_comes_is_read_once_the_order_says_another_price(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = filled(account, "2")
    record_fill(order, "2", "2", execution_id="e1")
    broker.on_order(
        "GET",
        order,
        json=order_body(order, "filled", filled_qty="2", filled_avg_price="201", updated_at=LATER),
    )
    told = [activity(order, "2", "2", id="20260302100001500::e1")]
    told.append(
        activity(
            order, "2", "2", id="20260302100001501::e2", price="201", previous_id="20260302100001500::e1"
        )
    )
    broker.on("GET", "/v1/accounts/activities", json=told)

    order = orders.sync_order(order=order)
    assert order in Order.objects.unlike_fills(), "so that it is read later if not now"
    fills.sync_fills(order=order)

    order.refresh_from_db()
    assert order.recorded_qty == order.filled_qty
    assert [fill.price for fill in order.fills.standing()] == [Decimal(201)]


def test_sync_fills_an_activity_that_names_what_it_revises(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = filled(account, "16")
    record_fill(order, "20", "20", execution_id="e1")
    page = [activity(order, "16", "16", id="3::e2", price="199", previous_id="e1")]
    broker.on("GET", "/v1/accounts/activities", json=page)
    order.refresh_from_db()

    fills.sync_fills(order=order)

    former, corrected = order.fills.get(execution_id="e1"), order.fills.standing().get()
    assert former.superseded_by == corrected
    assert corrected.qty == 16


@pytest.fixture
def likes(account: BrokerageAccount) -> Order:
    """An order with two executions, e1 and e2, that are alike but for their place."""
    order = filled(account, "2")
    for cum_qty in ("1", "2"):
        record_fill(order, "1", cum_qty, execution_id=f"e{cum_qty}")
    return order


def taken_back(execution_id: str) -> fills.Told:
    """An activity that does not say which execution it takes back."""
    return fills.Told(
        qty=Decimal(-1),
        price=Decimal(200),
        at=timezone.now(),
        cum_qty=Decimal(2),
        activity_id=f"2026::{execution_id}",
    )


def standing(order: Order) -> list[str | None]:
    order.refresh_from_db()
    assert order.recorded_qty == order.fills.standing().count()
    return list(order.fills.standing().order_by("pk").values_list("execution_id", flat=True))


@pytest.mark.parametrize("corrected", ["e1", "e2"])
def test_event_of_a_correction_names_what_the_activity_of_before_took_back(
    likes: Order, corrected: str
) -> None:
    fills.record(likes, taken_back("b"))

    fills.record(
        likes,
        fills.Told(
            qty=Decimal(1),
            price=Decimal("203.87"),
            at=timezone.now(),
            cum_qty=Decimal(2),
            execution_id="e3",
            previous_id=corrected,
        ),
    )

    assert standing(likes) == sorted({"e1", "e2", "e3"} - {corrected})
    assert likes.fills.get(execution_id=corrected).undone_by == "b"


@pytest.mark.parametrize("busted", ["e1", "e2"])
def test_event_of_a_bust_names_what_the_activity_of_before_took_back(likes: Order, busted: str) -> None:
    fills.record(likes, taken_back("b"))

    fills.bust(likes, previous_id=busted, execution_id="b", at=timezone.now())

    assert standing(likes) == sorted({"e1", "e2"} - {busted})


@pytest.mark.parametrize("heard", [("e1", "b1"), ("e1", "b2"), ("e2", "b1"), ("e2", "b2")])
def test_of_two_taken_back_both_stay_so_whichever_is_named(likes: Order, heard: tuple[str, str]) -> None:
    for name in ("b1", "b2"):
        fills.record(likes, taken_back(name))

    fills.bust(likes, previous_id=heard[0], execution_id=heard[1], at=timezone.now())

    assert standing(likes) == []
    assert likes.fills.get(execution_id=heard[0]).undone_by == heard[1]


def test_what_stands_again_leaves_its_place_to_what_was_made_meanwhile(likes: Order) -> None:
    fills.record(likes, taken_back("b"))
    record_fill(likes, "0.5", "1", execution_id="e3")

    fills.bust(likes, previous_id="e2", execution_id="b", at=timezone.now())

    assert list(likes.fills.standing().order_by("pk").values_list("execution_id", flat=True)) == ["e1", "e3"]


@pytest.mark.parametrize("again_first", [False, True])
def test_what_is_made_after_a_bust_is_not_what_it_took_back(
    account: BrokerageAccount, broker: BrokerStub, again_first: bool
) -> None:
    """The events of the second execution and of the first; of the bust in between only the activity."""
    order, now = filled(account, "2"), timezone.now()
    told = [
        fills.Told(qty=Decimal(2), price=Decimal(200), at=at, cum_qty=Decimal(2), execution_id=name)
        for name, at in (("e1", now - timedelta(minutes=10)), ("e2", now))
    ]
    for each in reversed(told) if again_first else told:
        fills.record(order, each)
    fills.record(
        order,
        fills.Told(
            qty=Decimal(-2),
            price=Decimal(200),
            at=now - timedelta(minutes=5),
            cum_qty=Decimal(2),
            activity_id="2026::b",
        ),
    )
    assert [fill.execution_id for fill in order.fills.standing()] == ["e2"]


def test_sync_fills_a_page_that_cannot_be_read_at_all_is_not_the_last_one(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    order = filled(account, "2")
    broker.on("GET", "/v1/accounts/activities", json=[activity(order, "2", "2", price="1e40")] * 100)
    with pytest.raises(BrokerOutcomeUnknown):
        fills.sync_fills(order=order)
