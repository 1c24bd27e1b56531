"""``/_sandbox/``: what only a stand-in can do. No authentication: it listens locally."""

import re
from typing import Any

from sandbox.accounts import status as account_status
from sandbox.books import ledger
from sandbox.money import transfers
from sandbox.state.api import (
    Call,
    decimal_of,
    encode_json,
    endpoint,
    instant_text,
    invalid,
    not_found,
    text_of,
    uuid_of,
)  # fmt: skip

STATUS = re.compile(r"[A-Z][A-Z_]{0,39}")
UNDER_WAY = ("QUEUED", "APPROVAL_PENDING", "PENDING", "SENT_TO_CLEARING", "APPROVED")
ENDS = {"reject": "REJECTED", "cancel": "CANCELED"}


@endpoint("GET", "/_sandbox/info")
def show_info(call: Call) -> dict[str, Any]:
    """Credentials and settings: enough to start talking to the API."""
    world = call.world
    return {
        "key": world.settings.key,
        "secret": world.settings.secret,
        "firm_account_id": world.firm_id,
        "speed": world.settings.speed,
        "market": world.settings.market,
        "seed": world.settings.seed,
        "now": instant_text(call.now),
    }


@endpoint("GET", "/_sandbox/calls")
def list_calls(call: Call) -> list[dict[str, Any]]:
    """Recent requests, oldest first; without the control routes' unless ``all=true``."""
    everything = call.flag("all")
    return [
        {
            "at": instant_text(record.at),
            "method": record.method,
            "path": record.path,
            "status": record.status,
            "request_id": record.request_id,
        }
        for record in call.world.calls
        if everything or not (record.path == "/" or record.path.startswith("/_sandbox/"))
    ]


@endpoint("POST", "/_sandbox/accounts/{account_id}/status")
def set_account_status(call: Call) -> dict[str, Any]:
    """``{status, kyc_results, reason}``: what operations staff would do. A status may be any word, one that
    nobody knows yet included."""
    account, body = call.account(), call.json_object()
    status = str(body.get("status") or "").upper()
    if not STATUS.fullmatch(status):
        raise invalid("invalid status: a word of letters and underscores is expected")
    call.world.store.edit(account)
    results = body.get("kyc_results")
    if results is not None:
        if not isinstance(results, dict) or not all(
            isinstance(results.get(name, {}), dict) for name in ("accept", "indeterminate", "reject")
        ):
            raise invalid("kyc_results must be an object of objects")
        account.kyc_results = encode_json(results) if results else b""
    account.held_by_fixture = False
    account_status.move(call.world, account, status, call.now, reason=str(body.get("reason") or ""))
    return {"id": account.id, "status": account.status}


@endpoint("POST", "/_sandbox/accounts/{account_id}/deposit")
def deposit(call: Call) -> dict[str, Any]:
    """``{amount}``: a CSD at once, without a bank. Negative takes cash away (CSW)."""
    account = call.account()
    amount = decimal_of(call.json_object().get("amount"), "amount")
    entry = ledger.book(call.world, account.id, "CSD" if amount >= 0 else "CSW", amount, call.now)
    return {"activity_id": entry.id, "cash": text_of(call.world.store.ledgers.rows[account.id].cash)}


@endpoint("POST", "/_sandbox/accounts/{account_id}/blocks")
def set_blocks(call: Call) -> dict[str, Any]:
    """``{deposits_blocked, withdrawals_blocked, trading_blocked}``: booleans, each optional."""
    account, body = call.account(), call.json_object()
    names = ("deposits_blocked", "withdrawals_blocked", "trading_blocked")
    call.world.store.edit(account)
    for name in names:
        if isinstance(body.get(name), bool):
            setattr(account, name, body[name])
    return {name: getattr(account, name) for name in names}


@endpoint("POST", "/_sandbox/transfers/{transfer_id}/{action}")
def end_transfer(call: Call) -> dict[str, Any]:
    """``complete``, ``reject``, ``cancel`` or ``return``, with ``{reason}``.

    A completed one can be undone by ``reject``, ``cancel`` and ``return``: its money is booked back.
    """
    transfer = call.world.store.transfers.get(uuid_of(call.params["transfer_id"]))
    if transfer is None:
        raise not_found("transfer not found")
    reason = str((call.json_object() if call.body else {}).get("reason") or "R01 insufficient funds")
    action, pending = call.params["action"], transfer.status in UNDER_WAY
    call.world.store.edit(transfer)
    if action == "complete" and pending:
        transfers.complete_transfer(call.world, transfer, call.now)
    elif action in ENDS and pending:
        transfers.close_unbooked(call.world, transfer, ENDS[action], call.now, reason=reason)
    elif action in ENDS and transfer.status == "COMPLETE":
        transfers.undo_transfer(call.world, transfer, ENDS[action], call.now, reason=reason)
    elif action == "return" and transfer.status == "COMPLETE":
        transfers.return_transfer(call.world, transfer, call.now, reason=reason)
    else:
        raise invalid(f"cannot {re.sub('[^a-z]', '', action)[:20]} a transfer in status {transfer.status}")
    return transfers.transfer_view(transfer)
