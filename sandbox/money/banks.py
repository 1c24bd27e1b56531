"""Banks of a customer: ACH relationships, and recipient banks for wires."""

import datetime as dt
import re
import uuid
from typing import Any

from sandbox.kernel import eventlog
from sandbox.state import rows
from sandbox.state.api import (
    NO_CONTENT,
    Call,
    Reply,
    conflict,
    decoded_part,
    encode_json,
    endpoint,
    forbidden,
    instant_text,
    invalid,
    malformed,
    not_found,
    uuid_of,
)  # fmt: skip
from sandbox.state.world import World

# Seconds at speed 1, and the least wait between two steps: a reader sees each.
BANK_REVIEW, FLOOR = 60.0, 0.05
ACTIVE_LINKS = frozenset(("QUEUED", "PENDING", "APPROVED"))
ACTIVE_BANKS = frozenset(("QUEUED", "SENT_TO_CLEARING", "APPROVED"))
BANK_STATUSES = ACTIVE_BANKS | {"CANCELED", "REJECTED"}
NO_BANKS = frozenset(("REJECTED", "ACCOUNT_CLOSED", "DISABLED"))  # accounts that may not link one
RECIPIENT_BANKS = "/v1/accounts/{account_id}/recipient_banks"
ADDRESS = ("country", "state_province", "postal_code", "city", "street_address")
CODE_SHAPES = {"ABA": r"[0-9]{9}", "BIC": r"[A-Za-z]{6}[0-9A-Za-z]{2}([0-9A-Za-z]{3})?"}


@endpoint("POST", "/v1/accounts/{account_id}/ach_relationships")
def create_relationship(call: Call) -> dict[str, Any]:
    """Link a bank account; QUEUED, then APPROVED by itself. 409 while another link is active."""
    account, body = call.account(), call.json_object()
    token = body.get("processor_token") or ""
    if not isinstance(token, str):
        raise invalid("processor_token is invalid")
    details: dict[str, Any] = {} if token else _checked_bank(body)
    if account.status in NO_BANKS:
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


@endpoint("POST", RECIPIENT_BANKS)
def create_bank(call: Call) -> dict[str, Any]:
    """Name a bank for wires: QUEUED, SENT_TO_CLEARING, then APPROVED by itself. One at a time: 409."""
    account, body = call.account(), call.json_object()
    details = _checked_recipient(body)
    if account.status in NO_BANKS:
        raise forbidden("account is not allowed to link a bank")
    store = call.world.store
    if any(bank.status in ACTIVE_BANKS for bank in store.banks.of(account.id)):
        raise conflict("a bank relationship already exists for this account")
    bank = rows.Bank(
        id=str(uuid.uuid4()), account_id=account.id, created_at=call.now, updated_at=call.now, status="",
        **details,
    )  # fmt: skip
    store.add(bank)
    move_bank(call.world, bank, "QUEUED", call.now)
    bank.due_at = call.now + call.world.clock.wait(BANK_REVIEW / 2, FLOOR)
    return bank_view(bank)


@endpoint("GET", RECIPIENT_BANKS)
def list_banks(call: Call) -> list[dict[str, Any]]:
    """Those in use; ``status`` is one of theirs, ACTIVE (as without it) or INACTIVE."""
    account, status, name = call.account(), call.arg("status", "ACTIVE").upper(), call.arg("bank_name")
    if status not in BANK_STATUSES | {"ACTIVE", "INACTIVE"}:
        raise malformed("invalid status")
    wanted = {"ACTIVE": ACTIVE_BANKS, "INACTIVE": BANK_STATUSES - ACTIVE_BANKS}.get(status, {status})
    return [
        bank_view(bank)
        for bank in call.world.store.banks.of(account.id)
        if bank.status in wanted and (not name or bank.name == name)
    ]


@endpoint("DELETE", RECIPIENT_BANKS + "/{bank_id}")
def delete_bank(call: Call) -> Reply:
    account, bank_id = call.account(), uuid_of(call.params["bank_id"])
    bank = call.world.store.banks.get(bank_id)
    if bank is None or bank.account_id != account.id or bank.status not in ACTIVE_BANKS:
        raise not_found("bank relationship not found")
    move_bank(call.world, bank, "CANCELED", call.now)
    return NO_CONTENT


def step_relationship(world: World, link: rows.Relationship, now: dt.datetime) -> None:
    if link.status in ("QUEUED", "PENDING"):
        move_relationship(world, link, "APPROVED", now)


def step_bank(world: World, bank: rows.Bank, now: dt.datetime) -> None:
    if bank.status == "QUEUED":
        move_bank(world, bank, "SENT_TO_CLEARING", now)
        bank.due_at = now + world.clock.wait(BANK_REVIEW / 2, FLOOR)
    elif bank.status == "SENT_TO_CLEARING":
        move_bank(world, bank, "APPROVED", now)


def move_relationship(
    world: World, link: rows.Relationship, status: str, now: dt.datetime, *, reason: str = ""
) -> None:
    _move(world, link, "BankRelationship", status, now, reason)


def move_bank(world: World, bank: rows.Bank, status: str, now: dt.datetime, *, reason: str = "") -> None:
    _move(world, bank, "WireBank", status, now, reason)


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


def bank_view(bank: rows.Bank) -> dict[str, Any]:
    """The address is "" for an American bank: only a BIC comes with one."""
    view = {
        "id": bank.id,
        "account_id": bank.account_id,
        "created_at": instant_text(bank.created_at),
        "updated_at": instant_text(bank.updated_at),
        "status": bank.status,
        "name": bank.name,
        "bank_code": bank.bank_code,
        "bank_code_type": bank.bank_code_type,
        "account_number": bank.account_number,
        **{name: getattr(bank, name) for name in ADDRESS},
    }
    if bank.extra_fields:
        view["extra_fields"] = decoded_part(bank.extra_fields)
    return view


def _move(
    world: World, bank: rows.Relationship | rows.Bank, entity_type: str, status: str, now: dt.datetime,
    reason: str,
) -> None:  # fmt: skip
    former = bank.status
    world.store.edit(bank)
    bank.status, bank.updated_at, bank.due_at = status, now, None
    event = {
        "account_id": bank.account_id, "at": instant_text(now), "entity_id": bank.id,
        "entity_type": entity_type, "status_from": former, "status_to": status,
    }  # fmt: skip
    world.store.emit(eventlog.RELATIONSHIP, now, encode_json(event | ({"reason": reason} if reason else {})))


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


def _checked_recipient(body: dict[str, Any]) -> dict[str, Any]:
    """A bank for wires: ABA is a routing number, BIC a SWIFT code with the bank's address."""
    for name in ("name", "bank_code_type", "bank_code", "account_number"):
        if not body.get(name):
            raise malformed(f"{name} is required")
    for name in ("name", "bank_code_type", "bank_code", "account_number", *ADDRESS):
        if not isinstance(body.get(name) or "", str) or len(body.get(name) or "") > 255:
            raise malformed(f"{name} is invalid")
    kind = body["bank_code_type"]
    if kind not in CODE_SHAPES:
        raise malformed("bank_code_type must be either ABA or BIC")
    if not re.fullmatch(CODE_SHAPES[kind], body["bank_code"]):
        raise malformed("bank_code must have 9 digits" if kind == "ABA" else "bank_code is not a valid BIC")
    if not re.fullmatch(r"[0-9A-Za-z]{1,34}", body["account_number"]):
        raise malformed("account_number is invalid")
    address = {name: body.get(name) or "" for name in ADDRESS} if kind == "BIC" else {}
    if kind == "BIC" and not all(address.values()):
        raise malformed(f"{next(name for name in ADDRESS if not address[name])} is required for a BIC")
    if address and len(address["postal_code"]) < 3:
        raise malformed("postal_code must have 3 characters or more")
    details = {name: body[name] for name in ("name", "bank_code_type", "bank_code", "account_number")}
    return details | address | {"extra_fields": _checked_intermediaries(body)}


def _checked_intermediaries(body: dict[str, Any]) -> bytes:
    given = body.get("extra_fields") or {}
    if not isinstance(given, dict):
        raise malformed("extra_fields must be an object")
    kept = {name: given[name] for name in (f"intermediary_bank{n}_bic" for n in (1, 2, 3)) if given.get(name)}
    for name, code in kept.items():
        if not isinstance(code, str) or not re.fullmatch(CODE_SHAPES["BIC"], code):
            raise malformed(f"{name} is not a valid BIC")
    return encode_json(kept) if kept else b""
