"""The parts of an account's page, and the lists of events and calls that the front page has too."""

import datetime as dt
import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.accounts.documents import statements
from sandbox.books import ledger
from sandbox.control.console.layout import facts, live, panel, status, table, when
from sandbox.control.console.markup import Markup, tag
from sandbox.kernel.eventlog import ulid_text
from sandbox.state import rows
from sandbox.state.api import Call, decode_json, decoded_part, text_of

MOST = 20
LOOK_BACK = 3_000  # events


def summary(call: Call, account: rows.Account) -> Markup:
    """Status, open questions, balances."""
    world, money = call.world, call.world.store.ledgers.rows[account.id]
    total, holdings = ledger.equity(world, money, call.now)
    blocks = [name for name in ("deposits", "withdrawals", "trading") if getattr(account, f"{name}_blocked")]
    results = decoded_part(account.kyc_results)
    reasons = [code for name in ("indeterminate", "reject") for code in results.get(name, {})]
    return panel(
        "Account",
        live(
            "summary",
            facts(
                ("Status", status(account.status)),
                ("Number", account.account_number),
                ("E-mail", account.email or "none"),
                ("Id", tag("code", account.id)),
                ("Open KYC reasons", ", ".join(reasons) or "none"),
                ("Blocked", ", ".join(blocks) or "nothing"),
                ("Cash", _usd(money.cash)),
                ("Positions", _usd(holdings.total)),
                ("Equity", _usd(total)),
                ("Buying power", _usd(ledger.buying_power(world, account, money, call.now))),
                ("Withdrawable", _usd(ledger.withdrawable(world, money, call.now))),
                ("Pending in / out", f"{_usd(money.pending_in)} / {_usd(money.pending_out)}"),
            ),
        ),
    )


def orders(call: Call, account: rows.Account) -> Markup:
    cells = [_order(each) for each in _newest(call.world.store.orders.of(account.id))]
    return _listed("Orders", ("When", "Order", "Status", "Filled", "Price", "Id"), cells)


def transfers(call: Call, account: rows.Account) -> Markup:
    cells = [_transfer(each) for each in _newest(call.world.store.transfers.of(account.id))]
    return _listed("Transfers", ("When", "Direction", "Amount", "Status", "Reason", "Id"), cells)


def movements(call: Call, account: rows.Account) -> Markup:
    """Activities other than fills."""
    cells = [
        (when(each.at), each.activity_type, _usd(each.net_amount), each.description, tag("code", each.id))
        for each in _newest(call.world.store.entries.of(account.id))
    ]
    return _listed("Activities beside fills", ("When", "Type", "Amount", "Description", "Id"), cells)


def positions(call: Call, account: rows.Account) -> Markup:
    cells = [_position(call, each) for each in call.world.store.positions.of(account.id) if each.qty]
    return _listed("Positions", ("Symbol", "Shares", "Cost", "Price", "Value"), cells)


def documents(call: Call, account: rows.Account) -> Markup:
    """What the broker issued and what the owner uploaded."""
    issued = [
        (each.end.isoformat(), each.type.replace("_", " "), "broker")
        for each in statements.issued_documents(call.world, account, call.now)
    ]
    uploaded = [
        (each.created_at.date().isoformat(), each.document_type.replace("_", " "), "owner")
        for each in call.world.store.documents.of(account.id)
    ]
    cells = sorted(issued + uploaded, key=lambda row: row[0], reverse=True)[:MOST]
    return _listed("Documents", ("Date", "Type", "From"), cells)


def events_panel(call: Call, account: rows.Account | None = None) -> Markup:
    log = call.world.store.events
    needle = account.id.encode() if account else b""
    found: list[tuple[Any, ...]] = []
    low = max(len(log) - LOOK_BACK, 0)
    for event in reversed(list(log.read(low, len(log)))):
        if needle in event.body:
            body = decode_json(event.body)
            found.append((_when(body), _what(body), _subject(body), tag("code", ulid_text(event.ulid))))
            if len(found) == MOST:
                break
    listed = table("Recent events", ("When", "What", "Of", "ULID"), found, "No event yet.")
    return panel("Recent events", live("events", listed))


def calls_panel(call: Call, account: rows.Account | None = None) -> Markup:
    own = (
        record
        for record in reversed(call.world.calls)
        if record.path != "/" and not record.path.startswith("/_sandbox/")
        and (account is None or account.id in record.path)
    )  # fmt: skip
    cells = [
        (when(record.at), tag("span", "dropped" if record.status is None else record.status),
         tag("code", f"{record.method} {record.path}", class_="long"), tag("code", record.request_id))
        for record in itertools.islice(own, MOST)
    ]  # fmt: skip
    listed = table("Recent calls", ("When", "Status", "Call", "Request ID"), cells, "No call yet.")
    return panel("Recent calls", live("calls", listed))


def _what(body: dict[str, Any]) -> Markup | str:
    """The status an event tells of; an activity has none, but a type."""
    word = body.get("status_to") or body.get("event")
    return status(str(word)) if word else str(body.get("activity_type") or "change")


def _subject(body: dict[str, Any]) -> str:
    order = body.get("order")
    if isinstance(order, dict):
        amount = order.get("qty") or f"${order.get('notional')}"
        return f"order: {order['side']} {amount} {order['symbol']}"
    words = {"Transfer": "transfer", "BankRelationship": "bank link", "Bank": "recipient bank"}
    if body.get("entity_type"):
        return words.get(str(body["entity_type"]), str(body["entity_type"]))
    for member, word in (("journal_id", "journal"), ("activity_type", "activity")):
        if body.get(member):
            return word
    return "account"


def _transfer(each: rows.Transfer) -> tuple[Any, ...]:
    return (
        when(each.created_at), f"{each.direction} {each.type}", _usd(each.amount), status(each.status),
        each.reason or "", tag("code", each.id),
    )  # fmt: skip


def _order(each: rows.Order) -> tuple[Any, ...]:
    amount = text_of(each.qty) if each.qty is not None else _usd(each.notional or rows.ZERO)
    limit = f" at {_price(each.limit_price)}" if each.limit_price is not None else ""
    price = _price(each.filled_avg_price) if each.filled_avg_price is not None else ""
    return (
        when(each.created_at), f"{each.side} {amount} {each.symbol} {each.type}{limit}, {each.time_in_force}",
        status(each.status), text_of(each.filled_qty), price, tag("code", each.id),
    )  # fmt: skip


def _position(call: Call, each: rows.Position) -> tuple[Any, ...]:
    price = call.world.prices.trade(each.symbol, call.now)
    return (
        each.symbol,
        text_of(each.qty),
        _price(each.avg_entry_price),
        _price(price),
        _usd(ledger.amount(each.symbol, each.qty, price)),
    )


def _listed(title: str, heads: tuple[str, ...], cells: Sequence[tuple[Any, ...]]) -> Markup:
    name = title.split(maxsplit=1)[0].lower()
    return panel(title, live(name, table(title, heads, cells, "None.")))


def _newest(listed: list[Any]) -> list[Any]:
    return listed[: -MOST - 1 : -1]


def _when(body: dict[str, Any]) -> Markup | str:
    """The instant of an event's body."""
    at = body.get("at")
    return when(dt.datetime.fromisoformat(at)) if isinstance(at, str) else ""


def _price(price: Decimal) -> str:
    """In full below a dollar: a coin may cost less than a cent."""
    return f"${text_of(price)}" if price < 1 else _usd(price)


def _usd(amount: Any) -> str:
    return f"−${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"
