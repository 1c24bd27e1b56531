"""An account's books, worked out from its activities: cash, lots, what was gained, what came in and went out.

Pure. USD to the cent, shares to 9 dp. Lots are sold first in, first out; the broker's API tells of none, so
these are ours. Every cent of an activity goes to one place, so that at any prices, exactly,

    cash + worth of the lots = what came in − what went out
                             + realized gains + (worth − cost of the lots)
                             + dividends + interest + fees + other
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from brokerapp.units.money import quantize_cash, quantize_shares

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
SHARES_EXCHANGED = ("SPIN", "REORG", "MA", "OPEXC", "OPASN", "OPEXP", "OPTRD", "CFEE")
"""Of these a quantity is a change of what is held; of dividends and others it is not."""
MOVES_SHARES = (FILL, SPLIT, RENAMED, *SHARES_IN_OUT, *SHARES_EXCHANGED)
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


@dataclass
class Books:
    """What the activities of an account add up to. USD."""

    cash: Decimal = ZERO
    lots: dict[str, deque[Lot]] = field(default_factory=lambda: defaultdict(deque))
    closings: list[Closing] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    totals: dict[Group, Decimal] = field(default_factory=lambda: dict.fromkeys(Group, ZERO))

    @property
    def held(self) -> list[Lot]:
        """All lots, by symbol, the oldest first."""
        return [lot for symbol in sorted(self.lots) for lot in self.lots[symbol]]

    @property
    def realized(self) -> Decimal:
        """Gained by what was sold."""
        return sum((closing.gain for closing in self.closings), ZERO)

    @property
    def cost(self) -> Decimal:
        """Of what is held."""
        return sum((lot.cost for lots in self.lots.values() for lot in lots), ZERO)

    @property
    def net_flows(self) -> Decimal:
        """What came in, less what went out."""
        return sum((flow.amount for flow in self.flows), ZERO)

    @property
    def income(self) -> Decimal:
        """Dividends, interest, fees (negative) and other cash."""
        kinds = (Group.DIVIDEND, Group.INTEREST, Group.FEE, Group.OTHER)
        return sum((self.totals[kind] for kind in kinds), ZERO)

    def qty(self, symbol: str) -> Decimal:
        """Shares held."""
        return sum((lot.qty for lot in self.lots.get(symbol, ())), ZERO)

    def total_gain(self, worth: Decimal) -> Decimal:
        """All that was gained, with what is held worth so much."""
        return self.cash + worth - self.net_flows


def work_out(entries: Iterable[Entry]) -> Books:
    """The books of an account from all of its activities, in any order."""
    books = Books()
    renamed: dict[date, list[Lot]] = {}
    for entry in standing(list(entries)):
        group = group_of(entry.kind)
        if group == Group.CREDIT:
            continue
        books.cash += entry.cash
        if not entry.moved:
            _book_cash(books, entry, group)
        elif entry.kind == SPLIT:
            _split(books, entry)
        elif entry.kind == RENAMED:
            _rename(books, entry, renamed)
        elif entry.kind in SHARES_IN_OUT:
            _carry(books, entry)
        else:
            _trade(books, entry, entry.qty, entry.cash)
    for lots in renamed.values():  # under no new name so far
        for lot in lots:
            books.lots[lot.symbol].append(lot)
    return books


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Those that count, in their order: without executions taken back and what took them back.

    A corrected execution stands where the one stood that it corrects: the day of the trade stays.
    """
    ordered = sorted(entries, key=lambda entry: entry.at)
    known = {entry.reference: entry for entry in ordered}
    gone: set[str] = set()
    for index, entry in enumerate(ordered):
        if entry.takes_back and (former := _taken_back(entry, ordered[:index], known, gone)) is not None:
            gone |= {former.reference, entry.reference}
    kept = []
    for entry in ordered:
        if entry.reference in gone:
            continue
        former = known.get(entry.previous) if entry.kind == FILL and not entry.takes_back else None
        kept.append(replace(entry, at=former.at, day=former.day) if former else entry)
    return sorted(kept, key=lambda entry: entry.at)


def _taken_back(
    entry: Entry, earlier: Sequence[Entry], known: dict[str, Entry], gone: set[str]
) -> Entry | None:
    """What an execution of negative quantity undoes: what it names, else the last like it of its order."""
    if entry.previous in known and entry.previous not in gone:
        return known[entry.previous]
    for other in reversed(earlier):
        is_like = (other.order, other.symbol, other.price) == (entry.order, entry.symbol, entry.price)
        if is_like and other.qty == -entry.qty and not other.takes_back and other.reference not in gone:
            return other
    return None


def _book_cash(books: Books, entry: Entry, group: Group) -> None:
    if group == Group.FLOW:
        books.flows.append(Flow(entry.day, entry.cash, entry.kind, number=len(books.flows)))
    else:
        books.totals[group] += entry.cash


def _trade(
    books: Books, entry: Entry, qty: Decimal, cash: Decimal, *, is_sale: bool = True, is_known: bool = True
) -> None:
    """Close lots of the other side, the oldest first; what is left opens one. `cash` is what it brought."""
    lots = books.lots[entry.symbol]
    while qty and lots and (lots[0].qty > 0) != (qty > 0):
        lot, part = lots[0], min(abs(qty), abs(lots[0].qty))
        brought, cost = _share(cash, part, qty), _share(lot.cost, part, lot.qty)
        books.closings.append(_closing(lot, entry.day, part, brought, cost, is_sale))
        cash -= brought
        qty += part if qty < 0 else -part
        left = lot.qty - (part if lot.qty > 0 else -part)
        lots.popleft()
        if left:
            lots.appendleft(replace(lot, qty=left, cost=lot.cost - cost))
    if qty:
        lots.append(Lot(entry.symbol, entry.day, qty, -cash, is_known))


def _closing(lot: Lot, day: date, part: Decimal, brought: Decimal, cost: Decimal, is_sale: bool) -> Closing:
    if lot.qty > 0:
        proceeds, paid, qty = brought, cost, part
    else:
        proceeds, paid, qty = -cost, -brought, -part
    return Closing(lot.symbol, lot.opened_on, day, qty, proceeds, paid, is_sale, lot.is_cost_known)


def _share(total: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The part of an amount in cents that falls to some of the shares; all of it to all of them."""
    return total if part == abs(whole) else quantize_cash(total * part / abs(whole))


def _carry(books: Books, entry: Entry) -> None:
    """Shares from or to elsewhere: at what they were worth; without a price at what they had cost."""
    if entry.price is None:
        worth = -_cost_of(books, entry) if entry.qty < 0 else ZERO
    else:
        worth = quantize_cash(entry.qty * entry.price)
    books.flows.append(Flow(entry.day, worth + entry.cash, entry.kind, entry.symbol, number=len(books.flows)))
    is_known = entry.price is not None
    _trade(books, entry, entry.qty, -worth, is_sale=False, is_known=is_known)


def _cost_of(books: Books, entry: Entry) -> Decimal:
    """What the oldest shares had cost that an entry takes away."""
    left, cost = -entry.qty, ZERO
    for lot in books.lots[entry.symbol]:
        part = min(left, max(lot.qty, ZERO))
        cost += _share(lot.cost, part, lot.qty) if part else ZERO
        left -= part
    return cost


def _split(books: Books, entry: Entry) -> None:
    """The same cost for other quantities. What rounding leaves over belongs to the newest lot."""
    lots, held = books.lots[entry.symbol], books.qty(entry.symbol)
    after = held + entry.qty
    books.totals[Group.OTHER] += entry.cash
    if not held or (after > 0) != (held > 0):
        _trade(books, entry, entry.qty, ZERO)
        return
    scaled = [replace(lot, qty=quantize_shares(lot.qty * after / held)) for lot in lots]
    kept = [lot for lot in scaled if lot.qty] or scaled[-1:]
    last = kept[-1]
    cost = sum((lot.cost for lot in scaled), ZERO) - sum((lot.cost for lot in kept), ZERO)
    rest = after - sum((lot.qty for lot in kept), ZERO)
    kept[-1] = replace(last, qty=last.qty + rest, cost=last.cost + cost)
    books.lots[entry.symbol] = deque(kept)


def _rename(books: Books, entry: Entry, renamed: dict[date, list[Lot]]) -> None:
    """The old name gives its lots away, and the new one of the same day gets them."""
    books.totals[Group.OTHER] += entry.cash
    waiting = renamed.get(entry.day, [])
    if entry.qty < 0 and books.qty(entry.symbol) == -entry.qty:
        renamed[entry.day] = waiting + list(books.lots.pop(entry.symbol))
    elif entry.qty > 0 and sum((lot.qty for lot in waiting), ZERO) == entry.qty:
        books.lots[entry.symbol].extend(replace(lot, symbol=entry.symbol) for lot in renamed.pop(entry.day))
    else:
        _trade(books, entry, entry.qty, ZERO)
