"""What becomes of a journal: its statuses, and the cash or shares it moves on both sides."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sandbox.books import ledger
from sandbox.books.holdings import add_shares
from sandbox.kernel import eventlog, trading_calendar
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.orders.execution import cancel, open_position
from sandbox.state import rows
from sandbox.state.api import decoded_part, encode_json, instant_text, invalid, text_of
from sandbox.state.world import World
from sandbox.streams import firm as firm_events

BEGINNING_OF_DAY = dt.time(2, 15)  # New York
# Seconds at speed 1.
TO_CLEARING, BOOKING, TO_PENDING = 0.055, 0.038, 0.305
UNDONE = ("correct", "canceled", "deleted")


def step(world: World, journal: rows.Journal, now: dt.datetime) -> None:
    """queued -> sent_to_clearing -> executed; over a limit queued -> pending -> executed or rejected."""
    if journal.status == "queued" and journal.fixture_status:
        move(world, journal, "pending", now)
        if journal.fixture_status != "pending":
            journal.due_at = _beginning_of_next_day(now)
    elif journal.status == "queued":
        move(world, journal, "sent_to_clearing", now)
        journal.due_at = now + world.clock.wait(BOOKING)
    elif journal.status == "pending" and journal.fixture_status == "rejected":
        end(world, journal, "rejected", now)
    elif journal.status in ("pending", "sent_to_clearing"):
        execute(world, journal, now)


def move(world: World, journal: rows.Journal, status: str, now: dt.datetime) -> None:
    former = journal.status
    world.store.edit(journal)
    journal.status, journal.due_at = status, None
    event = {
        "at": instant_text(now),
        "entry_type": journal.entry_type,
        "journal_id": journal.id,
        "status_from": former,
        "status_to": status,
        "description": journal.description,
    }
    if journal.idempotency_key:
        kind = "batch" if journal.in_batch else "single"
        event |= {"idempotency_key": journal.idempotency_key, "idempotency_key_type": kind}
    world.store.emit(eventlog.JOURNAL, now, encode_json(event))


def execute(world: World, journal: rows.Journal, now: dt.datetime) -> None:
    """Book both sides."""
    release(world, journal, now)
    _book(world, journal, now, sign=1)
    move(world, journal, "executed", now)
    journal.settle_date = market_date(now)


def end(world: World, journal: rows.Journal, status: str, now: dt.datetime) -> None:
    """End one that moved nothing: rejected, refused, canceled or deleted."""
    release(world, journal, now)
    move(world, journal, status, now)


def release(world: World, journal: rows.Journal, now: dt.datetime) -> None:
    """Give back what the journal had reserved."""
    if journal.entry_type == "JNLC":
        ledger.open_ledger(world, journal.from_account, now).held -= journal.amount
    else:
        open_position(world, journal.from_account, journal.symbol, now).held -= journal.qty


def undo(world: World, journal: rows.Journal, status: str, now: dt.datetime) -> None:
    """What operations staff may do to an executed one: book it back as correct, canceled or deleted.

    Raises a 422 for a journal in another status, or whose shares are no longer there.
    """
    if journal.status != "executed" or status not in UNDONE:
        raise invalid(f"cannot make a journal in status {journal.status} {status[:20]}")
    if journal.entry_type == "JNLS":
        held = open_position(world, journal.to_account, journal.symbol, now)
        if journal.qty > held.qty - held.held:
            raise invalid("the shares of the journal are no longer available")
    _book(world, journal, now, sign=-1)
    move(world, journal, status, now)
    firm_events.record_admin_action(
        world, journal.to_account, "transaction_cancel", f"journal {journal.id} is {status}", now,
        entry_type=journal.entry_type, transaction_id=journal.id,
    )  # fmt: skip


def correct(world: World, journal: rows.Journal, amount: Decimal, now: dt.datetime) -> rows.Journal:
    """Replace an executed JNLC by one of another amount (USD), executed at once; returns the new one.

    Raises a 422 for a journal in another status or of another type, or an amount that is not positive.
    """
    if journal.entry_type != "JNLC" or amount <= 0:
        raise invalid("only the amount of a JNLC journal can be corrected, to one greater than 0")
    undo(world, journal, "correct", now)
    corrected = rows.Journal(
        id=str(uuid.uuid4()), created_at=now, entry_type="JNLC", from_account=journal.from_account,
        to_account=journal.to_account, status="", amount=amount, description=journal.description,
        transmitter=journal.transmitter, settle_date=market_date(now), fixture_status="corrected",
    )  # fmt: skip
    world.store.add(corrected)
    _book(world, corrected, now, sign=1)
    move(world, corrected, "executed", now)
    return corrected


def journal_view(journal: rows.Journal) -> dict[str, Any]:
    """JNLC has a net_amount and null dates until it settles; JNLS has shares, and dates once it has."""
    view: dict[str, Any] = {
        "id": journal.id,
        "entry_type": journal.entry_type,
        "from_account": journal.from_account,
        "to_account": journal.to_account,
        "status": journal.status,
        "description": journal.description,
        "currency": journal.currency,
        "created_at": instant_text(journal.created_at),
    }
    day = journal.settle_date.isoformat() if journal.settle_date else None
    if journal.entry_type == "JNLS":
        view |= {"symbol": journal.symbol, "qty": text_of(journal.qty), "price": text_of(journal.price)}
        return view | ({"settle_date": day, "system_date": day} if day else {})
    return view | {
        "symbol": "",
        "qty": None,
        "price": "0",
        "settle_date": day,
        "system_date": day,
        "net_amount": text_of(journal.amount),
        **decoded_part(journal.transmitter),
    }


def _book(world: World, journal: rows.Journal, now: dt.datetime, *, sign: int) -> None:
    """One activity on each side; ``sign`` -1 books it back."""
    described = f"ID: {journal.id}" + (f" - {journal.description}" if journal.description else "")
    for account_id, side in ((journal.from_account, -sign), (journal.to_account, sign)):
        qty = journal.qty * side
        if journal.entry_type == "JNLS":
            _move_shares(world, account_id, journal, qty, now)
        ledger.book(
            world, account_id, journal.entry_type, journal.amount * side, now, description=described,
            journal_id=journal.id, symbol=journal.symbol, qty=qty or None, price=journal.price or None,
        )  # fmt: skip


def _move_shares(
    world: World, account_id: str, journal: rows.Journal, qty: Decimal, now: dt.datetime
) -> None:
    """Shares arrive at the journal's price and leave at the average paid for them.

    They may turn what is owed into what is held, so open orders of a short position do not outlive them.
    """
    position = open_position(world, account_id, journal.symbol, now)
    if world.store.accounts.rows[account_id].margin:
        orders = [each for each in world.store.orders.open_of(account_id) if each.symbol == journal.symbol]
        for order in orders if any(each.short for each in orders) else ():
            cancel(world, order, now)
    add_shares(position, qty, journal.price)


def _beginning_of_next_day(now: dt.datetime) -> dt.datetime:
    day = trading_calendar.next_session(market_date(now)).date
    return dt.datetime.combine(day, BEGINNING_OF_DAY, NEW_YORK).astimezone(dt.UTC)
