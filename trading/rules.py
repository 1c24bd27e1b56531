"""May this trade happen now? `check_x` raises with words for the person; `can_x` wraps it for pages. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from brokerapp.accounts.capabilities import AccountRefused, Capability, check
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.money import quantity, quantize_cash, quantize_shares, usd
from trading import hours, price_rules, statuses, wash_trades
from trading.legality import Situation, Size
from trading.models import Asset, MarketClock, Order, Quote
from trading.order_spec import OrderSpec
from trading.spending import Spending, spending

CAPABILITIES: dict[str, Capability] = {Order.Side.BUY: Capability.BUY, Order.Side.SELL: Capability.SELL}
MOVED_TOO_FAR = Decimal("0.01")
"""The fraction by which a price may move after the review page before the person is asked again."""


class TradeRefused(Exception):
    """The order may not be placed now; the message names what blocks it, `field` the input it is about."""

    field = ""


class MayNotTrade(TradeRefused):
    """The account may not trade in this direction."""


class NotOffered(TradeRefused):
    """Assets of its class are not traded here."""


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


class AtInput(TradeRefused):
    """About one input, which only the case tells."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


class NotTogether(AtInput):
    """What was chosen does not go together (`trading.legality`)."""


class WrongPrice(AtInput):
    """A price that cannot be (`trading.price_rules`)."""


class WashTrade(TradeRefused):
    """An open order of the account could trade with it."""

    def __init__(self, other: Order) -> None:
        super().__init__(wash_trades.words(other))
        self.other = other


class PriceMoved(TradeRefused):
    """The price is no longer the one that was reviewed."""


class PriceTooOld(TradeRefused):
    """There is no fresh price, and the person was not told so."""


class CautionsNotRead(TradeRefused):
    """There is something to be read first."""


class CancelRefused(Exception):
    """The order cannot be canceled now; the message says why."""


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
    standing: Sequence[Order] = ()
    """Open orders for the asset, of both sides."""
    listed: Sequence[Order] = ()
    """The same as lists show them, newest first."""
    at: datetime | None = None
    """When they were true; without it, no hour of the day is too late for an auction."""

    @property
    def spending(self) -> Spending:
        """Own cash, and what could be borrowed."""
        return spending(self.account, self.claimed_cash)

    @property
    def free_qty(self) -> Decimal:
        """Shares that can be sold."""
        return max(self.held_qty - self.reserved_qty, Decimal(0))

    @property
    def last_price(self) -> Decimal | None:
        """The last trade's, USD per share; None if it is not known."""
        return self.quote.last if self.quote else None

    def situation(self, asset: Asset) -> Situation:
        """What they mean for which orders are offered."""
        return Situation(
            fractionable=asset.fractionable,
            fractions_extended=asset.trades_fractions_extended,
            over_the_counter=asset.is_over_the_counter,
            holds=self.held_qty > 0,
            is_closed=asset.kind.is_closed(self.clock),
            shut=hours.shut_auctions(self.clock, self.at) if self.at else {},
        )


@dataclass(frozen=True)
class Estimate:
    """What a ticket should come to: USD per share, shares to 9 dp, USD to 2 dp."""

    price: Decimal
    qty: Decimal
    value: Decimal
    most: Decimal
    """What a purchase may cost at the most, for which the broker sets cash aside."""


def estimate(ticket: OrderSpec, facts: Facts) -> Estimate | None:
    """An order's likely outcome; None without a price.

    Priced as the broker's buying-power check prices it: its limit, its stop, else the far side of the quote
    while the market is open and the last trade while it is closed (Broker API, "Orders").
    """
    price = price_rules.likely_price(ticket, market_price(ticket, facts), facts.last_price)
    if not price or price <= 0:
        return None
    if ticket.notional is not None:
        return Estimate(price, quantize_shares(ticket.notional / price), ticket.notional, ticket.notional)
    assert ticket.qty is not None
    most = ticket.qty * price_rules.highest_price(ticket, price)
    return Estimate(price, ticket.qty, quantize_cash(ticket.qty * price), quantize_cash(most))


def market_price(ticket: OrderSpec, facts: Facts) -> Decimal | None:
    """What the market would pay or ask now, USD per share; None if that is not known."""
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
    if ticket.is_fractional and not asset.fractionable:
        raise WholeSharesOnly(f"{asset.title} trades in whole {asset.kind.unit}s only.")
    _check_together(ticket, facts)
    if wrong := price_rules.problem(ticket, facts.last_price):
        raise WrongPrice(wrong[1], wrong[0])
    if in_the_way := wash_trades.first_to_meet(ticket, facts.standing):
        raise WashTrade(in_the_way)
    if ticket.is_buy:
        _check_affordable(ticket, facts)
    else:
        _check_held(ticket, facts)


def _check_together(ticket: OrderSpec, facts: Facts) -> None:
    choice = ticket.choice
    for conflict in ticket.asset.kind.orders.conflicts(choice, facts.situation(ticket.asset)):
        raise NotTogether(conflict.words, input_of(conflict.parts[0], choice.order_class, choice.size))


def input_of(part: str, order_class: str, size: str) -> str:
    """The ticket's input that says this part of a choice."""
    if part == "size":
        return "unit" if size == Size.DOLLARS else "amount"
    if part == "order_class":
        return "type" if order_class == Order.Class.OCO else "exits"
    return part


def check_asset(asset: Asset, side: str) -> None:
    """Raises `NotOffered`, `NoLongerTraded` or `NotTradable`."""
    if not asset.is_offered:
        raise NotOffered(f"{asset.title} is not traded here. What you hold of it is shown, and stays yours.")
    if asset.status != Asset.ACTIVE:
        raise NoLongerTraded(f"{asset.title} is no longer traded.")
    if side == Order.Side.BUY and not asset.tradable:
        raise NotTradable(f"{asset.title} cannot be bought at the moment.")
    if side == Order.Side.BUY and asset.is_barred_partnership:
        raise NotTradable(
            f"{asset.title} is a partnership from whose sale tax would be withheld: it cannot be bought here."
        )


def check_account(ticket: OrderSpec, account: BrokerageAccount) -> None:
    """Raises `MayNotTrade` with what keeps the account from this."""
    try:
        check(account, CAPABILITIES[ticket.side])
        if ticket.is_buy and (of_class := ticket.asset.kind.capability):
            check(account, of_class)
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
    most = expected.most if expected else value
    if most > facts.account.buying_power:
        about = "" if ticket.notional is not None else "about "
        if most > value:
            about = "up to "
        yours = facts.spending
        lent = f" of your own and could borrow {usd(yours.could_borrow)}" if yours.could_borrow else ""
        raise NotEnoughBuyingPower(
            f"Not enough buying power: this comes to {about}{usd(most)} and you have {usd(yours.own)}{lent}."
        )


def borrowing(ticket: OrderSpec, facts: Facts) -> Decimal:
    """What the broker would lend for it, USD, 2 dp; without a price, the most that it can come to."""
    if not ticket.is_buy:
        return Decimal(0)
    expected = estimate(ticket, facts)
    value = expected.most if expected else ticket.notional
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
    if ticket.notional is not None and ticket.limit_price is not None:
        # The broker sets shares aside for the worst price that it may trade at.
        wanted = max(wanted, quantize_shares(ticket.notional / ticket.limit_price))
    if wanted <= facts.free_qty:
        return
    about = "" if ticket.qty is not None else "about "
    so = f"so {quantity(facts.free_qty)} can be sold and not {about}{quantity(wanted)}."
    held = f"You hold {quantity(facts.held_qty)} {name}"
    if facts.reserved_qty:
        raise SharesHeld(f"{held}, and open orders are selling {quantity(facts.reserved_qty)} of them, {so}")
    raise NotEnoughShares(f"{held}, {so}")


def check_price(seen: Decimal | None, ticket: OrderSpec, facts: Facts) -> None:
    """Raises `PriceMoved` if the market is not where the person saw it (`seen`: `market_price`, USD).

    What trades at the market's price is asked again after 1%; what has a price of its own if it would trade
    at once now and would not have then, or the other way round.
    """
    price = market_price(ticket, facts)
    if not seen or not price:
        return
    moved = f"The price has moved from {usd(seen)} to {usd(price)} since you reviewed this"
    if ticket.type in (Order.Type.MARKET, Order.Type.TRAILING_STOP):
        if abs(price - seen) > seen * MOVED_TOO_FAR:
            raise PriceMoved(f"{moved}. Nothing was sent: please look again.")
    elif is_reached(ticket, price) and not is_reached(ticket, seen):
        raise PriceMoved(f"{moved}, so that it would trade at once now. Nothing was sent: please look again.")
    elif is_reached(ticket, seen) and not is_reached(ticket, price):
        raise PriceMoved(f"{moved}, so that it would now wait. Nothing was sent: please look again.")


def is_reached(ticket: OrderSpec, price: Decimal) -> bool:
    """Whether a simple limit order would trade at a price of the market."""
    if ticket.type != Order.Type.LIMIT or ticket.limit_price is None:
        return False
    return price <= ticket.limit_price if ticket.is_buy else price >= ticket.limit_price


def check_price_age(was_told: bool, facts: Facts, now: datetime) -> None:
    """Raises `PriceTooOld` unless the price is fresh, or the person was told that it is not (`was_told`)."""
    if facts.quote is not None and not facts.quote.is_stale(now):
        return
    if not was_told:
        raise PriceTooOld(
            "Nothing was sent: we could not get a fresh price just now. Below is the last one we know, and "
            "how old it is. Place the order again if you still want it."
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
