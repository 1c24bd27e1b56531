"""What the broker issues from its books: monthly statements, trade confirmations, tax forms, the application.

Nothing is stored: which documents there are, and what they say, follows from the account's
activities. A document's id is made from its account, type and date.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from sandbox.books.activities import activity_view
from sandbox.books.ledger import amount
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.state import rows
from sandbox.state.api import decoded_part, instant_text, text_of
from sandbox.state.rows import ZERO
from sandbox.state.world import World

BEGINNING_OF_DAY = dt.time(2, 15)
ONE_DAY = dt.timedelta(days=1)
SHARE_MOVES = ("JNLS", "SPLIT", "CFEE", "OPEXC", "OPASN", "OPEXP", "OPTRD")
"""Activities, beside fills, whose qty changes a position."""
SUB_TYPES = {"tax_statement": "1099-Comp"}
FILED_ON = (2, 15)
"""Month and day of the next year from when on the tax form of a year is there."""
DIVIDENDS, INTEREST, WITHHELD = ("DIV", "CGD", "DIVCGL", "DIVCGS"), ("INT",), ("DIVNRA", "DIVWH", "WH")
"""Activities that a tax form adds up."""


class Issued(msgspec.Struct, frozen=True):
    """One issued document: of the New York dates ``start`` to ``end``, both included."""

    id: str
    account_id: str
    type: str
    start: dt.date
    end: dt.date

    def view(self) -> dict[str, str]:
        return {
            "id": self.id, "name": "", "type": self.type, "sub_type": SUB_TYPES.get(self.type, ""),
            "date": self.end.isoformat(),
        }  # fmt: skip


def issued_documents(world: World, account: rows.Account, now: dt.datetime) -> list[Issued]:
    """Oldest first; the firm's own account has none."""
    if account.is_firm:
        return []
    opened = account.created_at.date()
    found = [_issued(account, "account_application", opened, opened)]
    for day in sorted({market_date(fill.at) for fill in world.store.fills.of(account.id)}):
        if _beginning_of(day + ONE_DAY) <= now:
            found.append(_issued(account, "trade_confirmation", day, day))
            found.append(_issued(account, "trade_confirmation_json", day, day))
    for start, end in _months(market_date(account.created_at), now):
        if _has_something_to_state(world, account, end):
            found.append(_issued(account, "account_statement", start, end))
    for year in range(market_date(account.created_at).year, market_date(now).year):
        start, end = dt.date(year, 1, 1), dt.date(year, 12, 31)
        is_out = _beginning_of(dt.date(year + 1, *FILED_ON)) <= now
        if is_out and _has_something_to_report(world, account, start, end):
            found.append(_issued(account, "tax_statement", start, end))
    found += [each for each in _published(world, account) if each not in found]
    return sorted(found, key=lambda document: document.end)


def publish(world: World, account: rows.Account, kind: str, start: dt.date, end: dt.date) -> None:
    """Issue a document before its time: it is listed from now on."""
    former, published = world.setting(f"published:{account.id}"), f"{kind}/{start}/{end}"
    if published not in former.split():
        world.save_setting(f"published:{account.id}", f"{former} {published}".strip())


def contents(world: World, account: rows.Account, document: Issued) -> dict[str, Any]:
    """What a document says, as JSON; amounts are USD as text."""
    makers = {
        "account_statement": _statement, "account_application": _application, "tax_statement": _tax_form,
    }  # fmt: skip
    return _heading(account, document) | makers.get(document.type, _confirmation)(world, account, document)


def _statement(world: World, account: rows.Account, document: Issued) -> dict[str, Any]:
    opening, closing = _midnight(document.start), _midnight(document.end + ONE_DAY)
    positions = _positions(world, account, closing)
    value = sum((Decimal(position["market_value"]) for position in positions), ZERO)
    opening_value = sum(
        (Decimal(position["market_value"]) for position in _positions(world, account, opening)), ZERO
    )
    opening_cash, closing_cash = _cash(world, account, opening), _cash(world, account, closing)
    return {
        "opening_cash": text_of(opening_cash),
        "opening_equity": text_of(opening_cash + opening_value),
        "closing_cash": text_of(closing_cash),
        "closing_equity": text_of(closing_cash + value),
        "positions": positions,
        "activities": [activity_view(world, each) for each in _activities(world, account, opening, closing)],
    }


def _confirmation(world: World, account: rows.Account, document: Issued) -> dict[str, Any]:
    opening, closing = _midnight(document.start), _midnight(document.end + ONE_DAY)
    fills = _between(world.store.fills.of(account.id), opening, closing)
    return {"trades": [_trade(world, fill) for fill in fills]}


def _trade(world: World, fill: rows.Fill) -> dict[str, str]:
    order = world.store.orders.rows[fill.order_id]
    principal = amount(order.symbol, fill.qty, fill.price)
    return {
        "trade_date": market_date(fill.at).isoformat(),
        "settle_date": fill.settle_on.isoformat(),
        "executed_at": instant_text(fill.at),
        "symbol": order.symbol,
        "description": world.asset(order.symbol).name,
        "side": order.side,
        "qty": text_of(fill.qty),
        "price": text_of(fill.price),
        "principal": text_of(principal),
        "net_amount": text_of(-principal if order.side == "buy" else principal),
        "order_id": fill.order_id,
    }


def _application(world: World, account: rows.Account, document: Issued) -> dict[str, Any]:
    """The answers as they stand; the tax id is not kept and so not printed."""
    parts = ("contact", "identity", "disclosures", "agreements")
    return {name: decoded_part(getattr(account, name)) for name in parts}


def _tax_form(world: World, account: rows.Account, document: Issued) -> dict[str, Any]:
    """What a composite 1099 adds up for a year: dividends, interest, proceeds, and what was withheld."""
    opening, closing = _midnight(document.start), _midnight(document.end + ONE_DAY)
    entries = _between(world.store.entries.of(account.id), opening, closing)
    fills = _between(world.store.fills.of(account.id), opening, closing)

    def total(types: tuple[str, ...]) -> Decimal:
        return sum((entry.net_amount for entry in entries if entry.activity_type in types), ZERO)

    orders = world.store.orders.rows
    sold = [fill for fill in fills if orders[fill.order_id].side == "sell"]
    proceeds = sum((amount(orders[fill.order_id].symbol, fill.qty, fill.price) for fill in sold), ZERO)
    return {
        "tax_year": str(document.end.year),
        "total_ordinary_dividends": text_of(total(DIVIDENDS)),
        "interest_income": text_of(total(INTEREST)),
        "gross_proceeds": text_of(proceeds),
        "tax_withheld": text_of(-total(WITHHELD)),
    }


def _heading(account: rows.Account, document: Issued) -> dict[str, Any]:
    identity = decoded_part(account.identity)
    return {
        "document_id": document.id,
        "type": document.type,
        "account_id": account.id,
        "account_number": account.account_number,
        "account_holder": f"{identity.get('given_name', '')} {identity.get('family_name', '')}".strip(),
        "currency": account.currency,
        "start_date": document.start.isoformat(),
        "end_date": document.end.isoformat(),
    }


def _published(world: World, account: rows.Account) -> list[Issued]:
    found = [text.split("/") for text in world.setting(f"published:{account.id}").split()]
    return [
        _issued(account, kind, dt.date.fromisoformat(start), dt.date.fromisoformat(end))
        for kind, start, end in found
    ]


def _issued(account: rows.Account, kind: str, start: dt.date, end: dt.date) -> Issued:
    # One application per account: its id does not depend on a date.
    name = kind if kind == "account_application" else f"{kind}:{end}"
    return Issued(str(uuid.uuid5(uuid.UUID(account.id), name)), account.id, kind, start, end)


def _months(opened: dt.date, now: dt.datetime) -> Iterator[tuple[dt.date, dt.date]]:
    """First and last day of each month whose statement is out: after the first weekend of the next."""
    start = opened.replace(day=1)
    while True:
        following = (start + 31 * ONE_DAY).replace(day=1)
        first_sunday = following + (6 - following.weekday()) * ONE_DAY
        if _beginning_of(first_sunday + ONE_DAY) > now:
            return
        yield start, following - ONE_DAY
        start = following


def _has_something_to_state(world: World, account: rows.Account, end: dt.date) -> bool:
    """Whoever has ever held anything gets every statement from then on."""
    until = _midnight(end + ONE_DAY)
    fills, entries = world.store.fills.of(account.id), world.store.entries.of(account.id)
    return bool((fills and fills[0].at < until) or (entries and entries[0].at < until))


def _has_something_to_report(world: World, account: rows.Account, start: dt.date, end: dt.date) -> bool:
    """Whether a year has a sale, a dividend, interest or something withheld."""
    opening, closing = _midnight(start), _midnight(end + ONE_DAY)
    entries = _between(world.store.entries.of(account.id), opening, closing)
    fills = _between(world.store.fills.of(account.id), opening, closing)
    orders = world.store.orders.rows
    return any(entry.activity_type in (*DIVIDENDS, *INTEREST, *WITHHELD) for entry in entries) or any(
        orders[fill.order_id].side == "sell" for fill in fills
    )


def _activities(
    world: World, account: rows.Account, start: dt.datetime, end: dt.datetime
) -> list[rows.Fill | rows.Entry]:
    found: list[rows.Fill | rows.Entry] = [
        *_between(world.store.fills.of(account.id), start, end),
        *_between(world.store.entries.of(account.id), start, end),
    ]
    return sorted(found, key=lambda activity: activity.at)


def _cash(world: World, account: rows.Account, at: dt.datetime) -> Decimal:
    """The sum of what moved cash before an instant; 2 dp."""
    total = sum((entry.net_amount for entry in world.store.entries.of(account.id) if entry.at < at), ZERO)
    for fill in world.store.fills.of(account.id):
        if fill.at < at:
            order = world.store.orders.rows[fill.order_id]
            principal = amount(order.symbol, fill.qty, fill.price)
            total += -principal if order.side == "buy" else principal
    return total


def _positions(world: World, account: rows.Account, at: dt.datetime) -> list[dict[str, str]]:
    """Shares held at an instant, worth what the last session before it closed at; coins, what they are."""
    shares: dict[str, Decimal] = {}
    for fill in world.store.fills.of(account.id):
        if fill.at < at:
            order = world.store.orders.rows[fill.order_id]
            signed = fill.qty if order.side == "buy" else -fill.qty
            shares[order.symbol] = shares.get(order.symbol, ZERO) + signed
    for entry in world.store.entries.of(account.id):
        if entry.at < at and entry.qty is not None and entry.activity_type in SHARE_MOVES:
            shares[entry.symbol] = shares.get(entry.symbol, ZERO) + entry.qty
    close = trading_calendar.previous_close(at).astimezone(dt.UTC)
    found = []
    for symbol, qty in sorted(shares.items()):
        if qty:
            price = world.prices.trade(symbol, at if asset_class_of(symbol).trades_always else close)
            found.append({
                "symbol": symbol,
                "qty": text_of(qty),
                "price": text_of(price),
                "market_value": text_of(amount(symbol, qty, price)),
            })  # fmt: skip
    return found


def _between(activities: Iterable[Any], start: dt.datetime, end: dt.datetime) -> list[Any]:
    return [activity for activity in activities if start <= activity.at < end]


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(0), NEW_YORK).astimezone(dt.UTC)


def _beginning_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, BEGINNING_OF_DAY, NEW_YORK).astimezone(dt.UTC)
