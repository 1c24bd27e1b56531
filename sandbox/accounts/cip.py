"""CIP results of correspondents that do their own KYC, and the Onfido SDK's tokens."""

import base64
import uuid
from typing import Any

from sandbox.accounts import status as account_status
from sandbox.state.api import (
    Call,
    Reply,
    decoded_part,
    encode_json,
    encode_numbers,
    endpoint,
    instant_text,
    invalid,
    malformed,
    not_found,
    words,
)  # fmt: skip

CIP = "/v1/accounts/{account_id}/cip"
ONFIDO = "/v1/accounts/{account_id}/onfido/sdk"
PROVIDERS = words("alloy trulioo onfido veriff jumio getmati")
SECTIONS = ("kyc", "document", "photo", "identity", "watchlist")
RESULTS = frozenset(("clear", "consider"))
STATUSES = frozenset(("complete", "withdrawn"))
APPROVALS = frozenset(("approved", "rejected"))
OUTCOMES = words("NOT_STARTED SDK_ERROR USER_EXITED USER_COMPLETED")
OPEN_STATUSES = frozenset(("ONBOARDING", "SUBMITTED", "APPROVED", "ACTION_REQUIRED", "APPROVAL_PENDING"))


@endpoint("POST", CIP)
def upload_cip(call: Call) -> dict[str, Any]:
    """Keep the results of the correspondent's provider; a second upload replaces the first."""
    account, body = call.account(), call.json_object()
    kept: dict[str, Any] = {"provider_name": _providers(body.get("provider_name"))}
    for name in SECTIONS:
        if body.get(name) is not None:
            kept[name] = _checked_section(name, body[name])
    if len(kept) == 1:
        raise invalid(f"one of {', '.join(SECTIONS)} is required")
    former = decoded_part(account.cip)
    kept |= {
        "id": former.get("id") or str(uuid.uuid4()),
        "account_id": account.id,
        "created_at": former.get("created_at") or instant_text(call.now),
        "updated_at": instant_text(call.now),
    }
    call.world.store.edit(account).cip = encode_numbers(kept)
    return kept


@endpoint("GET", CIP)
def get_cip(call: Call) -> Reply:
    account = call.account()
    if not account.cip:
        raise not_found(f"cip not found for {account.id}")
    return Reply(200, account.cip)


@endpoint("GET", ONFIDO + "/tokens")
def create_onfido_token(call: Call) -> dict[str, str]:
    """A token in the shape of a JWT: good for reporting an outcome, nothing else."""
    account = call.account()
    if call.arg("referrer") and call.arg("platform") not in ("mobile", "web"):
        raise invalid("platform must be mobile or web")
    if account.is_firm or account.status not in OPEN_STATUSES:
        raise invalid("onfido applicant not yet created for account")
    return {"token": _token(account.id)}


@endpoint("PATCH", ONFIDO)
def report_onfido_outcome(call: Call) -> Reply:
    """``{outcome, token, reason}``: USER_COMPLETED sends an ONBOARDING account to review."""
    account, body = call.account(), call.json_object()
    if not isinstance(body.get("outcome"), str) or body["outcome"] not in OUTCOMES:
        raise invalid("invalid input value for outcome")
    if body.get("token") != _token(account.id):
        raise invalid("token is invalid")
    if body["outcome"] == "USER_COMPLETED" and account.status == "ONBOARDING":
        call.world.store.edit(account).held_by_fixture = False
        account_status.resubmit(call.world, account, call.now)
    return Reply(200)


def _token(account_id: str) -> str:
    parts = (encode_json({"alg": "none"}), encode_json({"account": account_id}), b"sandbox")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _providers(value: Any) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not names:
        raise invalid("provider_name is required")
    if not isinstance(names, list) or not all(isinstance(name, str) and name in PROVIDERS for name in names):
        raise invalid("provider_name is invalid")
    return names


def _checked_section(name: str, section: Any) -> dict[str, Any]:
    if not isinstance(section, dict):
        raise malformed(f"request body format is invalid: {name} must be an object")
    for member, choices in (("result", RESULTS), ("status", STATUSES), ("approval_status", APPROVALS)):
        value = section.get(member)
        if value is not None and (not isinstance(value, str) or value not in choices):
            raise invalid(f"{name}.{member} is invalid")
    # As in the account itself, tax numbers are not given back.
    return {member: value for member, value in section.items() if value is not None and member != "tax_id"}
