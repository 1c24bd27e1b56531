"""Order statuses, the steps between them, and Alpaca's words for them."""

from django.db.models import TextChoices


class OrderStatus(TextChoices):
    """An order: three words of ours while the broker may not have it, then Alpaca's in upper case.

    Source: Broker API, "Orders", order lifecycle.
    """

    SUBMITTING = "SUBMITTING", "Sending"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
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


OURS = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN, OrderStatus.NOT_PLACED)
UNSETTLED = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
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

OPEN = UNSETTLED + WORKING
CLOSED = (*FINAL_AT_BROKER, OrderStatus.NOT_PLACED)

# Alpaca decides, and polls skip steps that the events would show, so from a working status every other of its
# statuses can be observed next. NOT_PLACED gives way to any of them: should the broker turn out to have the
# order after all, that is the truth.
_AT_BROKER = frozenset(AT_BROKER)
ORDER_TRANSITIONS: dict[str, frozenset[str]] = {
    OrderStatus.SUBMITTING: _AT_BROKER | {OrderStatus.UNKNOWN, OrderStatus.NOT_PLACED},
    OrderStatus.UNKNOWN: _AT_BROKER | {OrderStatus.NOT_PLACED},
    OrderStatus.NOT_PLACED: _AT_BROKER,
    **{status: _AT_BROKER - {status} for status in WORKING},
    **{status: frozenset() for status in FINAL_AT_BROKER},
}


def from_broker(word: str) -> OrderStatus | None:
    """Our status for Alpaca's word, or None for a word we do not know or that is one of our own three."""
    try:
        status = OrderStatus(word.upper())
    except ValueError:
        return None
    return status if status in _AT_BROKER else None


TONES = {
    OrderStatus.SUBMITTING: "info",
    OrderStatus.UNKNOWN: "warn",
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
