from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.workflow.models import StatusChange
from trading import timeline
from trading.models import Order, OrderProgress
from trading.statuses import OURS
from trading.timeline import Version

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


def changed(order_: Order, **columns: object) -> Order:
    """A change of an order, sent five minutes later."""
    later = AT + timedelta(minutes=5)
    status = str(columns.pop("status", "NEW"))
    return order(status, **{"replaces": order_, "created_at": later, "times_changed": 1, **columns})


def started(reason: str, minute: int) -> StatusChange:
    at = AT + timedelta(minutes=minute)
    return StatusChange(from_status="", to_status="SUBMITTING", reason=reason, at=at)


def test_story_of_a_changed_order_is_one() -> None:
    first = order("REPLACED", filled_qty=Decimal(4))
    second = changed(first, qty=Decimal(16), status="FILLED", filled_qty=Decimal(16))
    told = [said("NEW", 1), said("PARTIALLY_FILLED", 2, 4), said("REPLACED", 6, 4)]
    then = [said("NEW", 6, qty=Decimal(16)), said("FILLED", 7, 16, qty=Decimal(16))]

    found = timeline.story(
        [Version(first, [], told), Version(second, [started("Limit $1.00 to $2.00", 5)], then)], latest=second
    )

    assert [(step.title, step.text) for step in found] == [
        ("Sent", ""),
        ("Working", ""),
        ("Part filled", "4 of 20 shares"),
        ("Change sent", "Limit $1.00 to $2.00"),
        ("Changed", "4 of 20 shares"),
        ("Working", ""),
        ("Filled", "16 of 16 shares"),
    ]


@pytest.mark.parametrize(
    ("status", "title"), [("REJECTED", "Change refused"), ("NOT_PLACED", "Change not made")]
)
def test_story_of_a_change_that_was_not_made_goes_on(status: str, title: str) -> None:
    first = order("NEW")
    second = changed(first, status=status)
    refused = StatusChange(to_status=status, reason="Too late.", at=AT + timedelta(minutes=6))

    found = timeline.story(
        [Version(first, [], [said("NEW", 1)]), Version(second, [refused], [])], latest=first
    )

    assert [(step.title, step.state, step.text) for step in found[-2:]] == [
        (title, "failed", "Too late."),
        ("Filled", "upcoming", ""),
    ]


def test_order_steps_a_fill_that_beat_its_cancel_is_told_as_it_happened() -> None:
    asked = StatusChange(from_status="NEW", to_status="NEW", reason="Cancel requested", at=AT)

    found = timeline.order_steps(order("FILLED", filled_qty=Decimal(20)), [asked], [said("FILLED", 1, 20)])

    assert [(step.title, step.text) for step in found[1:]] == [
        ("Cancel requested", ""),
        ("Filled", "20 of 20 shares: it filled before the cancel arrived"),
    ]


def test_order_steps_a_refused_cancel_says_why() -> None:
    refused = StatusChange(from_status="NEW", to_status="NEW", reason="Cancel refused: Not now.", at=AT)

    found = timeline.order_steps(order("NEW"), [refused], [said("NEW", -1)])

    assert (found[2].title, found[2].state, found[2].text) == ("Cancel refused", "failed", "Not now.")


def test_order_steps_only_ever_grow() -> None:
    """At each moment the lines of before are there still, with the same words."""
    changes = [
        StatusChange(to_status="UNKNOWN", reason="lost", at=AT),
        StatusChange(
            from_status="NEW", to_status="NEW", reason="Cancel requested", at=AT + timedelta(minutes=3)
        ),
    ]
    told = [said("NEW", 1), said("PARTIALLY_FILLED", 2, 5), said("FILLED", 4, 20)]
    moments = [(changes[:1], []), (changes[:1], told[:1]), (changes[:1], told[:2]), (changes, told[:2])]
    moments.append((changes, told))

    before: list[tuple[str, str]] = []
    for happened, heard in moments:
        latest = order(heard[-1].status if heard else "UNKNOWN", qty=Decimal(20))
        steps_ = timeline.order_steps(latest, happened, heard)
        lines = [(step.title, step.text) for step in steps_ if step.state != "upcoming"]
        assert lines[: len(before)] == before
        before = lines
