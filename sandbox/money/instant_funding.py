"""Instant funding: credit from the firm's account before the money arrives, settled the next day."""

import datetime as dt
import hashlib
import uuid
from decimal import Decimal
from typing import Any

from sandbox.money import instant_book
from sandbox.state import rows
from sandbox.state.api import (
    NO_CONTENT,
    Call,
    Reply,
    decimal_of,
    endpoint,
    forbidden,
    instant_text,
    invalid,
    malformed,
    not_found,
    parse_date,
    text_of,
    unprocessable,
    uuid_of,
)  # fmt: skip
from sandbox.state.rows import ZERO
from sandbox.state.world import World

PATH = "/v1/instant_funding"
ACCOUNT_LIMIT, FIRM_LIMIT = Decimal(1_000), Decimal(100_000)  # USD not settled yet
OWED = frozenset(("PENDING", "EXECUTED"))
STATUSES = OWED | {"COMPLETED", "CANCELED", "FAILED"}
SETTLEMENT_STATUSES = frozenset(("PENDING", "AWAITING_ADDITIONAL_FUNDS", "COMPLETED", "FAILED"))
MOST_SETTLED = 50_000
TRANSMITTER = ("originator_full_name", "originator_country", "originator_bank_name")


@endpoint("POST", PATH)
def create_instant_funding(call: Call) -> dict[str, Any]:
    """Credit an account by its number. The same Idempotency-Key and body give the first transfer."""
    body = call.json_object()
    key, digest = call.headers.get("idempotency-key", ""), hashlib.sha256(call.body).hexdigest()
    if len(key) > 128:
        raise invalid("Idempotency-Key must be no more than 128 characters")
    first = call.world.store.instant_fundings.by_key.get(key) if key else None
    if first is not None:
        if first.request_digest != digest:
            raise unprocessable("idempotency key was used with a different request body")
        return instant_view(call.world, first)
    account, source, amount = _checked(call, body)
    row = rows.InstantFunding(
        id=str(uuid.uuid4()), account_id=account.id, source_id=source.id, amount=amount,
        created_at=call.now, system_date=instant_book.system_date(call.now),
        deadline=instant_book.deadline(call.now), idempotency_key=key, request_digest=digest,
        due_at=call.now + call.world.clock.wait(instant_book.BOOKING, instant_book.FLOOR),
    )  # fmt: skip
    return instant_view(call.world, call.world.store.add(row))


@endpoint("GET", PATH)
def list_instant_fundings(call: Call) -> list[dict[str, Any]]:
    """Newest first, or oldest with ``sort_order`` ASC."""
    order, status = call.arg("sort_order", "DESC").upper(), call.arg("status").upper()
    if order not in ("ASC", "DESC"):
        raise malformed("invalid sort_order: must be ASC or DESC")
    if status and status not in STATUSES:
        raise malformed("invalid status")
    limit, offset = call.number("limit", 100, 1, 100), call.number("offset", 0, 0, 10**9)
    days = {name: parse_date(call.arg(name), name) for name in ("system_date", "deadline") if call.arg(name)}
    before = call.instant("before")
    found = [
        row
        for row in call.world.store.instant_fundings
        if (not status or row.status == status)
        and all(getattr(row, name) == day for name, day in days.items())
        and (before is None or row.created_at < before)
    ]
    if order == "DESC":
        found.reverse()
    return [instant_view(call.world, row) for row in found[offset : offset + limit]]


@endpoint("GET", PATH + "/limits")
def get_firm_limits(call: Call) -> dict[str, str]:
    return _limits(FIRM_LIMIT, in_use(call.world))


@endpoint("GET", PATH + "/limits/accounts")
def get_account_limits(call: Call) -> list[dict[str, str]]:
    numbers = call.args("account_numbers")
    if not numbers:
        raise malformed("account_numbers is required")
    accounts = (call.world.store.accounts.by_number.get(number) for number in numbers)
    return [
        {"account_no": account.account_number} | _limits(ACCOUNT_LIMIT, in_use(call.world, account.id))
        for account in accounts
        if account is not None
    ]


@endpoint("GET", PATH + "/reports")
def get_report(call: Call) -> list[dict[str, Any]]:
    """What every account owes, by the day it was credited."""
    day = parse_date(call.arg("system_date"), "system_date") if call.arg("system_date") else None
    groups: dict[tuple[str, dt.date], list[rows.InstantFunding]] = {}
    for row in call.world.store.instant_fundings:
        if row.status == "EXECUTED" and day in (None, row.system_date):
            groups.setdefault((row.account_id, row.system_date), []).append(row)
    return [
        {
            "account_no": call.world.store.accounts.rows[account_id].account_number,
            "system_date": system_date.isoformat(),
            "deadline": members[0].deadline.isoformat(),
            "total_amount_owed": text_of(sum((row.amount for row in members), ZERO)),
            "total_interest_penalty": "0",
            "instant_funding_transfers": [instant_view(call.world, row) for row in members],
        }
        for (account_id, system_date), members in groups.items()
    ]


@endpoint("POST", PATH + "/settlements")
def create_settlement(call: Call) -> dict[str, Any]:
    """Pay what was credited from the firm's account."""
    body = call.json_object()
    wanted = body.get("transfers")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MOST_SETTLED:
        raise invalid(f"transfers must be an array of 1 to {MOST_SETTLED}")
    owed = {row.id: row for row in (_owed(call, entry) for entry in wanted)}
    settlement = rows.Settlement(
        id=str(uuid.uuid4()), created_at=call.now, updated_at=call.now, transfer_ids=list(owed),
        total_amount=sum((row.amount for row in owed.values()), ZERO), source_id=call.world.firm_id,
        additional_info=str(body.get("additional_info") or "")[:1024],
        due_at=call.now + call.world.clock.wait(instant_book.BOOKING, instant_book.FLOOR),
    )  # fmt: skip
    for row in owed.values():
        call.world.store.edit(row).settlement_id = settlement.id
    return settlement_view(call.world, call.world.store.add(settlement))


@endpoint("GET", PATH + "/settlements")
def list_settlements(call: Call) -> dict[str, Any]:
    statuses = {status.upper() for status in call.args("statuses")}
    if statuses - SETTLEMENT_STATUSES:
        raise malformed("invalid statuses")
    found = [row for row in call.world.store.settlements if not statuses or row.status in statuses]
    return {"settlements": [settlement_view(call.world, row) for row in reversed(found)]}


@endpoint("GET", PATH + "/settlements/{settlement_id}")
def get_settlement(call: Call) -> dict[str, Any]:
    found = call.world.store.settlements.get(uuid_of(call.params["settlement_id"]))
    if found is None:
        raise not_found("settlement not found")
    return settlement_view(call.world, found)


@endpoint("GET", PATH + "/{instant_funding_id}")
def get_instant_funding(call: Call) -> dict[str, Any]:
    return instant_view(call.world, _instant_funding(call, call.params["instant_funding_id"]))


@endpoint("DELETE", PATH + "/{instant_funding_id}")
def cancel_instant_funding(call: Call) -> Reply:
    """Take the credit back, while no settlement has been asked for."""
    row = _instant_funding(call, call.params["instant_funding_id"])
    if row.status not in OWED or row.settlement_id:
        raise unprocessable(f"instant funding is not cancelable in status {row.status}")
    instant_book.cancel(call.world, row, call.now)
    return NO_CONTENT


def in_use(world: World, account_id: str = "") -> Decimal:
    """USD credited and not settled, of an account or of all."""
    store = world.store.instant_fundings
    found = store.of(account_id) if account_id else store
    return sum((row.amount for row in found if row.status in OWED), ZERO)


def instant_view(world: World, row: rows.InstantFunding) -> dict[str, Any]:
    numbers = world.store.accounts.rows
    return {
        "id": row.id,
        "account_no": numbers[row.account_id].account_number,
        "source_account_no": numbers[row.source_id].account_number,
        "amount": text_of(row.amount),
        "remaining_payable": text_of(row.amount if row.status in OWED else ZERO),
        "total_interest": "0",
        "interests": [],
        "fees": [],
        "status": row.status,
        "system_date": row.system_date.isoformat(),
        "deadline": row.deadline.isoformat(),
        "created_at": instant_text(row.created_at),
    }


def settlement_view(world: World, row: rows.Settlement) -> dict[str, Any]:
    view = {
        "id": row.id,
        "status": row.status,
        "total_amount": text_of(row.total_amount),
        "interest_amount": "0",
        "currency": "USD",
        "asset_class": "us_equity",
        "source_account_number": world.store.accounts.rows[row.source_id].account_number,
        "additional_info": row.additional_info,
        "created_at": instant_text(row.created_at),
        "updated_at": instant_text(row.updated_at),
    }
    return view | ({"completed_at": instant_text(row.updated_at)} if row.status == "COMPLETED" else {})


def _checked(call: Call, body: dict[str, Any]) -> tuple[rows.Account, rows.Account, Decimal]:
    """Whom to credit, whose cash it is to be, and how much (USD)."""
    account, source = (_numbered(call, body, name) for name in ("account_no", "source_account_no"))
    if not source.is_firm or account.is_firm:
        raise invalid("source_account_no must be the firm account's, account_no a customer's")
    if account.status != "ACTIVE" or account.deposits_blocked:
        raise forbidden("deposits are not permitted for this account")
    amount = decimal_of(body.get("amount"), "amount")
    if amount <= 0:
        raise invalid("amount must be greater than 0")
    if amount > ACCOUNT_LIMIT - in_use(call.world, account.id) or amount > FIRM_LIMIT - in_use(call.world):
        raise forbidden("instant funding limit exceeded")
    return account, source, amount


def _limits(limit: Decimal, used: Decimal) -> dict[str, str]:
    amounts = {"amount_limit": limit, "amount_in_use": used, "amount_available": limit - used}
    return {name: text_of(amount) for name, amount in amounts.items()}


def _numbered(call: Call, body: dict[str, Any], name: str) -> rows.Account:
    number = body.get(name)
    if not isinstance(number, str) or not number:
        raise invalid(f"{name} is required")
    account = call.world.store.accounts.by_number.get(number)
    if account is None:
        raise not_found(f"{name} not found")
    return account


def _owed(call: Call, entry: Any) -> rows.InstantFunding:
    """The credit that an entry of a settlement names."""
    if not isinstance(entry, dict) or not isinstance(entry.get("instant_transfer_id"), str):
        raise invalid("instant_transfer_id is required")
    info = entry.get("transmitter_info")
    if not isinstance(info, dict) or not all(info.get(name) for name in TRANSMITTER):
        raise invalid(f"transmitter_info needs {', '.join(TRANSMITTER)}")
    row = _instant_funding(call, entry["instant_transfer_id"])
    if row.status != "EXECUTED" or row.settlement_id:
        raise unprocessable(f"instant funding {row.id} cannot be settled in status {row.status}")
    return row


def _instant_funding(call: Call, text: str) -> rows.InstantFunding:
    row = call.world.store.instant_fundings.get(uuid_of(text))
    if row is None:
        raise not_found("instant funding not found")
    return row
