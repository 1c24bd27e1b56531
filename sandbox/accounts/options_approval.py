"""Requests to trade options at a level, and the broker's answers."""

import datetime as dt
import uuid
from typing import Any

from sandbox.kernel import eventlog
from sandbox.state import rows
from sandbox.state.api import (
    Call,
    decoded_part,
    encode_json,
    endpoint,
    instant_text,
    invalid,
    malformed,
    unprocessable,
    uuid_of,
)  # fmt: skip
from sandbox.state.world import World

STATUSES = ("PENDING", "APPROVED", "LOWER_LEVEL_APPROVED", "REJECTED")
LEVELS = (1, 2, 3)
# Retirement accounts stop at buying options; a minor's account has none.
MOST_LEVEL = {"ira": 2, "custodial": 0}
REVIEW = 5.0  # seconds at speed 1


@endpoint("POST", "/v1/accounts/{account_id}/options/approval")
def request_options(call: Call) -> dict[str, Any]:
    """``{level}``, 1 to 3; ``fixtures: {status, level}`` answers at once. 422 while one is pending."""
    account, body = call.account(), call.json_object()
    level = body.get("level")
    if type(level) is not int or level not in LEVELS:
        raise invalid("level must be 1, 2 or 3")
    fixtures = body.get("fixtures") or {}
    if not isinstance(fixtures, dict):
        raise malformed("request body format is invalid: fixtures must be an object")
    if account.status not in ("ACTIVE", "APPROVED", "ACCOUNT_UPDATED") or account.is_firm:
        raise unprocessable("account is not active")
    if level > MOST_LEVEL.get(account.account_type, 3):
        raise unprocessable(f"level {level} is not available for account_type {account.account_type}")
    agreements = decoded_part(account.agreements) or []
    if all(entry["agreement"] != "options_agreement" for entry in agreements):
        raise unprocessable("options_agreement is required")
    if any(each.status == "PENDING" for each in call.world.store.options_approvals.of(account.id)):
        raise unprocessable("there is a pending options approval request")
    approval = rows.OptionsApproval(
        id=str(uuid.uuid4()), account_id=account.id, created_at=call.now, updated_at=call.now,
        requested_level=level, status="PENDING",
    )  # fmt: skip
    call.world.store.add(approval)
    if fixtures:
        _answer_by_fixture(call, approval, fixtures)
    else:
        approval.due_at = call.now + call.world.clock.wait(REVIEW)
    return approval_view(approval)


@endpoint("GET", "/v1/accounts/options/approvals")
def list_approvals(call: Call) -> dict[str, Any]:
    """Newest first; every filter must fit."""
    account_id, status = call.arg("account_id"), call.arg("status").upper()
    if status not in ("", *STATUSES):
        raise invalid("invalid status")
    requested, approved = call.number("requested_level", -1, 0, 3), call.number("approved_level", -1, 0, 3)
    wanted = uuid_of(account_id) if account_id else ""
    found = [
        approval
        for approval in reversed(list(call.world.store.options_approvals))
        if wanted in ("", approval.account_id)
        and status in ("", approval.status)
        and requested in (-1, approval.requested_level)
        and approved in (-1, approval.approved_level)
    ]
    size, token = call.number("page_size", 1000, 1, 1000), call.arg("page_token")
    ids = [approval.id for approval in found]
    if token and token not in ids:
        raise invalid("invalid page_token")
    page = found[ids.index(token) + 1 if token else 0 :]
    following = page[size - 1].id if len(page) > size else None
    return {"options_approvals": [approval_view(each) for each in page[:size]], "next_page_token": following}


def step(world: World, approval: rows.OptionsApproval, now: dt.datetime) -> None:
    """The review is over: what was asked for is granted."""
    if approval.status == "PENDING":
        _answer(world, approval, "APPROVED", approval.requested_level, now)


def approval_view(approval: rows.OptionsApproval) -> dict[str, Any]:
    view = {
        "id": approval.id,
        "account_id": approval.account_id,
        "requested_level": approval.requested_level,
        "requester": "CORRESPONDENT",
        "status": approval.status,
        "created_at": instant_text(approval.created_at),
        "updated_at": instant_text(approval.updated_at),
    }
    if approval.approved_level is not None:
        view["approved_level"] = approval.approved_level
    return view


def _answer_by_fixture(call: Call, approval: rows.OptionsApproval, fixtures: dict[str, Any]) -> None:
    status, level = fixtures.get("status", "APPROVED"), fixtures.get("level", approval.requested_level)
    if status not in STATUSES:
        raise invalid("fixtures.status is invalid")
    if type(level) is not int or level not in (0, *LEVELS):
        raise invalid("fixtures.level must be from 0 to 3")
    if status == "LOWER_LEVEL_APPROVED" and level >= approval.requested_level:
        level = approval.requested_level - 1
    if status != "PENDING":
        _answer(call.world, approval, status, 0 if status == "REJECTED" else level, call.now)


def _answer(world: World, approval: rows.OptionsApproval, status: str, level: int, now: dt.datetime) -> None:
    """Record it; a level that changes is the account's, with an event."""
    world.store.edit(approval)
    approval.status, approval.approved_level, approval.updated_at = status, level, now
    account = world.store.accounts.rows[approval.account_id]
    if status == "REJECTED" or account.options_level == level:
        return
    event = {
        "account_id": account.id, "account_number": account.account_number, "at": instant_text(now),
        "options": {"approved_level_from": account.options_level, "approved_level_to": level},
    }  # fmt: skip
    world.store.edit(account).options_level = level
    world.store.emit(eventlog.ACCOUNT, now, encode_json(event))
