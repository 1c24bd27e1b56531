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
from datetime import date
from decimal import Decimal

from brokerapp.units.money import quantize_cash, quantize_shares
from trading.lot_types import (
    DIVIDENDS,
    FILL,
    FLOWS,
    RENAMED,
    REORGANIZED,
    SHARES_EXCHANGED,
    SHARES_IN_OUT,
    SPLIT,
    ZERO,
    Closing,
    Entry,
    Flow,
    Group,
    Lot,
    group_of,
)

__all__ = [
    "DIVIDENDS",
    "FILL",
    "FLOWS",
    "RENAMED",
    "SHARES_EXCHANGED",
    "SHARES_IN_OUT",
    "SPLIT",
    "ZERO",
    "Books",
    "Closing",
    "Entry",
    "Flow",
    "Group",
    "Lot",
    "group_of",
    "standing",
    "work_out",
]


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
    counted = standing(list(entries))
    exchanged = Exchanges(counted)
    for entry in exchanged.in_order(counted):
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
        elif entry.kind in REORGANIZED:
            exchanged.book(books, entry)
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


class Exchanges:
    """Reorganizations: shares that go in exchange for others, and shares that come of others.

    No activity says which part of a cost the new shares take over. So no gain is worked out of an exchange:
    the new shares keep the days and the cost of the old, less the cash that came along, marked as unknown.
    Shares of a spin-off begin without a cost, and those they come of are marked too. What goes for cash alone
    is sold.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        reorganized = [entry for entry in entries if entry.kind in REORGANIZED]
        came = {entry.event for entry in reorganized if entry.moved > 0}
        self._both = came & {entry.event for entry in reorganized if entry.moved < 0}
        self._gone: dict[tuple[str, str], list[Lot]] = defaultdict(list)

    def in_order(self, entries: Sequence[Entry]) -> list[Entry]:
        """The entries with what goes in an exchange before what comes for it."""
        first = {entry.event: entry.at for entry in reversed(entries) if entry.event in self._both}
        return sorted(
            entries,
            key=lambda entry: (first.get(entry.event, entry.at), entry.event in first and entry.moved >= 0),
        )

    def book(self, books: Books, entry: Entry) -> None:
        """Take an entry into the books."""
        if entry.event not in self._both:
            _trade(books, entry, entry.qty, entry.cash, is_known=entry.cash != 0)
            if parents := books.lots.get(entry.came_of):
                books.lots[entry.came_of] = deque(replace(lot, is_cost_known=False) for lot in parents)
        elif entry.qty < 0:
            self._gone[entry.event] += _take(books, entry)
        else:
            self._come(books, entry)

    def _come(self, books: Books, entry: Entry) -> None:
        gone = self._gone.pop(entry.event, [])
        whole = sum((lot.qty for lot in gone), ZERO)
        if not whole:
            _trade(books, entry, entry.qty, entry.cash, is_known=False)
            return
        new = [_exchanged(lot, entry, quantize_shares(lot.qty * entry.qty / whole)) for lot in gone]
        rest = entry.qty - sum((lot.qty for lot in new), ZERO)
        new[-1] = replace(new[-1], qty=new[-1].qty + rest, cost=new[-1].cost - entry.cash)
        books.lots[entry.symbol].extend(new)


def _exchanged(lot: Lot, entry: Entry, qty: Decimal) -> Lot:
    return replace(lot, symbol=entry.symbol, qty=qty, is_cost_known=False)


def _take(books: Books, entry: Entry) -> list[Lot]:
    """The oldest shares of an entry that takes them away, at their cost less the cash; others go short."""
    lots, left, taken = books.lots[entry.symbol], -entry.qty, list[Lot]()
    while left and lots and lots[0].qty > 0:
        lot = lots.popleft()
        part = min(left, lot.qty)
        cost = _share(lot.cost, part, lot.qty)
        taken.append(replace(lot, qty=part, cost=cost))
        left -= part
        if lot.qty != part:
            lots.appendleft(replace(lot, qty=lot.qty - part, cost=lot.cost - cost))
    if taken:
        taken[-1] = replace(taken[-1], cost=taken[-1].cost - entry.cash)
    if left:
        _trade(books, entry, -left, ZERO if taken else entry.cash, is_known=False)
    return taken


def _trade(
    books: Books, entry: Entry, qty: Decimal, cash: Decimal, *, is_sale: bool = True, is_known: bool = True
) -> None:
    """Close lots of the other side, the oldest first; what is left opens one. `cash` is what it brought."""
    lots = books.lots[entry.symbol]
    while qty and lots and (lots[0].qty > 0) != (qty > 0):
        lot, part = lots[0], min(abs(qty), abs(lots[0].qty))
        brought, cost = _share(cash, part, qty), _share(lot.cost, part, lot.qty)
        closing = _closing(lot, entry.day, part, brought, cost, is_sale)
        if entry.kind in REORGANIZED and not is_known:
            closing = replace(closing, is_cost_known=False)
        books.closings.append(closing)
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
