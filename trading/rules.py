"""May this trade happen now? `check_x` raises with words for the person; `can_x` wraps it for pages. Pure."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from brokerapp.accounts.capabilities import AccountRefused, Capability, check
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.money import CENT, plain, quantity, quantize_cash, quantize_shares, usd
from trading import asset_classes, statuses
from trading.models import Asset, MarketClock, Order, Quote
from trading.order_spec import OrderSpec

MIN_VALUE = asset_classes.US_EQUITY.smallest_order
"""USD: the smallest order (Broker API, "Orders": cost basis must be at least 1)."""
CAPABILITIES: dict[str, Capability] = {Order.Side.BUY: Capability.BUY, Order.Side.SELL: Capability.SELL}
MOVED_TOO_FAR = Decimal("0.01")
"""The fraction by which a price may move after the review page before the person is asked again."""


class TradeRefused(Exception):
    """The order may not be placed now; the message names what blocks it, `field` the input it is about."""

    field = ""


class MayNotTrade(TradeRefused):
    """The account may not trade in this direction."""


class NoLongerTraded(TradeRefused):
    """The asset is not listed any more."""


class NotTradable(TradeRefused):
    """The asset can only be sold."""

    field = "side"


class WholeSharesOnly(TradeRefused):
    """The asset does not trade in fractions or dollars."""

    field = "amount"


class TooSmall(TradeRefused):
    """Below the smallest order."""

    field = "amount"


class NotEnoughBuyingPower(TradeRefused):
    """It costs more than there is to spend."""

    field = "amount"


class BorrowingNotAgreed(TradeRefused):
    """It would borrow from the broker, more than the person has agreed to."""


class NothingHeld(TradeRefused):
    """There is nothing to sell."""

    field = "side"


class NotEnoughShares(TradeRefused):
    """More than is held was to be sold."""

    field = "amount"


class SharesHeld(NotEnoughShares):
    """Open orders are selling the shares already."""


class PriceMoved(TradeRefused):
    """The price is no longer the one that was reviewed."""


class CancelRefused(Exception):
    """The order cannot be canceled now; the message says why."""


@dataclass(frozen=True)
class Spending:
    """What an account may spend on orders, USD: its own cash, and what the broker would lend on top."""

    own: Decimal
    could_borrow: Decimal

    @property
    def most(self) -> str:
        """The digits of an order for all of the own cash; empty if that is less than the smallest order."""
        whole_cents = self.own.quantize(CENT, rounding=ROUND_DOWN)
        return plain(whole_cents) if whole_cents >= MIN_VALUE else ""


def spending(account: BrokerageAccount, claimed: Decimal) -> Spending:
    """Buying power apart by whose money it is; `claimed` is own cash that other orders take, USD."""
    power = max(account.buying_power, Decimal(0))
    if not account.may_borrow:
        return Spending(power, Decimal(0))
    own = min(max(account.cash - claimed, Decimal(0)), power)
    return Spending(own, power - own)


@dataclass(frozen=True)
class Facts:
    """What a ticket is judged by, as last synced. Quantities are of the ticket's asset."""

    account: BrokerageAccount
    held_qty: Decimal
    reserved_qty: Decimal
    """Shares that open sell orders will take."""
    quote: Quote | None
    clock: MarketClock | None
    claimed_cash: Decimal = Decimal(0)
    """USD that buy orders take which the balances do not show yet."""

    @property
    def spending(self) -> Spending:
        """Own cash, and what could be borrowed."""
        return spending(self.account, self.claimed_cash)

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


def estimate(ticket: OrderSpec, facts: Facts) -> Estimate | None:
    """An order's likely outcome; None without a price.

    Priced as the broker's buying-power check prices it: its limit, else the far side of the quote while the
    market is open and the last trade while it is closed (Broker API, "Orders").
    """
    price = ticket.limit_price or _market_price(ticket, facts)
    if not price:
        return None
    if ticket.notional is not None:
        return Estimate(price, quantize_shares(ticket.notional / price), ticket.notional)
    assert ticket.qty is not None
    return Estimate(price, ticket.qty, quantize_cash(ticket.qty * price))


def _market_price(ticket: OrderSpec, facts: Facts) -> Decimal | None:
    quote = facts.quote
    if quote is None:
        return None
    far_side = quote.ask if ticket.is_buy else quote.bid
    if ticket.asset.kind.is_closed(facts.clock):
        return quote.last or far_side
    return far_side or quote.last


def check_can_trade(ticket: OrderSpec, facts: Facts) -> None:
    """Raises `TradeRefused` with the first fact that blocks the ticket.

    A closed market blocks nothing: the order waits. A price we do not have is left to the broker to judge.
    """
    check_account(ticket, facts.account)
    asset = ticket.asset
    check_asset(asset, ticket.side)
    in_dollars = ticket.notional is not None and not asset.kind.takes_dollars
    if in_dollars or (ticket.is_fractional and not asset.fractionable):
        raise WholeSharesOnly(f"{asset.title} trades in whole {asset.kind.unit}s only.")
    if ticket.is_buy:
        _check_affordable(ticket, facts)
    else:
        _check_held(ticket, facts)


def check_asset(asset: Asset, side: str) -> None:
    """Raises `NoLongerTraded` or `NotTradable`."""
    if asset.status != Asset.ACTIVE:
        raise NoLongerTraded(f"{asset.title} is no longer traded.")
    if side == Order.Side.BUY and not asset.tradable:
        raise NotTradable(f"{asset.title} cannot be bought at the moment.")


def check_account(ticket: OrderSpec, account: BrokerageAccount) -> None:
    """Raises `MayNotTrade` with what keeps the account from this."""
    try:
        check(account, CAPABILITIES[ticket.side])
    except AccountRefused as error:
        raise MayNotTrade(str(error)) from error


def _check_affordable(ticket: OrderSpec, facts: Facts) -> None:
    expected = estimate(ticket, facts)
    value = expected.value if expected else ticket.notional
    if value is None:
        return
    smallest = ticket.asset.kind.smallest_order
    if value < smallest:
        raise TooSmall(f"This comes to about {usd(value)}. The smallest order is {usd(smallest)}.")
    if value > facts.account.buying_power:
        about = "" if ticket.notional is not None else "about "
        yours = facts.spending
        lent = f" of your own and could borrow {usd(yours.could_borrow)}" if yours.could_borrow else ""
        raise NotEnoughBuyingPower(
            f"Not enough buying power: this comes to {about}{usd(value)} and you have {usd(yours.own)}{lent}."
        )


def borrowing(ticket: OrderSpec, facts: Facts) -> Decimal:
    """What the broker would lend for it, USD, 2 dp; without a price, the most that it can come to."""
    if not ticket.is_buy:
        return Decimal(0)
    expected = estimate(ticket, facts)
    value = expected.value if expected else ticket.notional
    if value is None:
        return quantize_cash(facts.spending.could_borrow)
    return max(quantize_cash(value - facts.spending.own), Decimal(0))


def check_borrowing(agreed: Decimal | None, ticket: OrderSpec, facts: Facts) -> None:
    """Raises `BorrowingNotAgreed` if it borrows, and more than the person agreed to (USD; None: to nothing).

    As with its price, a hundredth of the order may come on top before the person is asked again.
    """
    wanted = borrowing(ticket, facts)
    if not wanted:
        return
    if agreed is None:
        raise BorrowingNotAgreed(
            f"Nothing was sent: this order borrows about {usd(wanted)} from the broker. Tick that you want "
            "to borrow, or order less."
        )
    expected = estimate(ticket, facts)
    if wanted - agreed > (expected.value if expected else wanted) * MOVED_TOO_FAR:
        raise BorrowingNotAgreed(
            f"Nothing was sent: this order now borrows about {usd(wanted)} from the broker, and you agreed "
            f"to {usd(agreed)}. Please look again."
        )


def _check_held(ticket: OrderSpec, facts: Facts) -> None:
    name = ticket.asset.symbol
    if facts.held_qty <= 0:
        raise NothingHeld(f"You hold no {ticket.asset.kind.unit}s of {name} to sell.")
    expected = estimate(ticket, facts)
    wanted = ticket.qty if ticket.qty is not None else expected.qty if expected else Decimal(0)
    if wanted <= facts.free_qty:
        return
    about = "" if ticket.qty is not None else "about "
    so = f"so {quantity(facts.free_qty)} can be sold and not {about}{quantity(wanted)}."
    held = f"You hold {quantity(facts.held_qty)} {name}"
    if facts.reserved_qty:
        raise SharesHeld(f"{held}, and open orders are selling {quantity(facts.reserved_qty)} of them, {so}")
    raise NotEnoughShares(f"{held}, {so}")


def check_price(seen: Decimal | None, ticket: OrderSpec, facts: Facts) -> None:
    """Raises `PriceMoved` if the price went more than 1% away from the one the person saw (USD per share)."""
    expected = estimate(ticket, facts)
    if seen and expected and abs(expected.price - seen) > seen * MOVED_TOO_FAR:
        raise PriceMoved(
            f"The price has moved from {usd(seen)} to {usd(expected.price)} since you reviewed this. "
            "Nothing was sent: please look again."
        )


def check_can_cancel(order: Order) -> None:
    """Raises `CancelRefused` unless the broker has not finished the order, or was never sent it."""
    if is_waiting(order):
        return
    if order.is_unsettled:
        raise CancelRefused("We are still finding out whether the broker has this order.")
    if order.status == statuses.OrderStatus.PENDING_REPLACE:
        raise CancelRefused("A change to this order is under way.")
    if order.status not in statuses.WORKING:
        raise CancelRefused(f"This order is already {order.get_status_display().lower()}.")
    if order.status == statuses.OrderStatus.HELD and order.is_exit:
        raise CancelRefused("This exit waits for its order, and is canceled together with it.")
    if order.cancel_requested_at or order.status == statuses.OrderStatus.PENDING_CANCEL:
        raise CancelRefused("Cancellation was requested already. The order may still fill.")


def is_waiting(order: Order) -> bool:
    """Whether it could not be sent so far and is tried again."""
    return (
        order.status == statuses.OrderStatus.SUBMITTING
        and order.claimed_at is None
        and order.failed_sends > 0
    )


def can_cancel(order: Order) -> bool:
    """Whether to offer cancellation."""
    try:
        check_can_cancel(order)
    except CancelRefused:
        return False
    return True
