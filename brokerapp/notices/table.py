"""For every status that a row of ours can take: what its person is told then, or why they are told nothing.

A test holds that no model with a status, and no status, is missing here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from brokerapp.accounts.models import BrokerageAccount, User, WithdrawalHold
from brokerapp.accounts.signin.mails import SignInEvent
from brokerapp.accounts.statuses import ENDED_ACCOUNT, OPEN_ACCOUNT, AccountStatus, HoldReason, HoldStatus
from brokerapp.closing.models import AccountClosing, ClosingStatus
from brokerapp.decisions.models import StaffDecision
from brokerapp.notices.kinds import NoticeKind
from brokerapp.records.models import IssuedDocument
from brokerapp.support.models import Case
from brokerapp.support.services import ANSWERED_AGAIN
from brokerapp.support.statuses import CaseStatus
from brokerapp.workflow.models import StatusChange
from funding.models import BankLink, Transfer
from funding.statuses import (
    FAILED_TRANSFER,
    MOVING_TRANSFER,
    UNSETTLED_TRANSFER,
    BankLinkStatus,
    RailName,
    TransferStatus,
)
from onboarding.cases import CipRecord, DuePaper, KycAnswer
from onboarding.models import Document, KycApplication, ProfileChange, TaxForm
from onboarding.staff_reasons import STAFF_ASKED
from onboarding.statuses import (
    AnswerStatus,
    ApplicationStatus,
    DocumentStatus,
    PaperStatus,
    ProfileChangeStatus,
    TaxFormStatus,
)
from trading.models import REVISED_NOTE, Order
from trading.statuses import OrderStatus

_K = NoticeKind
Told = NoticeKind | None
Rule = Callable[[StatusChange, Any], Told]
"""What a change of a row tells its person; None if this one tells nothing."""


@dataclass(frozen=True)
class Silent:
    """Why nobody is told of a status."""

    reason: str


Entry = Rule | NoticeKind | Silent

# Accounts


def _was_open(change: StatusChange) -> bool:
    return change.from_status in OPEN_ACCOUNT


def _account_needs(change: StatusChange, account: BrokerageAccount) -> Told:
    return _K.ACCOUNT_ACTION if _was_open(change) else _K.APPLICATION_ACTION


def _account_reviewed(change: StatusChange, account: BrokerageAccount) -> Told:
    return _K.ACCOUNT_IN_REVIEW if _was_open(change) else None


def _account_rejected(change: StatusChange, account: BrokerageAccount) -> Told:
    return _K.ACCOUNT_ENDED if _was_open(change) else _K.APPLICATION_REJECTED


def _account_ended(change: StatusChange, account: BrokerageAccount) -> Told:
    # Once for the way from open to disabled, not for each step of it.
    return _K.ACCOUNT_ENDED if _was_open(change) else None


def _account_open(change: StatusChange, account: BrokerageAccount) -> Told:
    return None if _was_open(change) else _K.ACCOUNT_OPEN


ACCOUNT: dict[str, Entry] = {
    **dict.fromkeys(AccountStatus, _account_reviewed),
    **dict.fromkeys(ENDED_ACCOUNT, _account_ended),
    AccountStatus.INACTIVE: _account_ended,
    AccountStatus.ACTIVE: _account_open,
    AccountStatus.ACCOUNT_UPDATED: Silent("The account stays in use while what was changed is looked at."),
    AccountStatus.ACTION_REQUIRED: _account_needs,
    AccountStatus.REJECTED: _account_rejected,
    AccountStatus.ACCOUNT_CLOSED: _K.ACCOUNT_CLOSED,
}

# Applications and their documents


def _application_goes_back(change: StatusChange, application: KycApplication) -> Told:
    return _K.APPLICATION_ASKED if change.reason == STAFF_ASKED else _K.APPLICATION_NEEDS_CHANGES


APPLICATION: dict[str, Entry] = {
    ApplicationStatus.DRAFT: Silent("The person is writing it."),
    ApplicationStatus.SUBMITTING: Silent("The person has just sent it, and the page says so."),
    ApplicationStatus.UNKNOWN: Silent("It is asked for within a minute, and nothing is to be done."),
    ApplicationStatus.NEEDS_CHANGES: _application_goes_back,
    ApplicationStatus.SUBMITTED: _K.APPLICATION_RECEIVED,
    ApplicationStatus.IN_REVIEW: Silent("The person has just sent it, and the page says who looks at it."),
    ApplicationStatus.REJECTED: _K.APPLICATION_DECLINED,
}
DOCUMENT: dict[str, Entry] = {
    DocumentStatus.STORED: Silent("The person has just uploaded it, and the page says so."),
    DocumentStatus.UNKNOWN: Silent("It is asked for within a minute, and nothing is to be done."),
    DocumentStatus.REFUSED: _K.DOCUMENT_REFUSED,
    DocumentStatus.SENT: Silent("What comes of it is the next status of the account, which is told."),
}

ANSWER: dict[str, Entry] = {
    AnswerStatus.SUBMITTING: Silent("The person has just given it, and its card says so."),
    AnswerStatus.UNKNOWN: Silent("It is asked for within a minute, and nothing is to be done."),
    AnswerStatus.REFUSED: _K.ANSWER_REFUSED,
    AnswerStatus.SENT: Silent("What comes of it is the next status of the account, which is told."),
}
CIP: dict[str, Entry] = dict.fromkeys(
    AnswerStatus, Silent("It is between the broker and our staff; the account's status is told.")
)

# Tax forms, changes of a profile, closing

TAX_FORM: dict[str, Entry] = {
    TaxFormStatus.STORED: Silent("The person has just signed it, and the page says so."),
    TaxFormStatus.UNKNOWN: Silent("It is asked for within a minute, and nothing is to be done."),
    TaxFormStatus.REFUSED: _K.TAX_FORM_REFUSED,
    TaxFormStatus.SENT: Silent("It is in force, as the profile says; nothing is to be done."),
    TaxFormStatus.DUE: _K.TAX_FORM_DUE,
    TaxFormStatus.REPLACED: Silent("The person has signed the form that takes its place."),
}
PAPER: dict[str, Entry] = {
    PaperStatus.ASKED: _K.PAPER_DUE,
    PaperStatus.OVER: Silent("The person has given the newer paper, and the profile says so."),
}
PROFILE_CHANGE: dict[str, Entry] = {
    ProfileChangeStatus.SUBMITTING: Silent("The person has just asked for it; how it ends is told."),
    ProfileChangeStatus.UNKNOWN: Silent("It is asked for within a minute; how it ends is told."),
    ProfileChangeStatus.APPLIED: _K.PROFILE_CHANGED,
    ProfileChangeStatus.REFUSED: _K.PROFILE_NOT_CHANGED,
}
CLOSING: dict[str, Entry] = {
    ClosingStatus.SUBMITTING: lambda change, closing: None if change.from_status else _K.CLOSING_STARTED,
    ClosingStatus.UNKNOWN: Silent("It is asked for within a minute; how it ends is told."),
    ClosingStatus.REFUSED: _K.CLOSING_REFUSED,
    ClosingStatus.CLOSED: Silent("That the account is closed is told by its own status."),
}

# Banks


def _bank_linked(change: StatusChange, bank: BankLink) -> Told:
    undone = (BankLinkStatus.CANCEL_REQUESTED, BankLinkStatus.CANCELED)
    return _K.BANK_STILL_LINKED if change.from_status in undone else _K.BANK_LINKED


BANK: dict[str, Entry] = {
    BankLinkStatus.SUBMITTING: Silent("The person has just asked for it, and the page says so."),
    BankLinkStatus.UNKNOWN: Silent("It is asked for within a minute, and nothing is to be done."),
    BankLinkStatus.QUEUED: Silent("It takes about a minute; that it is linked is told."),
    BankLinkStatus.PENDING: Silent("It takes about a minute; that it is linked is told."),
    BankLinkStatus.APPROVED: _bank_linked,
    BankLinkStatus.REJECTED: _K.BANK_REFUSED,
    BankLinkStatus.CANCEL_REQUESTED: Silent("That it is removed is told."),
    BankLinkStatus.CANCELED: _K.BANK_REMOVED,
}

# Movements of money


def _transfer_moves(change: StatusChange, transfer: Transfer) -> Told:
    unknown_before = (*UNSETTLED_TRANSFER, TransferStatus.NOT_MADE, "")
    if transfer.rail == RailName.JOURNAL or change.from_status not in unknown_before:
        return None  # a credit is told once it is there; the rest is told by its first status at the broker
    return _K.DEPOSIT_STARTED if transfer.is_deposit else _K.WITHDRAWAL_STARTED


def _transfer_done(change: StatusChange, transfer: Transfer) -> Told:
    if transfer.rail == RailName.JOURNAL:
        return _K.CREDIT_DONE
    return _K.DEPOSIT_DONE if transfer.is_deposit else _K.WITHDRAWAL_DONE


def _transfer_failed(change: StatusChange, transfer: Transfer) -> Told:
    if change.from_status == TransferStatus.COMPLETE:
        return _undone(change, transfer)
    if transfer.rail == RailName.JOURNAL:
        return None  # a credit that was not booked was never announced
    return _K.DEPOSIT_FAILED if transfer.is_deposit else _K.WITHDRAWAL_FAILED


def _undone(change: StatusChange, transfer: Transfer) -> NoticeKind:
    if transfer.rail == RailName.JOURNAL:
        return _K.CREDIT_CORRECTED
    if change.to_status != TransferStatus.RETURNED:
        return _K.TRANSFER_TAKEN_BACK
    return _K.DEPOSIT_RETURNED if transfer.is_deposit else _K.WITHDRAWAL_RETURNED


TRANSFER: dict[str, Entry] = {
    TransferStatus.SUBMITTING: Silent("The person has just asked for it, and the receipt says so."),
    TransferStatus.UNKNOWN: Silent("It is looked up, and the receipt says so; how it ends is told."),
    TransferStatus.NOT_MADE: _transfer_failed,
    **dict.fromkeys(MOVING_TRANSFER, _transfer_moves),
    TransferStatus.COMPLETE: _transfer_done,
    **dict.fromkeys(FAILED_TRANSFER, _transfer_failed),
}

# Orders


def _order_filled(change: StatusChange, order: Order) -> Told:
    return _K.ORDER_FILLED


def _order_day_over(change: StatusChange, order: Order) -> Told:
    return _K.ORDER_PART_FILLED if order.filled_qty > 0 else None


def _order_over(change: StatusChange, order: Order) -> Told:
    if change.from_status == OrderStatus.FILLED:
        return None  # an execution was taken back, of which a note of its own tells
    if order.filled_qty > 0:
        return _K.ORDER_PART_FILLED
    if change.to_status == OrderStatus.EXPIRED:
        return None if order.is_exit else _K.ORDER_EXPIRED
    # What the person asked for the page has said; an exit ends with its pair.
    return None if order.cancel_requested_at or order.is_exit else _K.ORDER_CANCELED


def _order_rejected(change: StatusChange, order: Order) -> Told:
    if order.is_change:
        return _K.ORDER_CHANGE_REFUSED
    return _K.ORDER_REJECTED if change.to_status == OrderStatus.REJECTED else _K.ORDER_NOT_PLACED


def _order_note(change: StatusChange, order: Order) -> Told:
    return _K.ORDER_REVISED if change.reason == REVISED_NOTE else None


_WORKING = Silent("It works at the broker, as the page of the order shows; how it ends is told.")
ORDER: dict[str, Entry] = {
    **dict.fromkeys(OrderStatus, _WORKING),
    OrderStatus.SUBMITTING: Silent("The person has just placed it, and the page says so."),
    OrderStatus.UNKNOWN: Silent("It is looked up, and the page says so; how it ends is told."),
    OrderStatus.NOT_FOUND: Silent("It is still looked for: no word of ours is the last one."),
    OrderStatus.NOT_PLACED: _order_rejected,
    OrderStatus.REJECTED: _order_rejected,
    OrderStatus.FILLED: _order_filled,
    OrderStatus.DONE_FOR_DAY: _order_day_over,
    OrderStatus.CANCELED: _order_over,
    OrderStatus.EXPIRED: _order_over,
    OrderStatus.REPLACED: Silent("The order that takes its place tells how it ends."),
}

# Holds, documents, decisions, cases, signing in


def _hold_placed(change: StatusChange, hold: WithdrawalHold) -> Told:
    return _K.SECURED if hold.cause == HoldReason.SECURED else _K.WITHDRAWALS_HELD


HOLD: dict[str, Entry] = {
    HoldStatus.ACTIVE: _hold_placed,
    HoldStatus.LIFTED: _K.WITHDRAWALS_OPENED,
}
ISSUED: dict[str, Entry] = {"ISSUED": _K.NEW_DOCUMENT}
DECISION: dict[str, Entry] = dict.fromkeys(
    (status for steps in StaffDecision.TRANSITIONS.items() for status in (steps[0], *steps[1])),
    Silent("It is between members of staff; the row that it is about tells the person."),
)


def _case_opened(change: StatusChange, case: Case) -> Told:
    return None if change.from_status else _K.CASE_RECEIVED


def _case_note(change: StatusChange, case: Case) -> Told:
    return _K.CASE_ANSWERED if change.reason == ANSWERED_AGAIN else None


CASE: dict[str, Entry] = {
    CaseStatus.OPEN: _case_opened,
    CaseStatus.ANSWERED: _K.CASE_ANSWERED,
    CaseStatus.CLOSED: Silent("Nothing is to be done; the answer was told, and the page says it."),
}
SIGN_IN: dict[str, Entry] = {
    SignInEvent.NEW_DEVICE: _K.NEW_DEVICE,
    SignInEvent.PASSWORD: _K.PASSWORD_CHANGED,
    SignInEvent.EMAIL: _K.EMAIL_CHANGED,
    SignInEvent.SECOND_STEP: _K.SECOND_STEP_CHANGED,
    SignInEvent.CONFIRMING_FAILED: _K.SIGN_IN_TRIED,
}

TABLE: Mapping[type[models.Model], Mapping[str, Entry]] = {
    KycApplication: APPLICATION,
    Document: DOCUMENT,
    BrokerageAccount: ACCOUNT,
    KycAnswer: ANSWER,
    CipRecord: CIP,
    TaxForm: TAX_FORM,
    DuePaper: PAPER,
    ProfileChange: PROFILE_CHANGE,
    AccountClosing: CLOSING,
    BankLink: BANK,
    Transfer: TRANSFER,
    Order: ORDER,
    WithdrawalHold: HOLD,
    IssuedDocument: ISSUED,
    StaffDecision: DECISION,
    Case: CASE,
    User: SIGN_IN,
}
NOTES: Mapping[type[models.Model], Rule] = {Order: _order_note, Case: _case_note}
"""Of models whose notes (steps from a status to itself) tell something."""
NOT_THERE_YET = {"plan": "There are no plans (recurring deposits or orders) on this site."}
"""Events of which people will be told once the site has what they are about."""


def told_of(change: StatusChange, model: type[models.Model], row: Any) -> Told:
    """What a change tells the person whose row it is; None for nothing."""
    if change.from_status == change.to_status:
        note = NOTES.get(model)
        return note(change, row) if note else None
    entry = TABLE[model].get(change.to_status)
    if entry is None or isinstance(entry, Silent):
        return None
    return entry if isinstance(entry, NoticeKind) else entry(change, row)
