"""Orders for shares: how they are checked, what they reserve, how they are booked and settle.

The same questions are answered for coins by ``crypto/coins.py`` and for options by ``options/contracts.py``,
which inherit what is no different there.
"""

import datetime as dt
from decimal import ROUND_UP, Decimal
from typing import Any

from sandbox.books import ledger
from sandbox.books.holdings import add_shares
from sandbox.instruments.asset_classes import SHARES, AssetClass
from sandbox.instruments.assets import Asset
from sandbox.kernel import trading_calendar
from sandbox.orders import short_sales
from sandbox.orders import states as order_states
from sandbox.orders.combinations import STANDING, UNTRIGGERED, check_combination
from sandbox.orders.tickets import Ticket
from sandbox.orders.triggers import collar
from sandbox.state import rows
from sandbox.state.api import forbidden, text_of, unprocessable
from sandbox.state.rows import ZERO
from sandbox.state.world import World

NINE_PLACES = Decimal("0.000000001")
LEAST_COST = Decimal(1)


class ShareTrading:
    """What orders do in this asset class. Checks raise a 403 or 422 Refusal."""

    asset_class: AssetClass = SHARES
    most_qty = Decimal(10**9)
    closing_time_in_force = "day"
    has_fractional_setting = True  # the account's configuration can forbid fractions

    # What an order must look like

    def check_words(self, kind: str, time_in_force: str, order_class: str, body: dict[str, Any]) -> None:
        """Type, time in force, class and hours, before sizes and prices are read."""

    def check_ticket(self, ticket: Ticket) -> None:
        """What goes together, and the steps of quantities."""
        check_combination(ticket)

    def check_account(self, account: rows.Account) -> None:
        """Whether the account may trade this class at all."""

    def check_new_qty(self, asset: Asset, old: Decimal, qty: Decimal) -> None:
        """Of an order that replaces one for ``old``."""
        if qty != qty.to_integral_value() or old != old.to_integral_value():
            raise unprocessable("qty of fractional orders cannot be replaced")

    def check_new_time(self, asset: Asset, order: rows.Order, time_in_force: str) -> None:
        """Of an order that replaces one."""
        assert order.qty is not None
        if order.qty != order.qty.to_integral_value() and time_in_force != "day":
            raise unprocessable("fractional orders must be DAY orders")
        if time_in_force not in STANDING and (self._must_stand(order) or asset.exchange == "OTC"):
            raise unprocessable(f"{order.type} order must be a DAY or GTC order")

    def _must_stand(self, order: rows.Order) -> bool:
        return bool(order.order_class) or order.extended_hours or order.type not in UNTRIGGERED

    # What it reserves

    def reserve(self, world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> None:
        """USD to open a position, units to close one.

        A sale closes a long position, and a buy a short one; an order never goes through zero.
        """
        position = world.store.positions.get(f"{account.id}:{order.symbol}")
        existing = position.qty if position else ZERO
        order.short = existing < 0 if order.side == "buy" else existing <= 0
        if not order.reserves_cash:
            assert position is not None
            amount = _shares_for(world, order, position, now)
        elif order.short:
            short_sales.check_may_open(world, account, order, now)
            amount = _cash_for(world, account, order, now)
        else:
            short_sales.check_no_short_sale(world, account, order)
            amount = _cash_for(world, account, order, now)
        order_states.hold(world, order, amount, now)

    def spendable(self, world: World, order: rows.Order, now: dt.datetime) -> Decimal:
        """USD that it may cost beyond what it reserves."""
        account = world.store.accounts.rows[order.account_id]
        return ledger.buying_power(world, account, world.store.ledgers.rows[account.id], now)

    # How it is booked and settles

    def add(
        self, world: World, position: rows.Position, qty: Decimal, price: Decimal, now: dt.datetime
    ) -> None:
        """Change a position by ``qty`` (signed) at a price."""
        add_shares(position, qty, price)

    def charge_fee(
        self, world: World, order: rows.Order, position: rows.Position, qty: Decimal, price: Decimal,
        now: dt.datetime,
    ) -> None:  # fmt: skip
        """Book what one execution costs beside its price."""

    def settles_on(self, day: dt.date) -> dt.date:
        """When an execution of a New York date settles."""
        return trading_calendar.settlement_date(day)


def _cash_for(world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> Decimal:
    """USD, 2 dp: what the order may cost at the price the vendor checks."""
    cost = order.notional
    if cost is None:
        assert order.qty is not None
        left = order.qty - order.filled_qty
        cost = (left * _check_price(world, order, now)).quantize(ledger.CENT, ROUND_UP)
    if _is_fractional(order) and cost < LEAST_COST:
        raise forbidden("cost basis must be >= minimal amount of order 1")
    money = world.store.ledgers.rows[account.id]
    power = ledger.buying_power(world, account, money, now)
    if cost > power:
        raise forbidden("insufficient buying power", buying_power=text_of(power), cost_basis=text_of(cost))
    return cost


def _check_price(world: World, order: rows.Order, now: dt.datetime) -> Decimal:
    """The limit price; what a stop may pay; else the ask, or the last trade while the market is closed."""
    if not order.short:
        if order.limit_price is not None:
            return order.limit_price
        if order.stop_price is not None:
            return collar(order.stop_price)
    price = (
        world.prices.quote(order.symbol, now).ask
        if world.is_open(now)
        else world.prices.trade(order.symbol, now)
    )
    return short_sales.opening_price(order, price) if order.short else price


def _shares_for(world: World, order: rows.Order, position: rows.Position, now: dt.datetime) -> Decimal:
    """Shares, 9 dp, of a long position for a sale, of a short one for a buy."""
    qty = order.qty
    if order.short and _is_fractional(order) and position.qty == position.qty.to_integral_value():
        raise unprocessable("fractional orders cannot cover a short position of whole shares")
    if qty is None:
        assert order.notional is not None
        quote = world.prices.quote(order.symbol, now)
        price = order.limit_price or (quote.ask if order.short else quote.bid)
        qty = (order.notional / price).quantize(NINE_PLACES, ROUND_UP)
    if qty > abs(position.qty - position.held):
        raise _not_enough(order, qty, position)
    return qty


def _not_enough(order: rows.Order, qty: Decimal, position: rows.Position) -> Exception:
    available = text_of(abs(position.qty - position.held))
    return forbidden(
        f"insufficient qty available for order (requested: {text_of(qty)}, available: {available})",
        available=available, existing_qty=text_of(position.qty), held_for_orders=text_of(abs(position.held)),
        symbol=order.symbol,
    )  # fmt: skip


def _is_fractional(order: rows.Order) -> bool:
    return order.qty is None or order.qty != order.qty.to_integral_value()
