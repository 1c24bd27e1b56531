"""What an account holds: what the database adds up and orders is what the rules for one holding say."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.money import quantize_cash
from tests.factories import AssetFactory, BrokerageAccountFactory, PositionFactory, QuoteFactory
from trading.day_change import Day, DayChange, Moves, change_of, change_of_account
from trading.models import Asset, GainBook, HeldLot, Position, Quote
from trading.services import holdings
from trading.services.holdings import ORDERS
from trading.services.performance import Figures
from trading.valuation import Holding

pytestmark = pytest.mark.django_db

D = Decimal
ZERO = Decimal(0)


def hold(account: BrokerageAccount, symbol: str, last: str | None, **columns: Any) -> Position:
    asset = AssetFactory.create(symbol=symbol)
    if last:
        QuoteFactory.create(asset=asset, last=D(last))
    return PositionFactory.create(account=account, asset=asset, **columns)


def test_get_valuation_adds_up(account: BrokerageAccount) -> None:
    PositionFactory.create(account=BrokerageAccountFactory.create(), asset=AssetFactory.create())
    hold(account, "AAPL", "200", qty=D("0.42"), cost_basis=D(80))
    hold(account, "MSFT", "400", qty=D(2), cost_basis=D(900))
    asked_at = timezone.now() - timedelta(hours=1)
    Quote.objects.filter(asset__symbol="MSFT").update(synced_at=asked_at)

    found = holdings.get_valuation(account)

    assert (found.count, found.value, found.total) == (2, D(884), D(1884))
    assert (found.gain, found.gain_fraction) == (D(-96), D(-96) / D(980))
    assert (found.unpriced, found.without_gain) == ([], [])
    assert found.priced_at == asked_at
    assert found.newest == datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def test_get_valuation_counts_the_cost_of_lots_where_the_books_have_all_shares(
    account: BrokerageAccount,
) -> None:
    hold(account, "AAPL", "200", qty=D(2), cost_basis=D(300))
    lot = {"account": account, "symbol": "AAPL", "opened_on": "2026-01-05"}
    HeldLot.objects.create(**lot, qty=D(1), cost=D(120))
    assert holdings.get_valuation(account).gain == D(100)
    HeldLot.objects.create(**lot, qty=D(1), cost=D(130))
    assert holdings.get_valuation(account).gain == D(150)


def test_get_valuation_of_what_is_not_known_hides_nothing_else(account: BrokerageAccount) -> None:
    hold(account, "DEAR", "5", qty=D(1), cost_basis=D(4))
    hold(account, "FREE", "2", qty=D(1), cost_basis=None)
    hold(account, "ODD", None)

    found = holdings.get_valuation(account)

    assert (found.total, found.cost, found.gain) == (D(1007), D(4), D(1))
    assert (found.unpriced, found.without_gain) == (["ODD"], ["FREE", "ODD"])


def test_get_valuation_of_nothing_is_cash(account: BrokerageAccount) -> None:
    found = holdings.get_valuation(account)

    assert (found.count, found.total, found.gain, found.gain_fraction) == (0, D(1000), None, None)
    assert (found.priced_at, found.newest, found.unpriced) == (None, None, [])


# All that an account may have, drawn


@dataclass
class Drawn:
    """A symbol of an account: shares at the broker and in the books, prices, and what was done that day."""

    symbol: str
    held: Decimal | None
    booked: Decimal | None
    cost: Decimal
    last: Decimal | None
    close: Decimal | None
    moves: Moves | None

    @property
    def is_known(self) -> bool:
        return self.held is not None and self.held == self.booked

    @property
    def day(self) -> DayChange:
        return change_of(self.booked or ZERO, self.quote, self.moves)

    @property
    def quote(self) -> Quote:
        return Quote(last=self.last, previous_close=self.close)

    @property
    def holding(self) -> Holding:
        position = Position(symbol=self.symbol, qty=self.held, cost_basis=D(7))
        lots_cost = self.cost if self.is_known else None
        return Holding(position, self.quote, lots_cost, self.moves if self.is_known else None)


def draw(chance: random.Random, number: int) -> Drawn:
    """Prices and shares of which many products end in half a cent."""
    qty = D(chance.randint(1, 80)) / 8 * chance.choice([1, 1, 1, -1])
    held = None if chance.random() < 0.1 else qty
    booked = chance.choice([qty] * 8 + [None, qty + 1])
    close = D(chance.randint(900, 1100)) / chance.choice([100, 10])
    last = chance.choice(
        [close, close + D("0.01"), close - D("0.07"), close * 3, close * D("1.4"), close / 2]
    )
    moves = None
    if chance.random() < 0.15:
        shares = chance.choice([D(1), D(-2), qty])
        moves = Moves(shares, bought=abs(shares) * 10, cash=-shares * 10, is_split=chance.random() < 0.2)
    prices = chance.choice([(last, close)] * 12 + [(None, close), (last, None)])
    return Drawn(f"S{number:03}", held, booked, D(chance.randint(1, 90_000)) / 100, *prices, moves)


def store(account: BrokerageAccount, drawn: list[Drawn]) -> None:
    now = timezone.now()
    assets = [
        Asset(
            id=uuid4(), symbol=each.symbol, name="", exchange="NYSE", asset_class="us_equity",
            status=Asset.ACTIVE, tradable=True, fractionable=True, marginable=True, shortable=True,
            synced_at=now,
        )
        for each in drawn
    ]  # fmt: skip
    Asset.objects.bulk_create(assets)
    Quote.objects.bulk_create(
        Quote(asset=asset, last=each.last, previous_close=each.close, as_of=now, synced_at=now)
        for asset, each in zip(assets, drawn, strict=True)
    )
    Position.objects.bulk_create(
        Position(
            account=account, asset=asset, symbol=each.symbol, qty=each.held, cost_basis=D(7), synced_at=now
        )
        for asset, each in zip(assets, drawn, strict=True)
        if each.held is not None
    )
    HeldLot.objects.bulk_create(
        HeldLot(account=account, symbol=each.symbol, opened_on=now.date(), qty=part, cost=cost)
        for each in drawn
        if each.booked is not None
        for part, cost in ((each.booked - 1, each.cost - 1), (D(1), D(1)))
    )


def day_of(drawn: list[Drawn]) -> Day:
    return Day(moves={each.symbol: each.moves for each in drawn if each.moves is not None})


def figures_of(account: BrokerageAccount, drawn: list[Drawn]) -> Figures:
    now, today = timezone.now(), day_of(drawn)
    plain, odd = holdings.get_day(account, today.moves)
    held = {each.symbol: each for each in odd if each.held is not None}
    others = {*(each.symbol for each in odd), *today.moves} - held.keys()
    return Figures(
        account=account,
        now=now,
        valuation=holdings.get_valuation(account),
        book=GainBook(account=account),
        day=now.date(),
        today=today,
        plain=plain,
        odd=odd,
        prices={**held, **holdings.quotes_of(others)},
    )


KEYS: dict[str, Callable[[Holding], Any]] = {
    "name": lambda holding: holding.position.symbol,
    "shares": lambda holding: holding.position.qty,
    "value": lambda holding: holding.value,
    "day": lambda holding: holding.day.amount,
    "gain": lambda holding: holding.gain,
}
"""What the orders of positions go by."""


@pytest.fixture
def chance() -> random.Random:
    return random.Random(random.randrange(2**32))


def test_figures_of_an_account_are_the_sums_of_its_symbols(
    account: BrokerageAccount, chance: random.Random
) -> None:
    drawn = [draw(chance, number) for number in range(200)]
    # Of one day that is not known there is no sum.
    known = [each for each in drawn if each.last is not None and each.day.amount is not None]
    store(account, known)

    figures = figures_of(account, known)

    held = [each.holding for each in known if each.held is not None]
    valuation = figures.valuation
    assert (valuation.count, valuation.value) == (len(held), sum(row.value or ZERO for row in held))
    assert (valuation.gain, valuation.cost) == (
        sum(row.gain or ZERO for row in held),
        sum(row.cost or ZERO for row in held),
    )
    assert figures.change.amount == sum(each.day.amount or ZERO for each in known)
    worth = sum((each.booked or ZERO) * (each.last or ZERO) for each in known)
    assert figures.unexplained == figures.equity - quantize_cash(D(worth))
    # Nearly all of what an account holds is added up by the database.
    assert len(figures.odd) < 150


def test_figures_name_the_symbols_whose_day_is_not_known(
    account: BrokerageAccount, chance: random.Random
) -> None:
    drawn = [draw(chance, number) for number in range(100)]
    store(account, drawn)

    change = figures_of(account, drawn).change

    booked = {each.symbol: each.booked for each in drawn if each.booked is not None}
    quotes = {each.symbol: each.quote for each in drawn}
    assert change == change_of_account(booked, quotes, day_of(drawn), ZERO)
    assert change.why


def test_positions_are_in_the_order_of_any_figure(account: BrokerageAccount, chance: random.Random) -> None:
    drawn = [draw(chance, number) for number in range(100)]
    store(account, drawn)
    figures = figures_of(account, drawn)
    held = [each.holding for each in drawn if each.held is not None]
    assert KEYS.keys() == ORDERS.keys()

    for word, descending in product(KEYS, (True, False)):
        key = KEYS[word]
        known = [row for row in held if key(row) is not None]
        expected = sorted(known, key=key, reverse=descending) + [row for row in held if key(row) is None]
        rows = figures.positions(word, descending=descending)
        assert rows.count() == len(held)
        found = [*rows[0:50], *rows[50:100]]
        assert [shown(row) for row in found] == [shown(row) for row in expected]


def shown(row: Holding) -> tuple[Any, ...]:
    return row.position.symbol, row.position.qty, row.value, row.day, row.gain
