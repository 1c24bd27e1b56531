"""Portfolio history: what an account was worth, read back from its balances, its activities and the prices.

The past is found by undoing activities from today's cash and shares, so it always ends at today's equity.
"""

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.accounts.documents.statements import SHARE_MOVES
from sandbox.accounts.trading_account import ACCOUNT
from sandbox.books import ledger
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.state import rows
from sandbox.state.api import Call, Reply, encode_numbers, endpoint, invalid
from sandbox.state.rows import ZERO
from sandbox.state.world import World

STEPS = {
    "1Min": dt.timedelta(minutes=1), "5Min": dt.timedelta(minutes=5), "15Min": dt.timedelta(minutes=15),
    "1H": dt.timedelta(hours=1), "1D": dt.timedelta(days=1),
}  # fmt: skip
ALIASES = {"1M": "1Min", "5M": "5Min", "15M": "15Min", "1HOUR": "1H", "1DAY": "1D"}
HOURS = {
    "market_hours": (dt.time(9, 30), dt.time(16)), "extended_hours": (dt.time(4), dt.time(20)),
    "continuous": (dt.time(0), dt.time(23, 59)),
}  # fmt: skip
MINUTES_UP_TO, INTRADAY_UP_TO = dt.timedelta(days=7), dt.timedelta(days=31)
EVENING = dt.time(20)
RATIO = Decimal("0.000001")
ONE_DAY = dt.timedelta(days=1)


class Span(NamedTuple):
    """What is asked for: New York dates, both included, and the last instant to tell about."""

    first: dt.date
    last: dt.date
    end: dt.datetime
    timeframe: str
    reporting: str


class Change(NamedTuple):
    """One activity's effect."""

    at: dt.datetime
    kind: str
    cash: Decimal
    symbol: str
    qty: Decimal


@endpoint("GET", ACCOUNT + "/portfolio/history")
def get_portfolio_history(call: Call) -> Reply:
    """Arrays of JSON numbers: timestamps in Unix seconds, equity and profit in USD, profit as a fraction.

    With ``pnl_reset=per_day`` profit is counted from the close of the day before, else from ``base_value``.
    """
    account, world = call.account(), call.world
    span = _span(call, account)
    reset = call.arg("pnl_reset", "per_day")
    if reset not in ("per_day", "no_reset"):
        raise invalid("invalid pnl_reset")
    times = list(_times(world, span))
    changes = _changes(world, account.id)
    closes = sorted({at for at in (_close_before(world, time) for time in times) if at >= account.created_at})
    worth = _worth(world, account.id, changes, sorted({*times, *closes}, reverse=True))
    known = set(closes)
    equity = [worth[time] for time in times]
    bases = [worth[at] if (at := _close_before(world, time)) in known else None for time in times]
    base, first = (bases[0] if bases else None), (equity[0] if equity else ZERO)
    start = first if base is None else base
    profits = [
        value - (start if reset == "no_reset" else start if before is None else before)
        for value, before in zip(equity, bases, strict=True)
    ]
    body: dict[str, Any] = {
        "timestamp": [int(time.timestamp()) for time in times],
        "equity": equity,
        "profit_loss": profits,
        "profit_loss_pct": [
            (profit / (value - profit)).quantize(RATIO) if value - profit else ZERO
            for profit, value in zip(profits, equity, strict=True)
        ],
        "base_value": start,
        "timeframe": span.timeframe,
        "cashflow": _cashflow(call, changes, times),
    }
    if base is not None:
        body["base_value_asof"] = market_date(_close_before(world, times[0])).isoformat()
    return Reply(200, encode_numbers(body))


def _span(call: Call, account: rows.Account) -> Span:
    start, end, period = call.instant("start"), call.instant("end"), call.arg("period").upper()
    if date_end := call.instant("date_end"):
        end = _at(date_end.date(), dt.time(23, 59))
    if start and end and period:
        raise invalid("only two of start, end and period can be specified")
    reporting = call.arg("intraday_reporting", "market_hours")
    if call.arg("extended_hours") and call.flag("extended_hours"):
        reporting = "extended_hours"
    if reporting not in HOURS:
        raise invalid("invalid intraday_reporting")
    if start and period:
        end = _shift(call.world, start, period, 1)
    end = min(end or call.now, call.now)
    start = start or _shift(call.world, end, period or "1M", -1)
    timeframe = _timeframe(call, end - start)
    first, last = market_date(max(start, account.created_at)), market_date(end)
    return Span(first, last, end, timeframe, reporting)


def _shift(world: World, at: dt.datetime, period: str, sign: int) -> dt.datetime:
    """``at`` moved by a period such as 5D (trading days, the one at hand counted), 1W, 3M or 1A."""
    found = re.fullmatch(r"(\d{1,3})([DWMA])", period)
    if not found or not int(found[1]):
        raise invalid("invalid period")
    count, unit = int(found[1]), found[2]
    if unit == "D":
        days = count - 1
        while sum(1 for _ in _days(world, *sorted((market_date(at), _day(at, sign * days))))) < count:
            days += 1
        return at + sign * dt.timedelta(days=days)
    return at + sign * count * dt.timedelta(days={"W": 7, "M": 30, "A": 365}[unit])


def _day(at: dt.datetime, days: int) -> dt.date:
    return market_date(at) + dt.timedelta(days=days)


def _timeframe(call: Call, length: dt.timedelta) -> str:
    given = call.arg("timeframe")
    timeframe = ALIASES.get(given.upper(), given)
    if not timeframe:
        if length < MINUTES_UP_TO - ONE_DAY:
            return "1Min"
        return "15Min" if length < INTRADAY_UP_TO - 2 * ONE_DAY else "1D"
    if timeframe not in STEPS:
        raise invalid("invalid timeframe")
    limit = MINUTES_UP_TO if timeframe == "1Min" else INTRADAY_UP_TO
    if timeframe != "1D" and length > limit:
        raise invalid(f"timeframe {timeframe} is for at most {limit.days} days")
    return timeframe


def _days(world: World, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Days on which the market trades."""
    if world.always_open:
        return (first + n * ONE_DAY for n in range((last - first).days + 1))
    return (session.date for session in trading_calendar.sessions(first, last))


def _times(world: World, span: Span) -> Iterator[dt.datetime]:
    """The instants to value the account at: an evening a day, or steps of the trading hours."""
    continuous = span.reporting == "continuous" and span.timeframe != "1D"
    days = _days(world, span.first, span.last)
    if continuous:
        days = (span.first + n * ONE_DAY for n in range((span.last - span.first).days + 1))
    opening, closing = HOURS[span.reporting]
    for day in days:
        if span.timeframe == "1D":
            yield min(_at(day, EVENING), span.end)
            continue
        time, last = _at(day, opening), min(_at(day, closing), span.end)
        while time <= last:
            yield time
            time += STEPS[span.timeframe]


def _close_before(world: World, at: dt.datetime) -> dt.datetime:
    """The evening of the trading day before the one of an instant."""
    if world.always_open:
        return _at(market_date(at) - ONE_DAY, EVENING)
    return _at(trading_calendar.previous_session(market_date(at)).date, EVENING)


def _at(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, NEW_YORK).astimezone(dt.UTC)


def _changes(world: World, account_id: str) -> list[Change]:
    """Oldest first."""
    orders = world.store.orders.rows
    found = []
    for fill in world.store.fills.of(account_id):
        order = orders[fill.order_id]
        sign = 1 if order.side == "buy" else -1
        amount = ledger.amount(order.symbol, fill.qty, fill.price)
        found.append(Change(fill.at, "FILL", -sign * amount, order.symbol, sign * fill.qty))
    found += [
        Change(entry.at, entry.activity_type, entry.net_amount, entry.symbol, _shares_moved(entry))
        for entry in world.store.entries.of(account_id)
    ]
    return sorted(found, key=lambda change: change.at)


def _shares_moved(entry: rows.Entry) -> Decimal:
    """Of a dividend, qty is the shares it was paid on."""
    return entry.qty or ZERO if entry.activity_type in SHARE_MOVES else ZERO


def _worth(
    world: World, account_id: str, changes: list[Change], times: list[dt.datetime]
) -> dict[dt.datetime, Decimal]:
    """Equity at each of some instants, which are given latest first; USD, 2 dp."""
    cash = world.store.ledgers.rows[account_id].cash
    shares = {position.symbol: position.qty for position in world.store.positions.of(account_id)}
    left, found = list(changes), {}
    for time in times:
        while left and left[-1].at > time:
            change = left.pop()
            cash -= change.cash
            if change.symbol:
                shares[change.symbol] = shares.get(change.symbol, ZERO) - change.qty
        value = sum(
            (
                qty * asset_class_of(symbol).multiplier * world.prices.trade(symbol, time)
                for symbol, qty in shares.items()
                if qty
            ),
            ZERO,
        )
        found[time] = cash + (ledger.cents(value) if value else ZERO)
    return found


def _cashflow(call: Call, changes: list[Change], times: list[dt.datetime]) -> dict[str, list[Decimal]]:
    """By type of activity: what was booked up to each instant since the one before."""
    wanted = set(call.args("cashflow_types"))
    if not wanted or wanted == {"NONE"} or not times:
        return {}
    flows: dict[str, list[Decimal]] = {}
    position = 0
    first_day = _at(market_date(times[0]), dt.time(0))
    for change in changes:
        if change.kind == "FILL" or change.at < first_day or not change.cash:
            continue
        while position < len(times) and times[position] < change.at:
            position += 1
        if position < len(times) and (wanted == {"ALL"} or change.kind in wanted):
            flows.setdefault(change.kind, [ZERO] * len(times))[position] += change.cash
    return flows
