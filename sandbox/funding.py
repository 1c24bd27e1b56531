"""ACH relationships and transfers."""

import datetime as dt
import re
import uuid
from decimal import Decimal
from typing import Any

from sandbox import eventlog, ledger, rows
from sandbox.api import (
    NO_CONTENT,
    Call,
    Reply,
    conflict,
    decimal_of,
    encode_json,
    endpoint,
    fixture_of,
    forbidden,
    instant_text,
    invalid,
    not_found,
    text_of,
    uuid_of,
)  # fmt: skip
from sandbox.world import World

# Seconds at speed 1, and the least wait between two steps of a transfer: a reader sees each.
BANK_REVIEW, TO_CLEARING, CLEARING, FLOOR = 60.0, 60.0, 120.0, 0.05
EXPIRY = dt.timedelta(days=7)
LEAST_AMOUNT = Decimal("0.01")
ACTIVE_LINKS = frozenset(("QUEUED", "PENDING", "APPROVED"))
# What the SDK can read of the fixtures the documentation names.
FIXTURE_STATUSES = frozenset(("QUEUED", "PENDING", "REJECTED", "CANCELED", "RETURNED", "APPROVED"))
CANCELABLE = frozenset(("QUEUED", "APPROVAL_PENDING", "PENDING"))
MAY_FUND = frozenset(("ACTIVE", "ACCOUNT_UPDATED"))
MAY_DEPOSIT = MAY_FUND | {"APPROVED"}


@endpoint("POST", "/v1/accounts/{account_id}/ach_relationships")
def create_relationship(call: Call) -> dict[str, Any]:
    """Link a bank account; QUEUED, then APPROVED by itself. 409 while another link is active."""
    account, body = call.account(), call.json_object()
    token = body.get("processor_token") or ""
    if not isinstance(token, str):
        raise invalid("processor_token is invalid")
    details: dict[str, Any] = {} if token else _checked_bank(body)
    if account.status in ("REJECTED", "ACCOUNT_CLOSED", "DISABLED"):
        raise forbidden("account is not allowed to link a bank")
    store = call.world.store
    if any(link.status in ACTIVE_LINKS for link in store.relationships.of(account.id)):
        raise conflict("only one active ach relationship allowed")
    nickname = body.get("nickname") or ""
    if not isinstance(nickname, str) or len(nickname) > 100:
        raise invalid("nickname is invalid")
    link = rows.Relationship(
        id=str(uuid.uuid4()),
        account_id=account.id,
        created_at=call.now,
        updated_at=call.now,
        status="",
        account_owner_name=str(body.get("account_owner_name") or ""),
        nickname=nickname,
        processor_token=token,
        **details,
    )
    store.add(link)
    move_relationship(call.world, link, "QUEUED", call.now)
    link.due_at = call.now + call.world.clock.wait(BANK_REVIEW, FLOOR)
    return relationship_view(link)


@endpoint("GET", "/v1/accounts/{account_id}/ach_relationships")
def list_relationships(call: Call) -> list[dict[str, Any]]:
    account, wanted = call.account(), {status.upper() for status in call.args("statuses")}
    return [
        relationship_view(link)
        for link in call.world.store.relationships.of(account.id)
        if link.status in ACTIVE_LINKS and (not wanted or link.status in wanted)
    ]


@endpoint("DELETE", "/v1/accounts/{account_id}/ach_relationships/{relationship_id}")
def delete_relationship(call: Call) -> Reply:
    account, link_id = call.account(), uuid_of(call.params["relationship_id"])
    link = call.world.store.relationships.get(link_id)
    if link is None or link.account_id != account.id or link.status not in ACTIVE_LINKS:
        raise not_found("ach relationship not found")
    move_relationship(call.world, link, "CANCELED", call.now)
    return NO_CONTENT


@endpoint("POST", "/v1/accounts/{account_id}/transfers")
def create_transfer(call: Call) -> dict[str, Any]:
    """Move cash by ACH over an approved link. 403 when the account may not, 422 for a bad request."""
    account, body = call.account(), call.json_object()
    amount, direction = _checked_transfer(body)
    link = _usable_link(call, account, body.get("relationship_id"))
    money = ledger.open_ledger(call.world, account.id, call.now)
    incoming = direction == "INCOMING"
    if account.status not in (MAY_DEPOSIT if incoming else MAY_FUND) or _is_blocked(account, incoming):
        raise forbidden(f"{'deposits' if incoming else 'withdrawals'} are not permitted for this account")
    if not incoming and (account.status == "ACCOUNT_UPDATED"):
        raise forbidden("withdrawals are not permitted for this account")
    available = ledger.withdrawable(money, call.now)
    if not incoming and amount > available:
        raise forbidden(
            f"insufficient balance (requested: {text_of(amount)}, available: {text_of(available)})",
            cash_withdrawable=text_of(available),
        )
    transfer = rows.Transfer(
        id=str(uuid.uuid4()), account_id=account.id, created_at=call.now, updated_at=call.now,
        expires_at=call.now + EXPIRY, type="ach", status="", direction=direction, amount=amount,
        requested_amount=amount, relationship_id=link.id,
        fee_payment_method=body.get("fee_payment_method") or "invoice",
        fixture_status=fixture_of(body.get("additional_information")),
    )  # fmt: skip
    call.world.store.add(transfer)
    if incoming:
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


def step_relationship(world: World, link: rows.Relationship, now: dt.datetime) -> None:
    if link.status in ("QUEUED", "PENDING"):
        move_relationship(world, link, "APPROVED", now)


def step_transfer(world: World, transfer: rows.Transfer, now: dt.datetime) -> None:
    """QUEUED -> SENT_TO_CLEARING -> COMPLETE, unless a fixture asks for another end."""
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
    """Book it: CSD or CSW."""
    _release(world, transfer, now)
    incoming = transfer.direction == "INCOMING"
    ledger.book(
        world,
        transfer.account_id,
        "CSD" if incoming else "CSW",
        transfer.amount if incoming else -transfer.amount,
        now,
        transfer_id=transfer.id,
    )
    move_transfer(world, transfer, "COMPLETE", now)


def close_unbooked(
    world: World, transfer: rows.Transfer, status: str, now: dt.datetime, *, reason: str = ""
) -> None:
    """End a transfer that never moved money: CANCELED or REJECTED."""
    _release(world, transfer, now)
    move_transfer(world, transfer, status, now, reason=reason)


def return_transfer(world: World, transfer: rows.Transfer, now: dt.datetime, *, reason: str) -> None:
    """The bank takes a completed transfer back; a returned deposit also stops trading on the account."""
    incoming = transfer.direction == "INCOMING"
    ledger.book(
        world,
        transfer.account_id,
        "CSW" if incoming else "CSD",
        -transfer.amount if incoming else transfer.amount,
        now,
        description=f"ach return: {reason}",
        transfer_id=transfer.id,
    )
    if incoming:
        world.store.edit(world.store.accounts.rows[transfer.account_id]).trading_blocked = True
    move_transfer(world, transfer, "RETURNED", now, reason=reason)


def move_relationship(
    world: World, link: rows.Relationship, status: str, now: dt.datetime, *, reason: str = ""
) -> None:
    former = link.status
    world.store.edit(link)
    link.status, link.updated_at, link.due_at = status, now, None
    event = {
        "account_id": link.account_id, "at": instant_text(now), "entity_id": link.id,
        "entity_type": "BankRelationship", "status_from": former, "status_to": status,
    }  # fmt: skip
    world.store.emit(eventlog.RELATIONSHIP, now, encode_json(event | ({"reason": reason} if reason else {})))


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


def relationship_view(link: rows.Relationship) -> dict[str, Any]:
    view = {
        "id": link.id,
        "account_id": link.account_id,
        "created_at": instant_text(link.created_at),
        "updated_at": instant_text(link.updated_at),
        "status": link.status,
        "account_owner_name": link.account_owner_name,
        "bank_account_type": link.bank_account_type,
        "bank_account_number": link.bank_account_number,
        "bank_routing_number": link.bank_routing_number,
    }
    if link.nickname:
        view["nickname"] = link.nickname
    if link.processor_token:
        view["processor_token"] = link.processor_token
    return view


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
    return view


def _checked_bank(body: dict[str, Any]) -> dict[str, str]:
    for name in ("account_owner_name", "bank_account_type", "bank_account_number", "bank_routing_number"):
        if not body.get(name):
            raise invalid(f"{name} is required")
        if not isinstance(body[name], str):
            raise invalid(f"{name} is invalid")
    if len(body["account_owner_name"]) > 100:
        raise invalid("account_owner_name must not be longer than 100")
    if body["bank_account_type"] not in ("CHECKING", "SAVINGS"):
        raise invalid("bank_account_type must be either CHECKING or SAVINGS")
    if not re.fullmatch(r"[0-9A-Za-z]{1,17}", body["bank_account_number"]):
        raise invalid("bank_account_number is invalid")
    if not re.fullmatch(r"[0-9]{9}", body["bank_routing_number"]):
        raise invalid("bank_routing_number must have 9 digits")
    return {name: body[name] for name in ("bank_account_type", "bank_account_number", "bank_routing_number")}


def _checked_transfer(body: dict[str, Any]) -> tuple[Decimal, str]:
    """Amount and direction of an ACH request, in the order the vendor complains."""
    kind, direction = body.get("transfer_type"), body.get("direction")
    if kind not in ("ach", "wire"):
        raise invalid("transfer_type must be either ach or wire")
    if direction not in ("INCOMING", "OUTGOING"):
        raise invalid("direction must be either incoming or outgoing")
    _check_route(body, kind, direction)
    if body.get("fee_payment_method") not in (None, "", "user", "invoice"):
        raise invalid("fee_payment_method must be either user or invoice")
    if body.get("amount") in (None, ""):
        raise invalid("amount is required")
    amount = decimal_of(body["amount"], "amount")
    if amount <= 0:
        raise invalid("amount must be greater than 0.00")
    if amount < LEAST_AMOUNT:
        side = "deposit" if direction == "INCOMING" else "withdrawal"
        raise invalid(f"{side} amount must be greater than or equal to {LEAST_AMOUNT}")
    return amount, direction


def _check_route(body: dict[str, Any], kind: str, direction: str) -> None:
    """ACH only, over a link; free text only as a fixture."""
    if kind == "wire":
        if direction == "INCOMING":
            raise invalid("cannot submit incoming wire transfer using this API")
        if body.get("relationship_id"):
            raise invalid("relationship_id should be empty for wire transfer")
        raise invalid("invalid bank_id" if body.get("bank_id") else "bank_id required for wire transfer")
    if body.get("bank_id"):
        raise invalid("bank_id should be empty for ach transfer")
    information = body.get("additional_information")
    if information:
        fixture = fixture_of(information)
        if not fixture:
            raise invalid("only wire transfer type can provide additional information for the transfer")
        if fixture not in FIXTURE_STATUSES:
            raise invalid("additional_information holds an unknown fixture")


def _usable_link(call: Call, account: rows.Account, link_id: Any) -> rows.Relationship:
    link = call.world.store.relationships.get(link_id.lower()) if isinstance(link_id, str) else None
    if link is None or link.account_id != account.id or link.status not in ACTIVE_LINKS:
        raise invalid("invalid relationship_id")
    if link.status != "APPROVED":
        raise invalid("relationship is not approved")
    return link


def _is_blocked(account: rows.Account, incoming: bool) -> bool:
    return account.deposits_blocked if incoming else account.withdrawals_blocked


def _release(world: World, transfer: rows.Transfer, now: dt.datetime) -> None:
    money = ledger.open_ledger(world, transfer.account_id, now)
    if transfer.direction == "INCOMING":
        money.pending_in -= transfer.amount
    else:
        money.pending_out -= transfer.amount
