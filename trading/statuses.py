"""Order statuses, the steps between them, and Alpaca's words for them."""

from collections.abc import Mapping

from django.db.models import TextChoices

from brokerapp.workflow.paths import reachable


class OrderStatus(TextChoices):
    """An order: four words of ours while the broker may not have it, then Alpaca's in upper case.

    Source: Broker API, "Orders", order lifecycle.
    """

    SUBMITTING = "SUBMITTING", "Sending"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    NOT_FOUND = "NOT_FOUND", "Not found at the broker so far"
    NOT_PLACED = "NOT_PLACED", "Not placed"

    ACCEPTED = "ACCEPTED", "Accepted"
    PENDING_NEW = "PENDING_NEW", "Accepted"
    ACCEPTED_FOR_BIDDING = "ACCEPTED_FOR_BIDDING", "Accepted"
    PENDING_REVIEW = "PENDING_REVIEW", "In review"
    NEW = "NEW", "Working"
    PARTIALLY_FILLED = "PARTIALLY_FILLED", "Part filled"
    FILLED = "FILLED", "Filled"
    DONE_FOR_DAY = "DONE_FOR_DAY", "Done for the day"
    CALCULATED = "CALCULATED", "Done for the day"
    HELD = "HELD", "Held"
    STOPPED = "STOPPED", "Working"
    SUSPENDED = "SUSPENDED", "Suspended"
    PENDING_CANCEL = "PENDING_CANCEL", "Cancel requested"
    PENDING_REPLACE = "PENDING_REPLACE", "Change requested"
    CANCELED = "CANCELED", "Canceled"
    EXPIRED = "EXPIRED", "Expired"
    REPLACED = "REPLACED", "Replaced"
    REJECTED = "REJECTED", "Rejected"


OURS = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN, OrderStatus.NOT_FOUND, OrderStatus.NOT_PLACED)
UNSETTLED = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN, OrderStatus.NOT_FOUND)
"""Whether the broker has the order is not known here."""

AT_BROKER = tuple(status for status in OrderStatus if status not in OURS)
FINAL_AT_BROKER = (
    OrderStatus.FILLED,
    OrderStatus.CANCELED,
    OrderStatus.EXPIRED,
    OrderStatus.REPLACED,
    OrderStatus.REJECTED,
)
WORKING = tuple(status for status in AT_BROKER if status not in FINAL_AT_BROKER)
"""At the broker and not finished: polled, and cancelable."""
RESTING = (
    OrderStatus.ACCEPTED_FOR_BIDDING,
    OrderStatus.PENDING_REVIEW,
    OrderStatus.DONE_FOR_DAY,
    OrderStatus.CALCULATED,
    OrderStatus.HELD,
    OrderStatus.SUSPENDED,
)
"""Working, but nothing happens to them for hours."""

OPEN = UNSETTLED + WORKING
CLOSED = (*FINAL_AT_BROKER, OrderStatus.NOT_PLACED)

BROKER_WORDS: Mapping[str, str] = {status.value.lower(): status.value for status in AT_BROKER}
"""Our status for each of Alpaca's words."""

_S = OrderStatus
_ENTRIES = frozenset({_S.ACCEPTED, _S.PENDING_NEW, _S.PENDING_REVIEW, _S.HELD, _S.REJECTED})
_ENDS = frozenset({_S.CANCELED, _S.EXPIRED})

ORDER_PATHS: dict[str, frozenset[str]] = {
    # What is sent may arrive late: until the broker's list says so, no word of ours is the last one, not
    # even that the call was refused.
    _S.SUBMITTING: _ENTRIES | {_S.UNKNOWN, _S.NOT_PLACED},
    _S.UNKNOWN: _ENTRIES | {_S.NOT_FOUND},
    _S.NOT_FOUND: _ENTRIES | {_S.NOT_PLACED},
    _S.NOT_PLACED: _ENTRIES,
    _S.REJECTED: _ENTRIES - {_S.REJECTED},
    _S.ACCEPTED: _ENDS | {_S.PENDING_NEW, _S.ACCEPTED_FOR_BIDDING, _S.NEW, _S.PENDING_CANCEL, _S.REJECTED},
    _S.PENDING_NEW: _ENDS | {_S.NEW, _S.PENDING_CANCEL, _S.REJECTED},
    _S.ACCEPTED_FOR_BIDDING: _ENDS | {_S.NEW},
    _S.PENDING_REVIEW: _ENDS | {_S.ACCEPTED, _S.REJECTED},
    _S.HELD: _ENDS | {_S.NEW, _S.PENDING_CANCEL},
    _S.NEW: _ENDS
    | {_S.PARTIALLY_FILLED, _S.FILLED, _S.DONE_FOR_DAY, _S.CALCULATED, _S.STOPPED, _S.SUSPENDED}
    | {_S.PENDING_CANCEL, _S.PENDING_REPLACE, _S.REJECTED},
    # To NEW: all that was filled has been taken back (a bust).
    _S.PARTIALLY_FILLED: _ENDS
    | {_S.FILLED, _S.DONE_FOR_DAY, _S.CALCULATED, _S.PENDING_CANCEL, _S.PENDING_REPLACE, _S.NEW},
    _S.DONE_FOR_DAY: _ENDS | {_S.ACCEPTED, _S.NEW, _S.CALCULATED},
    _S.CALCULATED: _ENDS | {_S.FILLED, _S.DONE_FOR_DAY},
    _S.STOPPED: _ENDS | {_S.PARTIALLY_FILLED, _S.FILLED},
    _S.SUSPENDED: _ENDS | {_S.NEW},
    # Back to where it was: the cancel or the change was refused, or a fill was faster.
    _S.PENDING_CANCEL: _ENDS | {_S.NEW, _S.PARTIALLY_FILLED, _S.FILLED},
    _S.PENDING_REPLACE: _ENDS | {_S.REPLACED, _S.NEW, _S.PARTIALLY_FILLED, _S.FILLED},
    # An execution was taken back: the rest goes on, or is over.
    _S.FILLED: frozenset({_S.PARTIALLY_FILLED, _S.NEW, _S.CANCELED}),
    _S.CANCELED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.REPLACED: frozenset(),
}
"""The steps that the broker documents, and ours."""

ORDER_TRANSITIONS = reachable(ORDER_PATHS)

TONES = {
    OrderStatus.SUBMITTING: "info",
    OrderStatus.UNKNOWN: "warn",
    OrderStatus.NOT_FOUND: "warn",
    OrderStatus.NOT_PLACED: "error",
    OrderStatus.FILLED: "success",
    OrderStatus.CANCELED: "neutral",
    OrderStatus.EXPIRED: "neutral",
    OrderStatus.REPLACED: "neutral",
    OrderStatus.REJECTED: "error",
    OrderStatus.SUSPENDED: "warn",
}


def tone(status: str) -> str:
    """The status tag's tone (`docs/design-system.md`); whatever is under way is `info`."""
    return TONES.get(OrderStatus(status), "info")
