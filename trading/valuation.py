"""What an account is worth at the last synced prices. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils.functional import cached_property

from trading.asset_classes import AssetClass, asset_class_of, is_offered
from trading.day_change import NOT_KNOWN, DayChange, Moves, Priced, change_of
from trading.models import Position
from trading.models.instruments import may_be_split


class Held(NamedTuple):
    """What is read of a position and its quote, of which an account may have hundreds.

    `title` is its asset's.
    """

    symbol: str
    title: str
    qty: Decimal
    cost_basis: Decimal | None
    last: Decimal | None
    previous_close: Decimal | None
    asset_class: str
    """Alpaca's word."""

    @property
    def may_be_split(self) -> bool:
        """As of a `Quote`."""
        return may_be_split(self.last, self.previous_close)


@dataclass(eq=False)
class Holding:
    """A position beside its quote, if there is one. USD.

    `lots_cost` is what its lots had cost, first in, first out, where our books have all of its shares;
    `moves` is what the day's activities did to it. All else is worked out once, and only if asked for.
    """

    position: Held | Position
    quote: Priced | None
    lots_cost: Decimal | None = None
    moves: Moves | None = None

    @property
    def title(self) -> str:
        """What its asset is called."""
        return self.position.title if isinstance(self.position, Held) else self.position.asset.title

    @property
    def asset_class(self) -> str:
        """Alpaca's word."""
        position = self.position
        return position.asset_class if isinstance(position, Held) else position.asset.asset_class

    @property
    def kind(self) -> AssetClass:
        """What holds for all assets of its class."""
        return asset_class_of(self.asset_class)

    @property
    def is_offered(self) -> bool:
        """Whether it can be traded here."""
        return is_offered(self.asset_class)

    @cached_property
    def day(self) -> DayChange:
        """What the day made of it; not known where our books do not have its shares."""
        if self.lots_cost is None:
            return NOT_KNOWN
        return change_of(self.position.qty, self.quote, self.moves)

    @property
    def cost(self) -> Decimal | None:
        """Of the shares held: that of our lots, else the broker's figure."""
        return self.position.cost_basis if self.lots_cost is None else self.lots_cost

    @property
    def price(self) -> Decimal | None:
        """The last trade's."""
        return self.quote.last if self.quote else None

    @cached_property
    def value(self) -> Decimal | None:
        return None if self.price is None else self.position.qty * self.price

    @cached_property
    def gain(self) -> Decimal | None:
        """Value less cost: not realized. None if either is not known."""
        return None if self.value is None or self.cost is None else self.value - self.cost

    @property
    def gain_fraction(self) -> Decimal | None:
        """The gain as a fraction of the cost."""
        return self.gain / abs(self.cost) if self.gain is not None and self.cost else None


@dataclass(frozen=True)
class Valuation:
    """Cash and holdings together, USD. What is not known of one holding hides no figure of the others."""

    cash: Decimal
    count: int
    """How many holdings there are."""
    value: Decimal
    """Of the holdings that have a price; `unpriced` are the others."""
    cost: Decimal | None
    """Of the holdings whose gain is known; None if that of none is."""
    gain: Decimal | None
    """Of the holdings whose gain is known: not realized. None if that of none is."""
    unpriced: Sequence[str]
    """Symbols without a price."""
    without_gain: Sequence[str]
    """Symbols whose gain is not known."""
    newest: datetime | None
    """When the market made the newest of the prices."""
    priced_at: datetime | None
    """When the oldest of the prices was asked for."""

    @property
    def total(self) -> Decimal:
        """Cash, and the holdings that have a price."""
        return self.cash + self.value

    @property
    def gain_fraction(self) -> Decimal | None:
        """The gain as a fraction of the cost."""
        return self.gain / abs(self.cost) if self.gain is not None and self.cost else None
