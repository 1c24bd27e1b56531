"""Orders: placed, followed, canceled and changed, with one door for whatever the broker says of them."""

from trading.services.orders.applying import Revision, apply_order
from trading.services.orders.asking import (
    NOT_AT_BROKER,
    NOT_FOUND_SO_FAR,
    complete_fills,
    find_order,
    read_order,
    read_order_and_fills,
    request_reads,
    settle_order,
    sync_order,
)
from trading.services.orders.canceling import (
    cancel_order,
    pass_on_cancel,
    request_cancel,
    request_cancels,
    send_cancel,
    try_cancel,
)
from trading.services.orders.placing import get_placed, place_order
from trading.services.orders.replacing import (
    ChangeReview,
    get_unsettled_change,
    prepare_change,
    replace_order,
)
from trading.services.orders.sending import resend_order, send_order, withdraw

__all__ = [
    "NOT_AT_BROKER",
    "NOT_FOUND_SO_FAR",
    "ChangeReview",
    "Revision",
    "apply_order",
    "cancel_order",
    "complete_fills",
    "find_order",
    "get_placed",
    "get_unsettled_change",
    "pass_on_cancel",
    "place_order",
    "prepare_change",
    "read_order",
    "read_order_and_fills",
    "replace_order",
    "request_cancel",
    "request_cancels",
    "request_reads",
    "resend_order",
    "send_cancel",
    "send_order",
    "settle_order",
    "sync_order",
    "try_cancel",
    "withdraw",
]
