"""What an order for a crypto pair must look like, and who may send one. Pure.

Where the reference has no words for a refusal, they are those that clients of the real API have met.
"""

from decimal import Decimal
from typing import Any

from sandbox.instruments.assets import Asset
from sandbox.state import rows
from sandbox.state.api import invalid, unprocessable

TIMES_IN_FORCE = {"market": ("gtc", "ioc"), "limit": ("gtc", "ioc"), "stop_limit": ("gtc",)}
CLOSING_TIME_IN_FORCE = "gtc"
# A bracket is known to the order engine as one triggers two that cancel each other.
CLASS_NAMES = {"bracket": "otoco"}
MOST_QTY = Decimal(10**14)


def check_words(kind: str, time_in_force: str, order_class: str, body: dict[str, Any]) -> None:
    """Type, time in force, class and hours. Raises a 422."""
    if kind not in TIMES_IN_FORCE:
        raise invalid("invalid order type for crypto order")
    check_time_in_force(kind, time_in_force)
    if order_class:
        name = CLASS_NAMES.get(order_class, order_class)
        raise unprocessable(f"crypto orders not allowed for advanced order_class: {name}")
    if body.get("extended_hours"):
        raise unprocessable("extended hours is not supported for crypto trading")


def check_time_in_force(kind: str, time_in_force: str) -> None:
    if time_in_force not in TIMES_IN_FORCE[kind]:
        raise unprocessable("invalid crypto time_in_force")


def check_qty(pair: Asset, qty: Decimal) -> None:
    """Raises a 422 for a quantity between two increments. The least size depends on what is held."""
    assert pair.increments is not None
    if qty % pair.increments.trade:
        raise invalid(f"qty must be a multiple of {pair.increments.trade:f}")


def check_account(account: rows.Account) -> None:
    """Raises the 422 for an account whose crypto side is not open."""
    if account.crypto_status != "ACTIVE":
        raise invalid("crypto orders not allowed for account")
