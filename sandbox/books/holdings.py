"""Long and short positions: how shares come and go, what they are worth, what they bind. Pure.

The shares of a short position are a negative number, and so are its value and its cost.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from sandbox.instruments.asset_classes import asset_class_of
from sandbox.state import rows
from sandbox.state.rows import ZERO

CENT, NINE_PLACES = Decimal("0.01"), Decimal("0.000000001")
HALF = Decimal("0.5")
# Of the value; a short share below $5 binds all of its value, at least $2.50, any other at least $5.
LONG_MAINTENANCE = SHORT_MAINTENANCE = Decimal("0.30")
CHEAP, LEAST, LEAST_OF_CHEAP = Decimal(5), Decimal(5), Decimal("2.50")


class Holdings(NamedTuple):
    """What an account's positions are worth: USD, 2 dp. ``short`` is 0 or negative."""

    long: Decimal = ZERO
    short: Decimal = ZERO
    short_maintenance: Decimal = ZERO
    short_proceeds: Decimal = ZERO  # what the shares owed were sold for
    long_options: Decimal = ZERO
    short_options: Decimal = ZERO  # 0 or negative; what stands behind them is reserved elsewhere
    coins: Decimal = ZERO  # the part of ``long`` that nothing is lent on

    @property
    def total(self) -> Decimal:
        return self.long + self.short + self.long_options + self.short_options

    @property
    def initial_margin(self) -> Decimal:
        """Half of the shares held and of those owed (Regulation T); all that options and coins are worth."""
        return (self.long + self.coins - self.short) * HALF + self.long_options

    @property
    def maintenance_margin(self) -> Decimal:
        lent_on = _cents((self.long - self.coins) * LONG_MAINTENANCE)
        return lent_on + self.coins + self.short_maintenance + self.long_options

    @property
    def locked(self) -> Decimal:
        """Cash that stands behind the short positions: their proceeds, or their value if that is more, and
        half of the value as their margin (Regulation T: 150% in all)."""
        return max(self.short_proceeds, -self.short) - self.short * HALF


def worth(parts: Iterable[tuple[str, Decimal, Decimal, Decimal]]) -> Holdings:
    """Of symbols with their shares or contracts, price and average entry price."""
    long = short = required = proceeds = long_options = short_options = coins = ZERO
    for symbol, qty, price, entry_price in parts:
        kind = asset_class_of(symbol)
        if kind.is_contract:
            long_options += max(qty, ZERO) * price * kind.multiplier
            short_options += min(qty, ZERO) * price * kind.multiplier
        elif qty > 0:
            long += qty * price
            coins += ZERO if kind.is_lent_on else qty * price
        elif qty:
            short += qty * price
            required -= qty * _maintenance(price)
            proceeds -= qty * entry_price
    sums = (long, short, required, proceeds, long_options, short_options, coins)
    return Holdings(*map(_cents, sums))


def add_shares(position: rows.Position, qty: Decimal, price: Decimal) -> None:
    """Change a position by ``qty`` (signed). Shares that add to it count into its average price."""
    before, after = position.qty, position.qty + qty
    if not after:
        average = ZERO
    elif not before or (before > 0) != (after > 0):
        average = price
    elif (before > 0) == (qty > 0):
        average = ((before * position.avg_entry_price + qty * price) / after).quantize(NINE_PLACES)
    else:
        average = position.avg_entry_price
    position.qty, position.avg_entry_price = after, average


def nearest_to_zero(first: Decimal, second: Decimal) -> Decimal:
    """The shares that two positions have in common; 0 when one is long and the other short."""
    if (first > 0) != (second > 0):
        return ZERO
    return min(first, second, key=abs)


def _maintenance(price: Decimal) -> Decimal:
    """USD that one short share binds."""
    return max(price, LEAST_OF_CHEAP) if price < CHEAP else max(price * SHORT_MAINTENANCE, LEAST)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP) if amount else ZERO
