"""JNLC journals: cash between the firm's account and a customer's."""

import datetime as dt
import hashlib
import uuid
from decimal import Decimal
from typing import Any

from sandbox import eventlog, ledger, rows
from sandbox.api import (
    NO_CONTENT,
    Call,
    Refusal,
    Reply,
    decimal_of,
    decoded_part,
    encode_json,
    endpoint,
    fixture_of,
    forbidden,
    instant_text,
    invalid,
    malformed,
    not_found,
    parse_date,
    text_of,
    unprocessable,
    uuid_of,
    words,
)  # fmt: skip
from sandbox.clock import NEW_YORK, market_date
from sandbox.rows import ZERO
from sandbox.trading_calendar import next_session
from sandbox.world import World

# USD; above either a journal waits for the next beginning of day.
JOURNAL_LIMIT, DAILY_LIMIT = Decimal(50), Decimal(1000)
BEGINNING_OF_DAY = dt.time(2, 15)  # New York
# Seconds at speed 1.
TO_CLEARING, BOOKING, TO_PENDING = 0.055, 0.038, 0.305
STATUSES = words(
    "queued sent_to_clearing pending executed rejected refused canceled deleted correct"
)  # fmt: skip
TRANSMITTER = (
    "transmitter_name",
    "transmitter_account_number",
    "transmitter_address",
    "transmitter_financial_institution",
    "transmitter_timestamp",
)
MOST_ROWS = 100_000


@endpoint("POST", "/v1/journals")
def create_journal(call: Call) -> dict[str, Any]:
    """Book cash from one account to another. The same Idempotency-Key and body give the first journal."""
    body = call.json_object()
    key, digest = call.headers.get("idempotency-key", ""), hashlib.sha256(call.body).hexdigest()
    if len(key) > 128:
        raise invalid("Idempotency-Key must be no more than 128 characters")
    first = call.world.store.journals.by_key.get(key) if key else None
    if first is not None:
        if first.request_digest != digest:
            raise unprocessable("idempotency key was used with a different request body")
        return journal_view(first)
    amount = _checked(body)
    source, target = _parties(call, body)
    money = ledger.open_ledger(call.world, source.id, call.now)
    if amount > money.cash - money.held - money.pending_out:
        raise forbidden("the amount requested to move is not available")
    journal = rows.Journal(
        id=str(uuid.uuid4()),
        created_at=call.now,
        entry_type="JNLC",
        from_account=source.id,
        to_account=target.id,
        status="",
        amount=amount,
        description=body.get("description") or "",
        transmitter=_transmitter(body),
        idempotency_key=key,
        request_digest=digest,
    )
    over = amount > JOURNAL_LIMIT or amount + _moved_today(call) > DAILY_LIMIT
    journal.fixture_status = (fixture_of(body.get("description")).lower() or "pending_once") if over else ""
    money.held += amount
    call.world.store.add(journal)
    move(call.world, journal, "queued", call.now)
    journal.due_at = call.now + call.world.clock.wait(TO_PENDING if over else TO_CLEARING)
    return journal_view(journal)


@endpoint("GET", "/v1/journals")
def list_journals(call: Call) -> list[dict[str, Any]]:
    """Newest first. 422 above 100,000 rows."""
    status, entry_type = call.arg("status"), call.arg("entry_type")
    if status and status not in STATUSES:
        raise malformed("invalid status")
    if entry_type not in ("", "JNLC", "JNLS"):
        raise malformed("invalid entry_type")
    after, before = (_day(call, name) for name in ("after", "before"))
    limit = call.number("limit", MOST_ROWS + 1, 1, MOST_ROWS)
    parties = {name: uuid_of(call.arg(name)) for name in ("from_account", "to_account") if call.arg(name)}
    found = [
        journal
        for journal in reversed(list(call.world.store.journals))
        if (not status or journal.status == status)
        and (not entry_type or journal.entry_type == entry_type)
        and all(getattr(journal, name) == account_id for name, account_id in parties.items())
        and (after is None or market_date(journal.created_at) >= after)
        and (before is None or market_date(journal.created_at) <= before)
    ][:limit]
    if len(found) > MOST_ROWS:
        raise invalid("result set exceeds 100000 records")
    return [journal_view(journal) for journal in found]


@endpoint("GET", "/v1/journals/{journal_id}")
def get_journal(call: Call) -> dict[str, Any]:
    return journal_view(_journal(call))


@endpoint("DELETE", "/v1/journals/{journal_id}")
def cancel_journal(call: Call) -> Reply:
    """Only while it is pending; 422 otherwise."""
    journal = _journal(call)
    if journal.status != "pending":
        raise unprocessable(f"journal is not cancelable in status {journal.status}")
    _end(call.world, journal, "canceled", call.now)
    return NO_CONTENT


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
        _end(world, journal, "rejected", now)
    elif journal.status in ("pending", "sent_to_clearing"):
        _execute(world, journal, now)


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
        event |= {"idempotency_key": journal.idempotency_key, "idempotency_key_type": "single"}
    world.store.emit(eventlog.JOURNAL, now, encode_json(event))


def journal_view(journal: rows.Journal) -> dict[str, Any]:
    day = journal.settle_date.isoformat() if journal.settle_date else None
    return {
        "id": journal.id,
        "entry_type": journal.entry_type,
        "from_account": journal.from_account,
        "to_account": journal.to_account,
        "symbol": "",
        "qty": None,
        "price": "0",
        "status": journal.status,
        "settle_date": day,
        "system_date": day,
        "net_amount": text_of(journal.amount),
        "description": journal.description,
        "currency": journal.currency,
        "created_at": instant_text(journal.created_at),
        **decoded_part(journal.transmitter),
    }


def _execute(world: World, journal: rows.Journal, now: dt.datetime) -> None:
    ledger.open_ledger(world, journal.from_account, now).held -= journal.amount
    described = f"ID: {journal.id}" + (f" - {journal.description}" if journal.description else "")
    parties = ((journal.from_account, -journal.amount), (journal.to_account, journal.amount))
    for account_id, amount in parties:
        ledger.book(world, account_id, "JNLC", amount, now, description=described, journal_id=journal.id)
    move(world, journal, "executed", now)
    journal.settle_date = market_date(now)


def _end(world: World, journal: rows.Journal, status: str, now: dt.datetime) -> None:
    ledger.open_ledger(world, journal.from_account, now).held -= journal.amount
    move(world, journal, status, now)


def _beginning_of_next_day(now: dt.datetime) -> dt.datetime:
    day = next_session(market_date(now)).date
    return dt.datetime.combine(day, BEGINNING_OF_DAY, NEW_YORK).astimezone(dt.UTC)


def _checked(body: dict[str, Any]) -> Decimal:
    if body.get("entry_type") == "JNLS":
        raise invalid("JNLS journals are not enabled for this correspondent")
    if body.get("entry_type") != "JNLC":
        raise malformed("entry_type must be either JNLC or JNLS")
    if body.get("symbol") or body.get("qty"):
        raise malformed("symbol and qty must be empty for a JNLC journal")
    if body.get("amount") in (None, ""):
        raise malformed("amount is required for a JNLC journal")
    amount = decimal_of(body["amount"], "amount")
    if amount <= 0:
        raise malformed("amount must be greater than 0")
    for name, most in (("description", 1024), *((name, 255) for name in TRANSMITTER)):
        value = body.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            raise invalid(f"{name} must not be longer than {most}")
    if body.get("currency") not in (None, "", "USD"):
        raise invalid("currency is invalid")
    return amount


def _parties(call: Call, body: dict[str, Any]) -> tuple[rows.Account, rows.Account]:
    found = []
    for name in ("from_account", "to_account"):
        if not isinstance(body.get(name), str):
            raise malformed(f"{name} is required")
        account = call.world.store.accounts.get(uuid_of(body[name]))
        if account is None:
            raise not_found(f"{name} not found")
        found.append(account)
    source, target = found
    if source.is_firm == target.is_firm:
        raise Refusal(
            403, 40310000, "journals are only allowed between the firm account and a customer account"
        )
    if source.status not in ("ACTIVE", "ACCOUNT_CLOSED") or target.status != "ACTIVE":
        raise forbidden(f"{'to' if target.status != 'ACTIVE' else 'from'}_account is not active")
    return source, target


def _moved_today(call: Call) -> Decimal:
    today = market_date(call.now)
    total = ZERO
    for journal in reversed(call.world.store.journals.rows.values()):
        if market_date(journal.created_at) != today:
            break
        if not journal.fixture_status and journal.status not in ("rejected", "canceled"):
            total += journal.amount
    return total


def _transmitter(body: dict[str, Any]) -> bytes:
    kept = {name: body[name] for name in TRANSMITTER if body.get(name)}
    return encode_json(kept) if kept else b""


def _journal(call: Call) -> rows.Journal:
    journal_id = uuid_of(call.params["journal_id"])
    journal = call.world.store.journals.get(journal_id)
    if journal is None:
        raise not_found(f"journal not found for {journal_id}")
    return journal


def _day(call: Call, name: str) -> dt.date | None:
    text = call.arg(name)
    return parse_date(text, name) if text else None
