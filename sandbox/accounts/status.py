"""The status machine of accounts; KYC as far as a stand-in has one."""

import datetime as dt
from typing import Any

import msgspec

from sandbox.accounts.documents import w8ben
from sandbox.accounts.rules import DISCLOSURE_FLAGS
from sandbox.kernel import eventlog
from sandbox.state import rows
from sandbox.state.api import decoded_part, encode_json, instant_text, invalid, words
from sandbox.state.world import World

STATUSES = words(
    "INACTIVE ONBOARDING SUBMITTED SUBMISSION_FAILED ACTION_REQUIRED EDITED ACCOUNT_UPDATED "
    "APPROVAL_PENDING REAPPROVAL_PENDING RESUBMITTED KYC_SUBMITTED AML_REVIEW DISABLE_PENDING LIMITED "
    "APPROVED REJECTED ACTIVE DISABLED ACCOUNT_CLOSED"
)
FIXTURE_STATUSES = words(
    "SUBMITTED ACTION_REQUIRED APPROVAL_PENDING APPROVED REJECTED ACTIVE DISABLED ACCOUNT_CLOSED"
)
# What a fixture's status comes with: the part of kyc_results and the code in it.
FIXTURE_RESULTS = {
    "ACTION_REQUIRED": ("indeterminate", "IDENTITY_VERIFICATION"),
    "APPROVAL_PENDING": ("indeterminate", "WATCHLIST_HIT"),
    "REJECTED": ("reject", "IDENTITY_VERIFICATION"),
}
# Seconds at speed 1: review of an application, activation, review of changed data; and the least wait.
REVIEW, ACTIVATION, REAPPROVAL, FLOOR = 3.0, 1.5, 60.0, 0.02


CRYPTO_NEXT = {"SUBMITTED": "APPROVED", "APPROVED": "ACTIVE"}


def start(world: World, account: rows.Account, fixture: str, now: dt.datetime) -> None:
    """The first status of a new account. A fixture's status stays; raises a 422 for an unknown one."""
    if fixture and fixture not in FIXTURE_STATUSES:
        raise invalid("additional_information holds an unknown fixture")
    account.held_by_fixture = bool(fixture)
    if fixture in FIXTURE_RESULTS:
        part, code = FIXTURE_RESULTS[fixture]
        account.kyc_results = encode_json(_results(**{part: {code: {}}}))
    move(world, account, fixture or "SUBMITTED", now)
    if not fixture:
        account.due_at = now + world.clock.wait(REVIEW, FLOOR)


def move(world: World, account: rows.Account, status: str, now: dt.datetime, *, reason: str = "") -> None:
    """Change the status, with its event; crypto follows where it is enabled. Stops any automatic step.

    A review of changed data leaves crypto as it is.
    """
    former, former_crypto = account.status, account.crypto_status
    world.store.edit(account)
    account.status, account.due_at = status, None
    if "crypto" in account.enabled_assets and not _keeps_crypto(former, status, former_crypto):
        account.crypto_status = status
    event = {
        "account_id": account.id, "account_number": account.account_number, "at": instant_text(now),
        "status_from": former, "status_to": status,
    }  # fmt: skip
    if account.crypto_status != former_crypto:
        event |= _crypto_change(former_crypto, account.crypto_status)
    if account.kyc_results:
        event["kyc_results"] = msgspec.Raw(account.kyc_results)  # type: ignore[assignment]
    if reason:
        event["reason"] = reason
    world.store.emit(eventlog.ACCOUNT, now, encode_json(event))


def step(world: World, account: rows.Account, now: dt.datetime) -> None:
    """One automatic step: SUBMITTED -> APPROVED (or ACTION_REQUIRED) -> ACTIVE; ACCOUNT_UPDATED -> ACTIVE.

    Crypto that was enabled later goes from SUBMITTED to ACTIVE by itself.
    """
    if account.status == "SUBMITTED":
        codes = _open_questions(account)
        if w8ben.is_missing(world, account, now):
            codes.append("W8BEN_CORRECTION")
        if codes:
            account.kyc_results = encode_json(_results(indeterminate={code: {} for code in codes}))
            move(world, account, "ACTION_REQUIRED", now)
            return
        account.kyc_results = b""
        move(world, account, "APPROVED", now)
        account.due_at = now + world.clock.wait(ACTIVATION, FLOOR)
    elif account.status in ("APPROVED", "ACCOUNT_UPDATED"):
        move(world, account, "ACTIVE", now)
        _wait_for_crypto(world, account, now)
    elif account.crypto_status in CRYPTO_NEXT:
        move_crypto(world, account, CRYPTO_NEXT[account.crypto_status], now)
        _wait_for_crypto(world, account, now)


def resubmit(world: World, account: rows.Account, now: dt.datetime) -> None:
    """What was asked for has come: back to review, which then accepts every open question."""
    if account.held_by_fixture:
        return
    results = decoded_part(account.kyc_results)
    answered = {**results.get("accept", {}), **results.get("indeterminate", {}), **results.get("reject", {})}
    world.store.edit(account)
    account.kyc_results = encode_json(_results(accept=answered)) if answered else b""
    review(world, account, now)


def review(world: World, account: rows.Account, now: dt.datetime) -> None:
    """Have the application looked at, once more."""
    move(world, account, "SUBMITTED", now)
    account.due_at = now + world.clock.wait(REVIEW, FLOOR)


def follow_assets(world: World, account: rows.Account, now: dt.datetime) -> None:
    """Crypto that was just enabled is reviewed by itself, or with the account; just disabled, it ends."""
    enabled = "crypto" in account.enabled_assets
    if enabled == (account.crypto_status != "INACTIVE"):
        return
    if not enabled:
        move_crypto(world, account, "INACTIVE", now)
    elif account.held_by_fixture or account.status not in ("ACTIVE", "ACCOUNT_UPDATED"):
        move_crypto(world, account, account.status, now)
    else:
        move_crypto(world, account, "SUBMITTED", now)
        _wait_for_crypto(world, account, now)


def move_crypto(world: World, account: rows.Account, status: str, now: dt.datetime) -> None:
    """Change the crypto status alone, with its event."""
    former = account.crypto_status
    world.store.edit(account).crypto_status = status
    event = {"account_id": account.id, "account_number": account.account_number, "at": instant_text(now)}
    world.store.emit(eventlog.ACCOUNT, now, encode_json(event | _crypto_change(former, status)))


def _keeps_crypto(former: str, status: str, crypto: str) -> bool:
    """Whether crypto goes its own way: it does not take part in a review of changed data."""
    is_review = status == "ACCOUNT_UPDATED" or (former == "ACCOUNT_UPDATED" and status == "ACTIVE")
    return is_review and crypto in ("ACTIVE", *CRYPTO_NEXT)


def _crypto_change(former: str, status: str) -> dict[str, str]:
    return {
        "crypto_status_from": "" if former == "INACTIVE" else former,
        "crypto_status_to": status,
    }


def _wait_for_crypto(world: World, account: rows.Account, now: dt.datetime) -> None:
    """Have the next step of crypto come, where one is left and no other step is on its way."""
    if account.crypto_status in CRYPTO_NEXT and account.due_at is None:
        pause = REVIEW if account.crypto_status == "SUBMITTED" else ACTIVATION
        account.due_at = now + world.clock.wait(pause, FLOOR)


def after_update(world: World, account: rows.Account, key_data: bool, now: dt.datetime) -> None:
    """What a PATCH sets off where nothing was asked for: a review of changed key data."""
    if account.status == "ACTIVE" and key_data and not account.held_by_fixture:
        move(world, account, "ACCOUNT_UPDATED", now)
        account.due_at = now + world.clock.wait(REAPPROVAL, FLOOR)


def _results(**parts: dict[str, Any]) -> dict[str, Any]:
    """``kyc_results``: the codes of each part, and whether anything stands in the way."""
    results = {name: parts.get(name, {}) for name in ("reject", "accept", "indeterminate")}
    return {**results, "summary": "fail" if results["reject"] or results["indeterminate"] else "pass"}


results_of = _results


def _open_questions(account: rows.Account) -> list[str]:
    disclosures, results = decoded_part(account.disclosures), decoded_part(account.kyc_results)
    accepted = results.get("accept", {})
    codes = [code for name, code in DISCLOSURE_FLAGS.items() if disclosures.get(name)]
    return [code for code in codes if code not in accepted]
