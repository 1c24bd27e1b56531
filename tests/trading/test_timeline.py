from datetime import UTC, datetime
from decimal import Decimal

import pytest

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.workflow.models import StatusChange
from trading import timeline
from trading.models import Order

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def steps(*statuses: str, **columns: object) -> list[tuple[str, str]]:
    """Title and state of each step of an order that went through these statuses."""
    last = statuses[-1] if statuses else "SUBMITTING"
    order = Order(
        **{"status": last, "created_at": AT, "qty": Decimal(2), "filled_qty": Decimal(0), **columns}
    )
    found = timeline.order_steps(order, [StatusChange(to_status=status, at=AT) for status in statuses])
    return [(step["title"], step["state"]) for step in found]


def test_order_steps_just_sent() -> None:
    assert steps() == [("Sent", "current"), ("Accepted", "upcoming"), ("Filled", "upcoming")]


def test_order_steps_accepted_is_not_filled() -> None:
    assert steps("PENDING_NEW", "ACCEPTED") == [
        ("Sent", "done"),
        ("Accepted", "current"),
        ("Filled", "upcoming"),
    ]


def test_order_steps_all_the_way() -> None:
    assert steps("ACCEPTED", "NEW", "PARTIALLY_FILLED", "FILLED", filled_qty=Decimal(2)) == [
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
    assert steps("UNKNOWN", "FILLED", filled_qty=Decimal(2))[-1] == ("Filled", "done")


@pytest.mark.parametrize("status", ["REJECTED", "NOT_PLACED", "CANCELED", "EXPIRED"])
def test_order_steps_that_end_badly(status: str) -> None:
    assert steps(status)[-1][1] == "failed"


def test_order_steps_say_why_and_how_far() -> None:
    rejected = Order(status="REJECTED", status_reason="Too small.", created_at=AT, filled_qty=Decimal(0))
    part = Order(status="PARTIALLY_FILLED", created_at=AT, qty=Decimal(2), filled_qty=Decimal("0.5"))

    assert (
        timeline.order_steps(rejected, [StatusChange(to_status="REJECTED", at=AT)])[-1]["text"]
        == "Too small."
    )
    told = timeline.order_steps(part, [StatusChange(to_status="PARTIALLY_FILLED", at=AT)])
    assert told[1]["text"] == "0.5 of 2 shares"


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

    assert [step["state"] for step in timeline.first_steps(account)] == states
