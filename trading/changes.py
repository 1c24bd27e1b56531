"""May this order be changed, what of it, and what does that come to? `check_x` raises with words. Pure."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from brokerapp.units.money import quantity, quantize_cash, shares, usd
from trading import order_words, price_rules, rules, statuses, wash_trades
from trading.models import Order
from trading.order_spec import OrderSpec
from trading.order_types import OrderClass
from trading.rules import Facts
from trading.statuses import OrderStatus

UNDER_WAY = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
"""A change of which it is not known whether the broker has it. One that it did not have is no hindrance: of
two that arrive, the broker refuses the second."""
AT_MARKET = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)
"""In which the broker lets an order be replaced (Broker API, "Orders")."""
NOT_YET_AT_MARKET = (
    OrderStatus.ACCEPTED,
    OrderStatus.PENDING_NEW,
    OrderStatus.ACCEPTED_FOR_BIDDING,
    OrderStatus.PENDING_REVIEW,
)


class ChangeRefused(Exception):
    """The order cannot be changed now; the message says why. `field` is the input it is about."""

    field = ""


class CancelAndNew(ChangeRefused):
    """It cannot be changed at all, or not now: canceling it and placing another does the same."""


class NothingChanged(ChangeRefused):
    """The order would stay as it is."""


class TooFew(ChangeRefused):
    """More than that is filled already."""

    field = "qty"


def check_can_change(order: Order, under_way: Order | None = None) -> None:
    """Raises `ChangeRefused` unless the broker lets the order be replaced now.

    `under_way` is a change of it without a known outcome.
    """
    if order.status in statuses.CLOSED:
        raise ChangeRefused(f"This order is already {order.get_status_display().lower()}.")
    _check_can_ever_change(order)
    if order.is_unsettled:
        raise ChangeRefused("We are still finding out whether the broker has this order.")
    if under_way is not None or order.status == OrderStatus.PENDING_REPLACE:
        raise ChangeRefused("A change to this order is under way.")
    if order.cancel_requested_at or order.status == OrderStatus.PENDING_CANCEL:
        raise ChangeRefused("Cancellation was requested. The order may still fill.")
    if order.status == OrderStatus.HELD:
        raise ChangeRefused("This exit waits until its order has filled, and can be changed from then on.")
    if order.status in NOT_YET_AT_MARKET:
        raise CancelAndNew(
            "The broker has not passed this order on to the market so far, and it can be changed only there. "
            "Cancel it and place a new one, or wait."
        )
    if not changeable(order):
        raise CancelAndNew(
            "An order at market for a part of a share has nothing that can be changed. Cancel it and place a "
            "new one."
        )
    if order.status not in AT_MARKET:
        raise ChangeRefused("The broker does not let this order be changed at the moment.")


def _check_can_ever_change(order: Order) -> None:
    if not order.asset.is_offered:
        raise ChangeRefused(f"{order.asset.title} is not traded here: its order can only be canceled.")
    if order.notional is not None:
        raise CancelAndNew("An order in dollars cannot be changed. Cancel it and place a new one.")


def why_not(order: Order, under_way: Order | None = None) -> ChangeRefused | None:
    """What keeps the order from being changed; None if nothing does."""
    try:
        check_can_change(order, under_way)
    except ChangeRefused as refusal:
        return refusal
    return None


def changeable(order: Order) -> tuple[str, ...]:
    """The parts of the order that can be changed, by the names of `OrderSpec`.

    Parts of shares keep their number and their day, and exits the number and the time of their order.
    """
    is_whole = order.qty is not None and order.qty == order.qty.to_integral_value()
    is_pair = order.order_class == OrderClass.OCO
    names = []
    if is_whole and not order.is_exit and not is_pair:
        names.append("qty")
    if is_pair:
        names.append("take_profit_price")
    names += [
        name
        for name in ("limit_price", "stop_price", "trail_price", "trail_percent")
        if getattr(order, name) is not None
    ]
    if is_whole and not order.is_exit:
        names.append("time_in_force")
    return tuple(names)


def changed(order: Order, **values: Any) -> OrderSpec:
    """The whole order as it is to be, with these values for parts of it. Raises `ValueError`."""
    return replace(OrderSpec.of(order), replaces=order.pk, **values)


def check_change(order: Order, ticket: OrderSpec, facts: Facts, agreed: Decimal | None) -> None:
    """Raises `ChangeRefused` for a change that is none, or `TradeRefused` for what the difference needs.

    `agreed` is what the person agreed to borrow for it, USD.
    """
    before = OrderSpec.of(order)
    if not list(order_words.differences(before, ticket)):
        raise NothingChanged("Nothing of the order would change. Change something, or leave it as it is.")
    if ticket.qty is not None and ticket.qty <= order.filled_qty:
        raise TooFew(
            f"{shares(order.filled_qty)} of this order are filled already, so the number must be above that."
        )
    rules.check_account(ticket, facts.account)
    others = (each for each in facts.standing if order.pk not in (each.pk, each.parent_id))
    if in_the_way := wash_trades.first_to_meet(ticket, others):
        raise rules.WashTrade(in_the_way)
    if ticket.is_buy:
        _check_affordable(order, ticket, facts, agreed)
    elif (more := (ticket.qty or Decimal(0)) - (before.qty or Decimal(0))) > facts.free_qty:
        raise rules.SharesHeld(
            f"That sells {quantity(more)} more, and only {quantity(facts.free_qty)} are free to sell."
        )


def extra_cost(order: Order, ticket: OrderSpec, facts: Facts) -> Decimal:
    """What the change of a buy order needs on top of what is held for it, USD, 2 dp; below zero: less."""
    before = _left_to_pay(OrderSpec.of(order), order, facts)
    return quantize_cash(_left_to_pay(ticket, order, facts) - before)


def _left_to_pay(spec: OrderSpec, order: Order, facts: Facts) -> Decimal:
    expected = rules.estimate(spec, facts)
    if expected is None or spec.qty is None:
        return Decimal(0)
    return (spec.qty - order.filled_qty) * price_rules.highest_price(spec, expected.price)


def borrowing(order: Order, ticket: OrderSpec, facts: Facts) -> Decimal:
    """What the broker would lend for the change, USD, 2 dp."""
    if not ticket.is_buy:
        return Decimal(0)
    return max(quantize_cash(extra_cost(order, ticket, facts) - facts.spending.own), Decimal(0))


def _check_affordable(order: Order, ticket: OrderSpec, facts: Facts, agreed: Decimal | None) -> None:
    more = extra_cost(order, ticket, facts)
    if more > facts.account.buying_power:
        raise rules.NotEnoughBuyingPower(
            f"Not enough buying power: the change needs {usd(more)} more, and you have "
            f"{usd(facts.account.buying_power)}."
        )
    wanted = borrowing(order, ticket, facts)
    if wanted > (agreed or Decimal(0)) * (1 + rules.MOVED_TOO_FAR):
        raise rules.BorrowingNotAgreed(
            f"Nothing was sent: this change borrows about {usd(wanted)} from the broker. Tick that you want "
            "to borrow, or change less."
        )
