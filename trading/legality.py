"""What is legal together in one order: the one table that the form, the rules and the pages read. Pure.

Source: Broker API, "Orders": the types, times in force, classes and sizes that go together.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from trading.order_types import OrderClass, OrderType, Side, TimeInForce


class Size(StrEnum):
    """How much is said: whole numbers, numbers with a fraction, an amount of USD."""

    WHOLE = "WHOLE"
    FRACTION = "FRACTION"
    DOLLARS = "DOLLARS"


@dataclass(frozen=True)
class Choice:
    """What a person chose of an order, its prices and amounts aside."""

    side: str = Side.BUY
    type: str = OrderType.MARKET
    time_in_force: str = TimeInForce.DAY
    order_class: str = OrderClass.SIMPLE
    size: str = Size.WHOLE
    extended_hours: bool = False


@dataclass(frozen=True)
class Situation:
    """What decides besides the choice: the asset, whether some of it is held, and the hour."""

    fractionable: bool = True
    fractions_extended: bool = False
    """Whether fractions of it trade outside regular hours."""
    over_the_counter: bool = False
    holds: bool = False
    is_closed: bool = False
    """Whether its market is known to be closed."""
    shut: Mapping[str, str] = field(default_factory=dict)
    """The times in force that are not taken at the moment, and why."""


@dataclass(frozen=True)
class Conflict:
    """Why a choice cannot be ordered: the parts of it that do not go together, first the one to change."""

    parts: tuple[str, ...]
    words: str


_T, _F, _C = OrderType, TimeInForce, OrderClass
ALL_TIMES = frozenset(TimeInForce)
STANDING = frozenset({_F.DAY, _F.GTC})
Times = Mapping[str, frozenset[TimeInForce]]
"""The times in force by type."""


@dataclass(frozen=True)
class OrderRules:
    """What one class of assets allows. A type that a table does not name is not allowed there at all."""

    unit: str
    times: Times
    sizes: frozenset[Size]
    fraction_times: Times
    """Of orders for fractions and for dollars."""
    extended_times: Times = field(default_factory=dict)
    entry_types: frozenset[OrderType] = frozenset()
    """What may have exits; without any, there are neither exits nor pairs of them."""
    open_only: frozenset[OrderType] = frozenset()
    """What is taken only while the market is open."""
    otc_times: frozenset[TimeInForce] = ALL_TIMES

    def conflicts(self, choice: Choice, situation: Situation) -> list[Conflict]:
        """Everything that keeps this choice from being ordered; empty if it is offered."""
        return [
            *self._of_type_and_time(choice, situation),
            *self._of_size(choice, situation),
            *self._of_class(choice, situation),
            *(self._of_hours(choice, situation) if choice.extended_hours else ()),
        ]

    def reasons(
        self, part: str, values: Iterable[Any], choice: Choice, situation: Situation
    ) -> dict[Any, str]:
        """By value of one part, why it is not offered with the rest of the choice; without those offered."""
        found = {}
        for value in values:
            other = replace(choice, **{part: value})
            words = next((each.words for each in self.conflicts(other, situation) if part in each.parts), "")
            if words:
                found[value] = words
        return found

    def never(self, part: str, value: Any, situation: Situation) -> str:
        """Why a value of a part is not offered here and now, whatever else is chosen; empty if it may be."""
        choice = replace(Choice(), **{part: value})
        found = (each.words for each in self.conflicts(choice, situation) if each.parts == (part,))
        return next(found, "")

    def _of_type_and_time(self, choice: Choice, situation: Situation) -> Iterator[Conflict]:
        kind, time = choice.type, choice.time_in_force
        if kind not in self.times:
            yield Conflict(("type",), f"{_named(kind)} orders are not taken for {self.unit}s.")
        elif not any(time in times for times in self.times.values()):
            every = frozenset().union(*self.times.values())
            yield Conflict(("time_in_force",), f"Orders for {self.unit}s can only be good {_times(every)}.")
        elif time not in self.times[kind]:
            words = f"{_article(kind)} order can only be good {_times(self.times[kind])}."
            yield Conflict(("time_in_force", "type"), words)
        if situation.over_the_counter and time not in self.otc_times:
            yield Conflict(
                ("time_in_force",), f"Traded over the counter: only good {_times(self.otc_times)}."
            )
        if time in situation.shut:
            yield Conflict(("time_in_force",), situation.shut[time])
        if kind in self.open_only and situation.is_closed:
            yield Conflict(("type",), f"{_named(kind)} orders are taken only while the market is open.")

    def _of_size(self, choice: Choice, situation: Situation) -> Iterator[Conflict]:
        if choice.size == Size.WHOLE:
            return
        if choice.size not in self.sizes or not situation.fractionable:
            yield Conflict(
                ("size",), f"Whole {self.unit}s only: this one does not trade in fractions or dollars."
            )
        elif choice.type not in self.fraction_times:
            words = f"{_article(choice.type)} order takes whole {self.unit}s, not fractions or dollars."
            yield Conflict(("type", "size"), words)
        elif choice.time_in_force not in (times := self.fraction_times[choice.type]):
            words = f"Fractions of a {self.unit} and amounts in dollars can only be good {_times(times)}."
            yield Conflict(("time_in_force", "size"), words)

    def _of_class(self, choice: Choice, situation: Situation) -> Iterator[Conflict]:
        if choice.order_class == _C.SIMPLE:
            return
        if not self.entry_types:
            yield Conflict(("order_class",), f"Exits are not taken for {self.unit}s.")
            return
        if choice.order_class == _C.OCO:
            yield from _of_pair(choice, situation)
        else:
            yield from self._of_entry(choice)
        if choice.size != Size.WHOLE:
            words = f"Exits take whole {self.unit}s, not fractions or dollars."
            yield Conflict(("order_class", "size"), words)
        if choice.time_in_force not in STANDING:
            words = f"An order with exits can only be good {_times(STANDING)}."
            yield Conflict(("time_in_force", "order_class"), words)

    def _of_entry(self, choice: Choice) -> Iterator[Conflict]:
        if choice.side == Side.SELL:
            words = (
                "Exits come after a purchase. To sell what you hold at one of two prices, choose "
                "“Take profit or stop loss” as the type."
            )
            yield Conflict(("order_class", "side"), words)
        if choice.type not in self.entry_types:
            yield Conflict(("order_class", "type"), "Only market and limit orders have exits.")

    def _of_hours(self, choice: Choice, situation: Situation) -> Iterator[Conflict]:
        if not self.extended_times:
            yield Conflict(("extended_hours",), f"There are no extended hours for {self.unit}s.")
            return
        times = self.extended_times.get(choice.type)
        if times is None:
            yield Conflict(("extended_hours", "type"), "Outside regular hours only limit orders trade.")
        elif choice.time_in_force not in times:
            words = f"Outside regular hours an order can only be good {_times(times)}."
            yield Conflict(("extended_hours", "time_in_force"), words)
        if choice.order_class != _C.SIMPLE:
            words = "Orders with exits trade in regular hours only."
            yield Conflict(("extended_hours", "order_class"), words)
        if choice.size != Size.WHOLE and not situation.fractions_extended:
            words = f"Outside regular hours this one trades in whole {self.unit}s only."
            yield Conflict(("extended_hours", "size"), words)


def _of_pair(choice: Choice, situation: Situation) -> Iterator[Conflict]:
    if choice.type != _T.LIMIT:
        yield Conflict(("order_class", "type"), "A pair of exits is a limit order and a stop order.")
    if choice.side == Side.BUY:
        words = "“Take profit or stop loss” sells what you hold: choose Sell."
        yield Conflict(("order_class", "side"), words)
    if not situation.holds:
        words = "“Take profit or stop loss” sells what you hold, and you hold none of this."
        yield Conflict(("order_class",), words)


TYPE_WORDS: Mapping[str, str] = {value: label.lower() for value, label in OrderType.choices}
TIME_WORDS: Mapping[str, str] = {
    _F.DAY: "for today",
    _F.GTC: "until canceled",
    _F.OPG: "at the open",
    _F.CLS: "at the close",
    _F.IOC: "at once, in part or whole",
    _F.FOK: "at once and whole",
}
"""As they stand in sentences: good for today."""


def _named(kind: str) -> str:
    return TYPE_WORDS[kind].capitalize()


def _article(kind: str) -> str:
    return f"A {TYPE_WORDS[kind]}"


def _times(times: Iterable[str]) -> str:
    """`for today or until canceled`."""
    return " or ".join(TIME_WORDS[each] for each in TimeInForce if each in times)


SHARES = OrderRules(
    unit="share",
    times={
        _T.MARKET: ALL_TIMES,
        _T.LIMIT: ALL_TIMES,
        _T.STOP: STANDING,
        _T.STOP_LIMIT: STANDING,
        _T.TRAILING_STOP: STANDING,
    },
    sizes=frozenset(Size),
    fraction_times=dict.fromkeys((_T.MARKET, _T.LIMIT, _T.STOP, _T.STOP_LIMIT), frozenset({_F.DAY})),
    extended_times={_T.LIMIT: STANDING},
    entry_types=frozenset({_T.MARKET, _T.LIMIT}),
    otc_times=STANDING,
)
_COIN_TIMES: Times = {
    _T.MARKET: frozenset({_F.GTC, _F.IOC}),
    _T.LIMIT: frozenset({_F.GTC, _F.IOC}),
    _T.STOP_LIMIT: frozenset({_F.GTC}),
}
COINS = OrderRules(unit="coin", times=_COIN_TIMES, sizes=frozenset(Size), fraction_times=_COIN_TIMES)
CONTRACTS = OrderRules(
    unit="contract",
    times={_T.MARKET: frozenset({_F.DAY}), _T.LIMIT: STANDING},
    sizes=frozenset({Size.WHOLE}),
    fraction_times={},
    open_only=frozenset({_T.MARKET}),
)
