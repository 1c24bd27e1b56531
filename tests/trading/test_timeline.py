from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.workflow.models import StatusChange
from trading import timeline
from trading.models import Order, OrderProgress
from trading.statuses import OURS

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def order(status: str, **columns: object) -> Order:
    return Order(
        **{"status": status, "created_at": AT, "qty": Decimal(20), "filled_qty": Decimal(0), **columns}
    )


def said(status: str, minute: int = 0, filled: int = 0, **columns: object) -> OrderProgress:
    """What the broker said of an order in a minute after it was sent."""
    at = AT + timedelta(minutes=minute)
    return OrderProgress(**{"status": status, "filled_qty": Decimal(filled), "at": at, **columns})


def steps(*statuses: str) -> list[tuple[str, str]]:
    """Title and state of each step of an order of which the broker said so."""
    found = timeline.order_steps(
        order(statuses[-1] if statuses else "SUBMITTING"),
        [StatusChange(to_status=status, at=AT) for status in statuses],
        [said(status) for status in statuses if status not in OURS],
    )
    return [(step.title, step.state) for step in found]


def test_order_steps_just_sent() -> None:
    assert steps() == [("Sent", "current"), ("Accepted", "upcoming"), ("Filled", "upcoming")]


def test_order_steps_accepted_is_not_filled() -> None:
    assert steps("PENDING_NEW", "ACCEPTED") == [
        ("Sent", "done"),
        ("Accepted", "current"),
        ("Filled", "upcoming"),
    ]


def test_order_steps_all_the_way() -> None:
    assert steps("ACCEPTED", "NEW", "PARTIALLY_FILLED", "FILLED") == [
        ("Sent", "done"),
        ("Accepted", "done"),
        ("Working", "done"),
        ("Part filled", "done"),
        ("Filled", "done"),
    ]


def test_order_steps_unknown_then_found() -> None:
    assert steps("UNKNOWN") == [
        ("Sent", "done"),
        ("Checking with the broker", "current"),
        ("Accepted", "upcoming"),
        ("Filled", "upcoming"),
    ]
    assert steps("UNKNOWN", "NOT_FOUND")[2] == ("Not found at the broker so far", "current")
    assert steps("UNKNOWN", "NOT_FOUND", "FILLED")[-1] == ("Filled", "done")


@pytest.mark.parametrize("status", ["REJECTED", "NOT_PLACED", "CANCELED", "EXPIRED"])
def test_order_steps_that_end_badly(status: str) -> None:
    assert steps(status)[-1][1] == "failed"


def test_order_steps_a_refusal_of_the_call_says_why() -> None:
    change = StatusChange(to_status="REJECTED", reason="Too small.", at=AT)

    found = timeline.order_steps(order("REJECTED"), [change], [])

    assert (found[-1].title, found[-1].state, found[-1].text) == ("Rejected", "failed", "Too small.")


def test_order_steps_each_keeps_the_quantity_of_its_moment() -> None:
    told = [
        said("NEW"),
        said("PARTIALLY_FILLED", 1, 5),
        said("PARTIALLY_FILLED", 2, 12),
        said("FILLED", 3, 20),
    ]

    found = timeline.order_steps(order("FILLED", filled_qty=Decimal(20)), [], told)

    assert [(step.title, step.text) for step in found[2:]] == [
        ("Part filled", "5 of 20 shares"),
        ("Part filled", "12 of 20 shares"),
        ("Filled", "20 of 20 shares"),
    ]


def test_order_steps_a_bust_adds_lines_and_rewrites_none() -> None:
    told = [
        said("FILLED", 1, 20),
        said("CANCELED", 2, 15, kind="BUST", filled_avg_price=Decimal("200.50")),
    ]

    found = timeline.order_steps(order("CANCELED", filled_qty=Decimal(15)), [], told)

    assert [(step.title, step.text) for step in found[1:]] == [
        ("Filled", "20 of 20 shares"),
        ("Trade canceled by the exchange", "15 of 20 shares at $200.50 on average"),
        ("Canceled", "15 of 20 shares"),
    ]


def test_order_steps_a_correction_adds_a_line() -> None:
    told = [said("FILLED", 1, 20), said("FILLED", 2, 20, kind="CORRECT", filled_avg_price=Decimal(199))]

    found = timeline.order_steps(order("FILLED", filled_qty=Decimal(20)), [], told)

    assert [step.title for step in found[1:]] == ["Filled", "Trade corrected by the exchange"]
    assert found[-1].text == "20 of 20 shares at $199.00 on average"


def test_order_steps_a_cancel_by_staff_is_theirs() -> None:
    asked = StatusChange(from_status="NEW", to_status="NEW", reason="Cancel requested", actor="staff", at=AT)

    found = timeline.order_steps(order("NEW"), [asked], [said("NEW", -1)])

    assert (found[2].title, found[2].state) == ("Cancel requested by our staff", "current")


@pytest.mark.parametrize(
    ("status", "cash", "states"),
    [
        (AccountStatus.SUBMITTED, 0, ["current", "upcoming", "upcoming"]),
        (AccountStatus.ACTIVE, 0, ["done", "current", "upcoming"]),
        (AccountStatus.ACTIVE, 5, ["done", "done", "current"]),
    ],
)
def test_first_steps(status: str, cash: int, states: list[str]) -> None:
    account = BrokerageAccount(status=status, cash=Decimal(cash))

    assert [step.state for step in timeline.first_steps(account)] == states
