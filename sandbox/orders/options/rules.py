"""What an order in an option contract must look like. Pure."""

from typing import Any

from sandbox.instruments.option_contracts import OCC_SYMBOL
from sandbox.orders.tickets import Ticket
from sandbox.state.api import invalid, unprocessable

OPENING = ("buy_to_open", "sell_to_open")
INTENTS = (*OPENING, "buy_to_close", "sell_to_close")
TYPES = ("market", "limit")


def read_intent(body: dict[str, Any], side: str) -> str:
    """``position_intent`` of any order; "" without one. Raises a 422."""
    given = body.get("position_intent")
    if given in (None, ""):
        return ""
    if not isinstance(given, str) or given not in INTENTS:
        raise invalid("invalid position_intent")
    if not given.startswith(side):
        raise invalid(f"position_intent {given} does not fit side {side}")
    return given


def check_combination(ticket: "Ticket") -> None:
    """Market and limit orders of whole contracts. Raises a 422."""
    if ticket.notional is not None:
        raise unprocessable("notional orders are not supported for options trading")
    if ticket.is_fractional:
        raise unprocessable("qty must be integer for options trading")
    if ticket.extended_hours:
        raise unprocessable("extended hours is not supported for options trading")
    if ticket.order_class:
        raise unprocessable("order_class must be simple for options trading")
    if ticket.type not in TYPES:
        raise unprocessable("order type must be market or limit for options trading")
    if ticket.time_in_force not in ("day", "gtc") or (
        ticket.time_in_force == "gtc" and ticket.type == "market"
    ):
        raise unprocessable("time_in_force must be day, or gtc for a limit order, for options trading")


def not_found(symbol: str) -> Exception:
    """The refusal of an order in a symbol that is none."""
    what = "contract" if OCC_SYMBOL.fullmatch(symbol.upper()) else "asset"
    return unprocessable(f'{what} "{symbol[:40]}" not found')
