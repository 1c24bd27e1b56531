"""The parts of an account's page, and the lists of events and calls that the front page has too."""

import itertools
from typing import Any

from sandbox import ledger, rows, statements
from sandbox.api import Call, decode_json, decoded_part, text_of
from sandbox.console.layout import facts, live, panel, status, table, when
from sandbox.console.markup import Markup, tag
from sandbox.eventlog import ulid_text

MOST = 20
LOOK_BACK = 3_000  # events


def summary(call: Call, account: rows.Account) -> Markup:
    """Status, open questions, balances."""
    world, money = call.world, call.world.store.ledgers.rows[account.id]
    total, value = ledger.equity(world, money, call.now)
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
                ("Positions", _usd(value)),
                ("Equity", _usd(total)),
                ("Buying power", _usd(ledger.buying_power(world, account, money, call.now))),
                ("Withdrawable", _usd(ledger.withdrawable(money, call.now))),
                ("Pending in / out", f"{_usd(money.pending_in)} / {_usd(money.pending_out)}"),
            ),
        ),
        name="account",
    )


def tables(call: Call, account: rows.Account) -> list[Markup]:
    """Transfers, orders, positions, journals, documents: the newest of each."""
    return [
        _listed("Transfers", ("When", "Direction", "Amount", "Status", "Reason", "Id"),
                [_transfer(each) for each in _newest(call.world.store.transfers.of(account.id))]),
        _listed("Orders", ("When", "Order", "Status", "Filled", "Price", "Id"),
                [_order(each) for each in _newest(call.world.store.orders.of(account.id))]),
        _listed("Positions", ("Symbol", "Shares", "Average cost", "Last price", "Value"),
                [_position(call, each) for each in call.world.store.positions.of(account.id) if each.qty]),
        _listed("Cash and share movements", ("When", "Type", "Amount", "Description"),
                [(when(each.at), each.activity_type, _usd(each.net_amount), each.description)
                 for each in _newest(call.world.store.entries.of(account.id))]),
        _listed("Documents", ("Date", "Type", "From", "Id"), _documents(call, account)),
    ]  # fmt: skip


def events_panel(call: Call, account: rows.Account | None = None) -> Markup:
    log = call.world.store.events
    needle = account.id.encode() if account else b""
    found: list[tuple[Any, ...]] = []
    low = max(len(log) - LOOK_BACK, 0)
    for event in reversed(list(log.read(low, len(log)))):
        if needle in event.body:
            body = decode_json(event.body)
            what = body.get("status_to") or body.get("event") or body.get("activity_type") or "change"
            found.append(
                (when_text(body), status(str(what)), _subject(body), tag("code", ulid_text(event.ulid)))
            )
            if len(found) == MOST:
                break
    listed = table("Recent events", ("When", "What", "Of", "ULID"), found, "No event yet.")
    return panel("Recent events", live("events", listed), name="events-panel")


def calls_panel(call: Call, account: rows.Account | None = None) -> Markup:
    own = (
        record
        for record in reversed(call.world.calls)
        if record.path != "/" and not record.path.startswith("/_sandbox/")
        and (account is None or account.id in record.path)
    )  # fmt: skip
    cells = [
        (when(record.at), tag("span", "dropped" if record.status is None else record.status),
         tag("code", f"{record.method} {record.path}"), tag("code", record.request_id))
        for record in itertools.islice(own, MOST)
    ]  # fmt: skip
    listed = table("Recent calls", ("When", "Status", "Call", "Request ID"), cells, "No call yet.")
    return panel("Recent calls", live("calls", listed), name="calls-panel")


def when_text(body: dict[str, Any]) -> str:
    """The instant of an event's body, to the second, UTC."""
    return str(body.get("at") or "")[:19].replace("T", " ")


def _subject(body: dict[str, Any]) -> str:
    order = body.get("order")
    if isinstance(order, dict):
        amount = order.get("qty") or f"${order.get('notional')}"
        return f"order: {order['side']} {amount} {order['symbol']}"
    for member, word in (("entity_type", ""), ("journal_id", "journal"), ("activity_type", "activity")):
        if body.get(member):
            return word or str(body[member])
    return "account"


def _transfer(each: rows.Transfer) -> tuple[Any, ...]:
    return (
        when(each.created_at), f"{each.direction} {each.type}", _usd(each.amount), status(each.status),
        each.reason or "", tag("code", each.id),
    )  # fmt: skip


def _order(each: rows.Order) -> tuple[Any, ...]:
    amount = text_of(each.qty) if each.qty is not None else _usd(each.notional or rows.ZERO)
    limit = f" at {_usd(each.limit_price)}" if each.limit_price is not None else ""
    price = _usd(each.filled_avg_price) if each.filled_avg_price is not None else ""
    return (
        when(each.created_at), f"{each.side} {amount} {each.symbol} {each.type}{limit}, {each.time_in_force}",
        status(each.status), text_of(each.filled_qty), price, tag("code", each.id),
    )  # fmt: skip


def _position(call: Call, each: rows.Position) -> tuple[Any, ...]:
    price = call.world.prices.trade(each.symbol, call.now)
    return each.symbol, text_of(each.qty), _usd(each.avg_entry_price), _usd(price), _usd(each.qty * price)


def _documents(call: Call, account: rows.Account) -> list[tuple[Any, ...]]:
    issued = [
        (each.end.isoformat(), each.type, "the broker", tag("code", each.id))
        for each in statements.issued_documents(call.world, account, call.now)
    ]
    uploaded = [
        (each.created_at.date().isoformat(), each.document_type, "the owner", tag("code", each.id))
        for each in call.world.store.documents.of(account.id)
    ]
    return sorted(issued + uploaded, key=lambda row: row[0], reverse=True)[:MOST]


def _listed(title: str, heads: tuple[str, ...], cells: list[tuple[Any, ...]]) -> Markup:
    name = title.split(maxsplit=1)[0].lower()
    return panel(title, live(name, table(title, heads, cells, "None.")), name=f"{name}-panel")


def _newest(listed: list[Any]) -> list[Any]:
    return listed[: -MOST - 1 : -1]


def _usd(amount: Any) -> str:
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"
