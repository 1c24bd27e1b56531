"""May this trade happen now? `check_x` raises with words for the person; `can_x` wraps it for pages. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from brokerapp.accounts.capabilities import AccountNotActive, check_account_active
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.money import plain, quantize_cash, quantize_shares
from trading import statuses
from trading.models import Asset, MarketClock, Order, Quote

MIN_VALUE = Decimal("1.00")
"""USD: the smallest order (Broker API, "Orders": cost basis must be at least 1)."""
MOVED_TOO_FAR = Decimal("0.01")
"""The fraction by which a price may move after the review page before the person is asked again."""


class TradeRefused(Exception):
    """The order may not be placed now; the message names what blocks it, `field` the input it is about."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class PriceMoved(TradeRefused):
    """The price is no longer the one that was reviewed."""


class CancelRefused(Exception):
    """The order cannot be canceled now; the message says why."""


@dataclass(frozen=True)
class Ticket:
    """What a person wants to trade, at market: either `qty` (shares, 9 dp) or `notional` (USD, 2 dp)."""

    asset: Asset
    side: str
    qty: Decimal | None = None
    notional: Decimal | None = None

    @property
    def is_buy(self) -> bool:
        return self.side == Order.Side.BUY

    @property
    def is_fractional(self) -> bool:
        """Whether it needs an asset that trades in fractions; dollars always do."""
        return self.qty is None or self.qty != self.qty.to_integral_value()


@dataclass(frozen=True)
class Facts:
    """What a ticket is judged by, as last synced. Quantities are of the ticket's asset."""

    account: BrokerageAccount
    held_qty: Decimal
    reserved_qty: Decimal
    """Shares that open sell orders will take."""
    quote: Quote | None
    clock: MarketClock | None

    @property
    def free_qty(self) -> Decimal:
        """Shares that can be sold."""
        return max(self.held_qty - self.reserved_qty, Decimal(0))


@dataclass(frozen=True)
class Estimate:
    """What a ticket should come to: USD per share, shares to 9 dp, USD to 2 dp."""

    price: Decimal
    qty: Decimal
    value: Decimal


def estimate(ticket: Ticket, facts: Facts) -> Estimate | None:
    """A market order's likely outcome; None without a price.

    Priced as the broker's buying-power check prices it: the far side of the quote while the market is open,
    the last trade while it is closed (Broker API, "Orders").
    """
    quote = facts.quote
    if quote is None:
        return None
    far_side = quote.ask if ticket.is_buy else quote.bid
    is_closed = facts.clock is not None and not facts.clock.is_open
    price = (quote.last or far_side) if is_closed else (far_side or quote.last)
    if not price:
        return None
    if ticket.notional is not None:
        return Estimate(price, quantize_shares(ticket.notional / price), ticket.notional)
    assert ticket.qty is not None
    return Estimate(price, ticket.qty, quantize_cash(ticket.qty * price))


def check_can_trade(ticket: Ticket, facts: Facts) -> None:
    """Raises `TradeRefused` with the first fact that blocks the ticket.

    A closed market blocks nothing: the order waits. A price we do not have is left to the broker to judge.
    """
    try:
        check_account_active(facts.account)
    except AccountNotActive as error:
        raise TradeRefused(str(error)) from error
    asset = ticket.asset
    if asset.status != Asset.ACTIVE:
        raise TradeRefused(f"{asset.title} is no longer traded.")
    if ticket.is_buy and not asset.tradable:
        raise TradeRefused(f"{asset.title} cannot be bought at the moment.", field="side")
    if ticket.is_fractional and not asset.fractionable:
        raise TradeRefused(f"{asset.title} trades in whole shares only.", field="amount")
    if ticket.is_buy:
        _check_affordable(ticket, facts)
    else:
        _check_held(ticket, facts)


def _check_affordable(ticket: Ticket, facts: Facts) -> None:
    expected = estimate(ticket, facts)
    value = expected.value if expected else ticket.notional
    if value is None:
        return
    if value < MIN_VALUE:
        raise TradeRefused(
            f"This comes to about {usd(value)}. The smallest order is {usd(MIN_VALUE)}.", field="amount"
        )
    available = facts.account.buying_power
    if value > available:
        about = "" if ticket.notional is not None else "about "
        raise TradeRefused(
            f"Not enough buying power: this comes to {about}{usd(value)} and you have {usd(available)}.",
            field="amount",
        )


def _check_held(ticket: Ticket, facts: Facts) -> None:
    name = ticket.asset.symbol
    if facts.held_qty <= 0:
        raise TradeRefused(f"You hold no shares of {name} to sell.", field="side")
    expected = estimate(ticket, facts)
    wanted = ticket.qty if ticket.qty is not None else expected.qty if expected else Decimal(0)
    if wanted <= facts.free_qty:
        return
    held = f"You hold {plain(facts.held_qty)} {name}"
    if facts.reserved_qty:
        held += f", and open orders are selling {plain(facts.reserved_qty)} of them"
    about = "" if ticket.qty is not None else "about "
    raise TradeRefused(
        f"{held}, so {plain(facts.free_qty)} can be sold and not {about}{plain(wanted)}.", field="amount"
    )


def check_price(seen: Decimal | None, ticket: Ticket, facts: Facts) -> None:
    """Raises `PriceMoved` if the price went more than 1% away from the one the person saw (USD per share)."""
    expected = estimate(ticket, facts)
    if seen and expected and abs(expected.price - seen) > seen * MOVED_TOO_FAR:
        raise PriceMoved(
            f"The price has moved from {usd(seen)} to {usd(expected.price)} since you reviewed this. "
            "Nothing was sent: please look again."
        )


def check_can_cancel(order: Order) -> None:
    """Raises `CancelRefused` unless the broker has the order and has not finished it."""
    if order.is_unsettled:
        raise CancelRefused("We are still finding out whether the broker has this order.")
    if order.status == statuses.OrderStatus.PENDING_REPLACE:
        raise CancelRefused("A change to this order is under way.")
    if order.status not in statuses.WORKING:
        raise CancelRefused(f"This order is already {order.get_status_display().lower()}.")
    if order.cancel_requested_at or order.status == statuses.OrderStatus.PENDING_CANCEL:
        raise CancelRefused("Cancellation was requested already. The order may still fill.")


def can_cancel(order: Order) -> bool:
    """Whether to offer cancellation."""
    try:
        check_can_cancel(order)
    except CancelRefused:
        return False
    return True


def usd(amount: Decimal) -> str:
    """`$1,234.56`, for sentences."""
    return f"${quantize_cash(amount):,.2f}"
