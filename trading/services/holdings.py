"""What an account holds, at which prices, and what it comes to.

An account may hold hundreds, so that the database adds up, and only the rows that a page shows are read. How
the day of a holding is worked out is said once, in `day_change`: the SQL has the sum of those that are plain
(nothing was done to them that day, and both prices are there and near each other), and gives all others, of
which there are few, one by one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.web.postgresql.base import keeping_plans
from trading.day_change import Moves
from trading.lots import ZERO
from trading.models import Asset, Quote
from trading.models.instruments import NOT_SPLIT, may_be_split
from trading.valuation import Held, Holding, Valuation

HELD = """
WITH lots AS (
    SELECT symbol, sum(qty) AS qty, sum(cost) AS cost
    FROM trading_heldlot WHERE account_id = %(account)s GROUP BY symbol
), priced AS (
    SELECT trading_position.symbol, trading_position.asset_id, trading_position.qty, cost_basis,
        last, previous_close, as_of, trading_quote.synced_at,
        trading_position.qty * last AS value,
        trading_position.qty * last - trading_position.qty * previous_close AS change,
        lots.cost AS lots_cost
    FROM trading_position
    LEFT JOIN trading_quote USING (asset_id)
    LEFT JOIN lots ON lots.symbol = trading_position.symbol AND lots.qty = trading_position.qty
    WHERE account_id = %(account)s
), held AS (
    SELECT *, value - coalesce(lots_cost, cost_basis) AS gain,
        CASE WHEN lots_cost IS NULL THEN NULL
            WHEN mod(abs(change), 0.01) = 0.005 THEN 2 * round(0.5 * change, 2)
            ELSE round(change, 2) END AS day,
        coalesce(
            lots_cost IS NOT NULL AND symbol <> ALL (%(moved)s::text[])
            AND last > previous_close * %(least)s AND last < previous_close * %(most)s, false
        ) AS is_plain
    FROM priced
)
"""
"""`held`: an account's positions, with the cost of their lots where the books have as many shares.

`day` is rounded as money is (half to even), for positions that are plain.
"""
TOTALS = """
SELECT count(*), coalesce(sum(value), 0), sum(value - gain), sum(gain),
    coalesce(array_agg(symbol ORDER BY symbol) FILTER (WHERE value IS NULL), '{}'),
    coalesce(array_agg(symbol ORDER BY symbol) FILTER (WHERE gain IS NULL), '{}'),
    max(as_of), min(synced_at)
FROM held
"""
DAY = """
SELECT CASE WHEN is_plain THEN '' ELSE coalesce(lots.symbol, held.symbol) END AS odd,
    sum(held.day), sum(held.value),
    max(held.qty), max(lots.qty), max(lots.cost), max(last), max(previous_close)
FROM lots FULL JOIN held ON held.symbol = lots.symbol
WHERE lots.symbol IS NOT NULL OR held.symbol = ANY (%(moved)s::text[])
GROUP BY odd
"""
"""One row for all that are plain, and one for each other symbol that is in the books or was moved."""
ROWS = """
SELECT held.symbol, coalesce(nullif(asset.name, ''), asset.symbol), held.qty, held.cost_basis,
    held.last, held.previous_close, asset.asset_class, held.lots_cost
FROM held
JOIN trading_asset AS asset ON asset.id = held.asset_id
LEFT JOIN unnest(%(odd)s::text[], %(days)s::numeric[]) AS told (symbol, day) ON told.symbol = held.symbol
"""
ORDERS = {
    "name": "held.symbol",
    "shares": "held.qty",
    "value": "held.value",
    "day": "CASE WHEN told.symbol IS NULL THEN held.day ELSE told.day END",
    "gain": "held.gain",
}
"""By what rows can be ordered."""


class Odd(NamedTuple):
    """A symbol whose day has to be worked out by itself; USD. What there is not is None."""

    symbol: str
    held: Decimal | None
    """Shares that the broker has."""
    booked: Decimal | None
    """Shares that the books have, and their cost."""
    cost: Decimal | None
    last: Decimal | None
    previous_close: Decimal | None

    @property
    def may_be_split(self) -> bool:
        """As of a `Quote`."""
        return may_be_split(self.last, self.previous_close)


class Plain(NamedTuple):
    """All positions that are plain, USD: what the day made of them, and their value."""

    day: Decimal = ZERO
    value: Decimal = ZERO


def get_valuation(account: BrokerageAccount) -> Valuation:
    """What an account is worth at the last prices synced. One query, however much it holds."""
    ((count, value, cost, gain, unpriced, without_gain, newest, oldest),) = _ask(TOTALS, account)
    return Valuation(account.own_cash, count, value, cost, gain, unpriced, without_gain, newest, oldest)


def get_day(account: BrokerageAccount, moved: Collection[str]) -> tuple[Plain, list[Odd]]:
    """The day of what is held or in the books; `moved`: what was traded or changed that day. One query."""
    plain, odd = Plain(), []
    for symbol, day, value, *columns in _ask(DAY, account, moved=list(moved)):
        if symbol:
            odd.append(Odd(symbol, *columns))
        else:
            plain = Plain(day, value)
    return plain, odd


@dataclass(frozen=True)
class Rows:
    """The positions of an account for a paginator, which reads a page of them: ordered by a word of ORDERS.

    Those without the figure are last, whichever way.
    """

    account: BrokerageAccount
    total: int
    moves: Mapping[str, Moves]
    days: Mapping[str, Decimal | None]
    """What the day made of those that are not plain, USD."""
    word: str = "name"
    descending: bool = False

    ordered = True

    def count(self) -> int:
        """How many there are."""
        return self.total

    def __getitem__(self, part: slice) -> Sequence[Holding]:
        first, direction = part.start or 0, "DESC" if self.descending else "ASC"
        order = f"{ORDERS[self.word]} {direction} NULLS LAST, held.symbol LIMIT %(size)s OFFSET %(first)s"
        found = _ask(
            f"{ROWS} ORDER BY {order}",
            self.account,
            odd=list(self.days),
            days=list(self.days.values()),
            size=part.stop - first,
            first=first,
        )
        return [self._holding(Held._make(columns), lots_cost) for *columns, lots_cost in found]

    def _holding(self, held: Held, lots_cost: Decimal | None) -> Holding:
        moves = None if lots_cost is None else self.moves.get(held.symbol)
        return Holding(held, held, lots_cost=lots_cost, moves=moves)


def _ask(select: str, account: BrokerageAccount, **values: Any) -> list[tuple[Any, ...]]:
    given = {"account": account.pk, "moved": [], "least": NOT_SPLIT[0], "most": NOT_SPLIT[1], **values}
    with keeping_plans(connection) as cursor:
        cursor.execute(f"{HELD}{select}", given)
        return cursor.fetchall()


def quotes_of(symbols: Collection[str]) -> dict[str, Quote]:
    """Quotes of what is no longer held, or not yet. One query, if anything is asked for."""
    if not symbols:
        return {}
    found = Quote.objects.filter(asset__symbol__in=symbols, asset__status=Asset.ACTIVE)
    return {quote.asset.symbol: quote for quote in found.select_related("asset")}
