"""Transfers: ACH in and out, wires out."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sandbox.books import ledger
from sandbox.kernel import eventlog
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.money.banks import ACTIVE_BANKS
from sandbox.money.transfer_rules import (
    check_may_move,
    checked_ira,
    checked_transfer,
    usable_bank,
    usable_link,
)  # fmt: skip
from sandbox.state import rows
from sandbox.state.api import (
    NO_CONTENT,
    Call,
    Reply,
    decoded_part,
    encode_json,
    endpoint,
    fixture_of,
    instant_text,
    invalid,
    not_found,
    text_of,
    uuid_of,
)  # fmt: skip
from sandbox.state.rows import ZERO
from sandbox.state.world import World

# Seconds at speed 1, and the least wait between two steps of a transfer: a reader sees each.
TO_CLEARING, CLEARING, FLOOR = 60.0, 120.0, 0.05
EXPIRY = dt.timedelta(days=7)
WIRE_FEE = Decimal(25)  # USD
CANCELABLE = frozenset(("QUEUED", "APPROVAL_PENDING", "PENDING"))
SATURDAY = 5


@endpoint("POST", "/v1/accounts/{account_id}/transfers")
def create_transfer(call: Call) -> dict[str, Any]:
    """Move cash over an approved link, or by wire. 403 when the account may not, 422 for a bad request."""
    account, body = call.account(), call.json_object()
    amount, direction = checked_transfer(body)
    wire = body["transfer_type"] == "wire"
    bank = usable_bank(call, account, body["bank_id"]) if wire else None
    link = None if wire else usable_link(call, account, body.get("relationship_id"))
    method = body.get("fee_payment_method") or "invoice"
    fee = WIRE_FEE if wire and method == "user" else ZERO
    if amount <= fee:
        raise invalid(f"amount must be greater than the fee of {text_of(fee)}")
    money = ledger.open_ledger(call.world, account.id, call.now)
    check_may_move(account, direction == "INCOMING", amount, ledger.withdrawable(call.world, money, call.now))
    information = body.get("additional_information") or ""
    transfer = rows.Transfer(
        id=str(uuid.uuid4()), account_id=account.id, created_at=call.now, updated_at=call.now,
        expires_at=call.now + EXPIRY, type="wire" if wire else "ach", status="", direction=direction,
        amount=amount - fee, requested_amount=amount, fee=fee, fee_payment_method=method,
        relationship_id=link.id if link else None, bank_id=bank.id if bank else None,
        additional_information=information if wire else "", fixture_status=fixture_of(information),
        ira=checked_ira(account, body, amount),
    )  # fmt: skip
    call.world.store.add(transfer)
    if direction == "INCOMING":
        money.pending_in += amount
    else:
        money.pending_out += amount
    move_transfer(call.world, transfer, "QUEUED", call.now)
    if transfer.fixture_status != "QUEUED":
        transfer.due_at = call.now + call.world.clock.wait(TO_CLEARING, FLOOR)
    return transfer_view(transfer)


@endpoint("GET", "/v1/accounts/{account_id}/transfers")
def list_transfers(call: Call) -> list[dict[str, Any]]:
    """Newest first."""
    account, direction = call.account(), call.arg("direction").upper()
    if direction not in ("", "INCOMING", "OUTGOING"):
        raise invalid("direction must be either incoming or outgoing")
    offset = call.number("offset", 0, 0, 10**9)
    limit = call.number("limit", 10**6, 0, 10**6)
    found = [t for t in reversed(call.world.store.transfers.of(account.id)) if direction in ("", t.direction)]
    return [transfer_view(transfer) for transfer in found[offset : offset + limit]]


@endpoint("DELETE", "/v1/accounts/{account_id}/transfers/{transfer_id}")
def cancel_transfer(call: Call) -> Reply:
    """Cancel one that is not at the clearing bank yet; 422 afterwards."""
    account, transfer_id = call.account(), uuid_of(call.params["transfer_id"])
    transfer = call.world.store.transfers.get(transfer_id)
    if transfer is None or transfer.account_id != account.id:
        raise not_found("transfer not found")
    if transfer.status not in CANCELABLE:
        raise invalid(f"transfer is not cancelable in status {transfer.status}")
    close_unbooked(call.world, transfer, "CANCELED", call.now)
    return NO_CONTENT


def step_transfer(world: World, transfer: rows.Transfer, now: dt.datetime) -> None:
    """QUEUED -> SENT_TO_CLEARING -> COMPLETE, unless a fixture asks for another end."""
    if transfer.status == "QUEUED" and transfer.type == "wire" and not _may_leave(world, transfer, now):
        return
    if transfer.status == "QUEUED":
        if transfer.fixture_status in ("REJECTED", "CANCELED"):
            close_unbooked(world, transfer, transfer.fixture_status, now, reason="asked for by fixture")
        elif transfer.fixture_status in ("PENDING", "APPROVED"):
            move_transfer(world, transfer, transfer.fixture_status, now)
        else:
            move_transfer(world, transfer, "SENT_TO_CLEARING", now)
            transfer.due_at = now + world.clock.wait(CLEARING, FLOOR)
    elif transfer.status == "SENT_TO_CLEARING":
        complete_transfer(world, transfer, now)
        if transfer.fixture_status == "RETURNED":
            transfer.due_at = now + world.clock.wait(CLEARING, FLOOR)
    elif transfer.status == "COMPLETE" and transfer.fixture_status == "RETURNED":
        return_transfer(world, transfer, now, reason="asked for by fixture")


def complete_transfer(world: World, transfer: rows.Transfer, now: dt.datetime) -> None:
    """Book it: CSD, or CSW and the FEE that its owner pays."""
    _release(world, transfer, now)
    kind, amount = ("CSD", transfer.amount) if transfer.direction == "INCOMING" else ("CSW", -transfer.amount)
    ledger.book(world, transfer.account_id, kind, amount, now, transfer_id=transfer.id)
    if transfer.fee:
        ledger.book(
            world, transfer.account_id, "FEE", -transfer.fee, now,
            description=f"{transfer.type} transfer fee", transfer_id=transfer.id,
        )  # fmt: skip
    move_transfer(world, transfer, "COMPLETE", now)


def close_unbooked(
    world: World, transfer: rows.Transfer, status: str, now: dt.datetime, *, reason: str = ""
) -> None:
    """End a transfer that never moved money: CANCELED or REJECTED."""
    _release(world, transfer, now)
    move_transfer(world, transfer, status, now, reason=reason)


def return_transfer(world: World, transfer: rows.Transfer, now: dt.datetime, *, reason: str) -> None:
    """The bank takes a completed transfer back; a returned deposit also stops trading on the account."""
    _book_back(world, transfer, f"{transfer.type} return: {reason}", now)
    if transfer.direction == "INCOMING":
        world.store.edit(world.store.accounts.rows[transfer.account_id]).trading_blocked = True
    move_transfer(world, transfer, "RETURNED", now, reason=reason)


def undo_transfer(
    world: World, transfer: rows.Transfer, status: str, now: dt.datetime, *, reason: str
) -> None:
    """A completed transfer becomes CANCELED or REJECTED after all; its money and its fee are booked back."""
    _book_back(world, transfer, f"{transfer.type} {status.lower()}: {reason}", now)
    if transfer.fee:
        ledger.book(
            world, transfer.account_id, "FEE", transfer.fee, now,
            description=f"{transfer.type} transfer fee booked back", transfer_id=transfer.id,
        )  # fmt: skip
    move_transfer(world, transfer, status, now, reason=reason)


def move_transfer(
    world: World, transfer: rows.Transfer, status: str, now: dt.datetime, *, reason: str = ""
) -> None:
    former = transfer.status
    world.store.edit(transfer)
    transfer.status, transfer.updated_at, transfer.due_at = status, now, None
    transfer.reason = reason or transfer.reason
    event = {
        "account_id": transfer.account_id, "at": instant_text(now), "entity_id": transfer.id,
        "entity_type": "Transfer", "status_from": former, "status_to": status,
    }  # fmt: skip
    world.store.emit(eventlog.TRANSFER, now, encode_json(event | ({"reason": reason} if reason else {})))


def transfer_view(transfer: rows.Transfer) -> dict[str, Any]:
    view = {
        "id": transfer.id,
        "account_id": transfer.account_id,
        "type": transfer.type,
        "status": transfer.status,
        "reason": transfer.reason,
        "amount": text_of(transfer.amount),
        "requested_amount": text_of(transfer.requested_amount),
        "fee": text_of(transfer.fee),
        "fee_payment_method": transfer.fee_payment_method,
        "instant_amount": "0",
        "direction": transfer.direction,
        "currency": "USD",
        "created_at": instant_text(transfer.created_at),
        "updated_at": instant_text(transfer.updated_at),
        "expires_at": instant_text(transfer.expires_at),
    }
    if transfer.relationship_id:
        view["relationship_id"] = transfer.relationship_id
    if transfer.ira:
        view["ira"] = decoded_part(transfer.ira)
    if transfer.bank_id:
        view |= {"bank_id": transfer.bank_id, "additional_information": transfer.additional_information}
    return view


def _may_leave(world: World, transfer: rows.Transfer, now: dt.datetime) -> bool:
    """Whether a wire can go out now: its bank is approved, and it is a weekday. Else look again later."""
    bank = world.store.banks.get(transfer.bank_id or "")
    if bank is None or bank.status not in ACTIVE_BANKS:
        close_unbooked(world, transfer, "REJECTED", now, reason="recipient bank is not approved")
        return False
    day = market_date(now)
    if day.weekday() >= SATURDAY and not world.always_open:
        monday = day + dt.timedelta(days=7 - day.weekday())
        transfer.due_at = dt.datetime.combine(monday, dt.time(8), NEW_YORK).astimezone(dt.UTC)
        return False
    if bank.status != "APPROVED":
        transfer.due_at = now + world.clock.wait(TO_CLEARING, FLOOR)
    return bank.status == "APPROVED"


def _book_back(world: World, transfer: rows.Transfer, description: str, now: dt.datetime) -> None:
    """The opposite of what completing it booked, its fee aside."""
    incoming = transfer.direction == "INCOMING"
    kind, amount = ("CSW", -transfer.amount) if incoming else ("CSD", transfer.amount)
    ledger.book(
        world, transfer.account_id, kind, amount, now, description=description, transfer_id=transfer.id
    )


def _release(world: World, transfer: rows.Transfer, now: dt.datetime) -> None:
    """Give back what the transfer had reserved."""
    money = ledger.open_ledger(world, transfer.account_id, now)
    if transfer.direction == "INCOMING":
        money.pending_in -= transfer.requested_amount
    else:
        money.pending_out -= transfer.requested_amount
