"""What books are made of: activities as they take them, lots, what was closed, what came and went.

Pure. USD to the cent, shares to 9 dp.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Group(StrEnum):
    """What cash that no trade moved means to the account's owner."""

    FLOW = "flow"
    DIVIDEND = "dividends"
    INTEREST = "interest"
    FEE = "fees"
    OTHER = "other"
    CREDIT = "credit"


FILL, SPLIT, RENAMED = "FILL", "SPLIT", "NC"
SHARES_IN_OUT = ("JNLS", "ACATS")
"""Shares from or to elsewhere: like money, they are no gain."""
REORGANIZED = ("SPIN", "REORG", "MA")
"""Shares come of other shares, or in their place. No activity says how their cost divides."""
EXERCISED = ("OPEXC", "OPASN", "OPEXP", "OPTRD", "CFEE")
SHARES_EXCHANGED = (*REORGANIZED, *EXERCISED)
MOVES_SHARES = (FILL, SPLIT, RENAMED, *SHARES_IN_OUT, *SHARES_EXCHANGED)
"""Of these a quantity is a change of what is held; of dividends and others it is not."""
FLOWS = ("CSD", "CSW", "JNLC", "ACATC", "OCT")
DIVIDENDS = ("DIV", "DIVCGL", "DIVCGS", "DIVNRA", "DIVROC", "DIVTXEX", "DIVWH", "CGD")
_GROUPS = {
    **dict.fromkeys(FLOWS, Group.FLOW),
    **dict.fromkeys(DIVIDENDS, Group.DIVIDEND),
    **dict.fromkeys(("INT", "INTPNL", "SWP"), Group.INTEREST),
    **dict.fromkeys(("FEE", "CFEE", "PTC"), Group.FEE),
    # Lent until money arrives; the equity is without it.
    "MEM": Group.CREDIT,
}


def group_of(kind: str) -> Group:
    """What cash of an activity of that type (Alpaca's word) means; tax withheld is part of the dividends."""
    return _GROUPS.get(kind, Group.OTHER)


@dataclass(frozen=True)
class Entry:
    """One activity. By `cash` (USD) and `qty` (shares of `symbol`) the account had more, or less if negative.

    `previous` is the reference of what it corrects or, with `takes_back`, undoes, if the broker tells.
    """

    reference: str
    kind: str
    at: datetime
    day: date
    cash: Decimal = ZERO
    symbol: str = ""
    qty: Decimal = ZERO
    price: Decimal | None = None
    order: str = ""
    previous: str = ""
    takes_back: bool = False
    group: str = ""
    """What is shared by entries that belong together; "" if the broker does not tell."""
    came_of: str = ""
    """Of shares of a spin-off, the symbol of the company that they come of, if that is known."""

    @property
    def event(self) -> tuple[str, str]:
        """What entries of one reorganization share."""
        return (self.kind, self.group or self.day.isoformat())

    @property
    def moved(self) -> Decimal:
        """Shares by which the holding changed; 0 of a dividend, whose quantity it was paid on."""
        return self.qty if self.symbol and self.kind in MOVES_SHARES else ZERO


@dataclass(frozen=True)
class Lot:
    """Shares bought at once. Of shares owed, `qty` is negative, and so is `cost`: what they brought."""

    symbol: str
    opened_on: date
    qty: Decimal
    cost: Decimal
    is_cost_known: bool = True


@dataclass(frozen=True)
class Closing:
    """A lot, or a part of one, that was sold, or covered if it was owed (`qty` is negative then).

    Not a sale: shares that went elsewhere, at what they were worth then.
    """

    symbol: str
    opened_on: date
    closed_on: date
    qty: Decimal
    proceeds: Decimal
    cost: Decimal
    is_sale: bool = True
    is_cost_known: bool = True

    @property
    def gain(self) -> Decimal:
        return self.proceeds - self.cost

    @property
    def is_long_term(self) -> bool:
        """Held for more than a year, counted from the day after it was bought (26 U.S.C. § 1222)."""
        opened, closed = self.opened_on, self.closed_on
        return self.qty > 0 and (closed.year - 1, closed.month, closed.day) > (
            opened.year,
            opened.month,
            opened.day,
        )


@dataclass(frozen=True)
class Flow:
    """Money, or shares at what they were worth (with their symbol), that came in, or went out if negative."""

    day: date
    amount: Decimal
    kind: str
    symbol: str = ""
    number: int = 0
