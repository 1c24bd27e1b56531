"""Scenarios of an application and of money: KYC, deposits, transfers."""

from typing import Any

from sandbox.accounts import status as account_status
from sandbox.books import ledger
from sandbox.control.scenarios.catalogue import Act, Field, scenario
from sandbox.money import journal_book
from sandbox.money import transfers as funding
from sandbox.state import rows
from sandbox.state.api import decoded_part, encode_json, invalid, text_of, words

KYC_REASONS = (
    "IDENTITY_VERIFICATION", "TAX_IDENTIFICATION", "ADDRESS_VERIFICATION", "DATE_OF_BIRTH",
    "INVALID_IDENTITY_PASSPORT", "SELFIE_VERIFICATION", "PEP", "FAMILY_MEMBER_PEP", "CONTROL_PERSON",
    "AFFILIATED", "VISA_TYPE_OTHER", "W8BEN_CORRECTION", "COUNTRY_NOT_SUPPORTED", "WATCHLIST_HIT", "OTHER",
)  # fmt: skip
UNDER_WAY = words("QUEUED APPROVAL_PENDING PENDING SENT_TO_CLEARING APPROVED")
RETURN_REASONS = (
    "R01 insufficient funds", "R02 account closed", "R03 no account", "R10 not authorized",
)  # fmt: skip
OVER = words("REJECTED ACCOUNT_CLOSED DISABLED")
REASONS = Field("reasons", "Reasons", "IDENTITY_VERIFICATION", KYC_REASONS, many=True)
TRANSFER = Field("transfer_id", "Transfer id (the newest that fits without)")


@scenario("Account", "KYC: action required", "The application waits for documents or answers.", REASONS)
def kyc_action_required(act: Act) -> str:
    reasons = _reasons(act)
    _judge(act, "ACTION_REQUIRED", indeterminate=reasons)
    return f"The application waits for an answer to {', '.join(reasons)}."


@scenario("Account", "KYC: approve", "Accepts every open question; APPROVED, then ACTIVE.")
def kyc_approve(act: Act) -> str:
    account = act.account
    _judge(act, "APPROVED", accept=_open_reasons(account))
    account.due_at = act.now + act.world.clock.wait(account_status.ACTIVATION, account_status.FLOOR)
    return "Approved; active in a moment."


@scenario("Account", "KYC: reject", "The application ends.", REASONS)
def kyc_reject(act: Act) -> str:
    _judge(act, "REJECTED", reject=_reasons(act))
    return "The application is rejected."


@scenario("Money", "Cash at once", "A deposit without a bank, as a CSD.", Field("amount", "USD", "1000"))
def deposit(act: Act) -> str:
    amount = ledger.cents(act.amount("amount", "1000"))
    ledger.book(act.world, act.account.id, "CSD", amount, act.now)
    return f"${text_of(amount)} added."


@scenario("Money", "Complete a transfer", "Books the one under way now.", TRANSFER)
def complete_transfer(act: Act) -> str:
    transfer = _transfer(act, UNDER_WAY)
    act.world.store.edit(transfer)
    funding.complete_transfer(act.world, transfer, act.now)
    return f"Transfer of ${text_of(transfer.amount)} is complete."


@scenario(
    "Money", "Reject a transfer", "Ends the one under way without booking it.",
    Field("reason", "Reason", "rejected by the bank"), TRANSFER,
)  # fmt: skip
def reject_transfer(act: Act) -> str:
    transfer = _transfer(act, UNDER_WAY)
    act.world.store.edit(transfer)
    funding.close_unbooked(act.world, transfer, "REJECTED", act.now, reason=act.text("reason"))
    return f"Transfer of ${text_of(transfer.amount)} is rejected."


@scenario(
    "Money", "ACH return", "The bank takes a transfer back; one under way completes first.",
    Field("reason", "Reason", RETURN_REASONS[0], RETURN_REASONS), TRANSFER,
)  # fmt: skip
def ach_return(act: Act) -> str:
    transfer, reason = _transfer(act, UNDER_WAY | {"COMPLETE"}), act.text("reason") or RETURN_REASONS[0]
    if transfer.type != "ach":
        raise invalid("only an ACH transfer can be returned")
    act.world.store.edit(transfer)
    if transfer.status != "COMPLETE":
        funding.complete_transfer(act.world, transfer, act.now)
    funding.return_transfer(act.world, transfer, act.now, reason=reason)
    return f"Transfer of ${text_of(transfer.amount)} is returned: {reason}."


@scenario(
    "Money", "Journal correction", "The account's newest executed cash journal is replaced by one of another "
    "amount.", Field("amount", "USD", "10"), Field("journal_id", "Journal id (the newest that fits without)"),
)  # fmt: skip
def journal_correction(act: Act) -> str:
    wanted, amount = act.text("journal_id").lower(), ledger.cents(act.amount("amount", "10"))
    for journal in reversed(list(act.world.store.journals)):
        fits = journal.status == "executed" and journal.entry_type == "JNLC" and wanted in ("", journal.id)
        if fits and act.account.id in (journal.from_account, journal.to_account):
            journal_book.correct(act.world, journal, amount, act.now)
            return f"The journal of ${text_of(journal.amount)} is corrected to ${text_of(amount)}."
    raise invalid("the account has no such executed cash journal")


def _judge(act: Act, status: str, **codes: list[str]) -> None:
    """Put the outcome of a review on the account: ``reject``, ``accept`` or ``indeterminate`` codes."""
    account = act.account
    if account.status == status or account.status in OVER:
        raise invalid(f"the account is {account.status}")
    results: dict[str, Any] = {
        name: {code: {} for code in codes.get(name, [])} for name in ("reject", "accept", "indeterminate")
    }
    act.world.store.edit(account)
    account.held_by_fixture = False
    summary = "pass" if status == "APPROVED" else "fail"
    account.kyc_results = encode_json({**results, "summary": summary}) if any(results.values()) else b""
    account_status.move(act.world, account, status, act.now)


def _reasons(act: Act) -> list[str]:
    reasons = act.many("reasons") or [REASONS.default]
    unknown = [reason for reason in reasons if reason not in KYC_REASONS]
    if unknown:
        raise invalid(f"reasons must be of {', '.join(KYC_REASONS)}")
    return list(dict.fromkeys(reasons))


def _open_reasons(account: rows.Account) -> list[str]:
    results = decoded_part(account.kyc_results)
    return [code for name in ("accept", "indeterminate", "reject") for code in results.get(name, {})]


def _transfer(act: Act, statuses: frozenset[str]) -> rows.Transfer:
    """The transfer chosen, or the account's newest in one of the statuses. Raises a 422."""
    wanted = act.text("transfer_id").lower()
    for transfer in reversed(act.world.store.transfers.of(act.account.id)):
        if transfer.status in statuses and wanted in ("", transfer.id):
            return transfer
    raise invalid(f"the account has no such transfer in status {', '.join(sorted(statuses))}")
