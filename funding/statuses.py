"""Statuses of bank links and transfers, the steps between them, and Alpaca's words for them.

Broker API, "ACH Relationships", "Transfers" and "Funding Status Events"
(https://docs.alpaca.markets/docs/funding-via-ach), "Journals".
"""

from django.db.models import TextChoices

from brokerapp.workflow.paths import reachable


class BankLinkStatus(TextChoices):
    """A bank linked for ACH. SUBMITTING and UNKNOWN are ours; the others are Alpaca's, word for word."""

    SUBMITTING = "SUBMITTING", "Sending"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    QUEUED = "QUEUED", "Being approved"
    PENDING = "PENDING", "Being approved"
    APPROVED = "APPROVED", "Linked"
    REJECTED = "REJECTED", "Refused"
    CANCEL_REQUESTED = "CANCEL_REQUESTED", "Being unlinked"
    CANCELED = "CANCELED", "Unlinked"


FINAL_BANK = (BankLinkStatus.REJECTED, BankLinkStatus.CANCELED)
"""Statuses that no longer count against the one active link that Alpaca allows per account."""
WAITING_BANK = (BankLinkStatus.QUEUED, BankLinkStatus.PENDING)
"""Statuses at Alpaca that will change by themselves and are polled."""
UNSETTLED_BANK = (BankLinkStatus.SUBMITTING, BankLinkStatus.UNKNOWN, BankLinkStatus.CANCEL_REQUESTED)
"""Statuses with a call of ours under way, or with an outcome that we do not know."""

_B = BankLinkStatus

BANK_PATHS: dict[str, frozenset[str]] = {
    _B.SUBMITTING: frozenset({_B.QUEUED, _B.REJECTED, _B.UNKNOWN}),
    # Sent again only once the broker has said that it has no such link.
    _B.UNKNOWN: frozenset({_B.QUEUED, _B.REJECTED, _B.SUBMITTING}),
    _B.QUEUED: frozenset({_B.PENDING, _B.APPROVED, _B.REJECTED, _B.CANCEL_REQUESTED}),
    # Back to QUEUED after an unlinking that was refused: we wait as PENDING to read what it was.
    _B.PENDING: frozenset({_B.APPROVED, _B.REJECTED, _B.CANCEL_REQUESTED, _B.QUEUED}),
    # To CANCELED: the broker does not list it any more.
    _B.APPROVED: frozenset({_B.CANCEL_REQUESTED, _B.CANCELED}),
    # Back to where it was if the broker refuses to unlink, or says that unlinking failed.
    _B.CANCEL_REQUESTED: frozenset({_B.CANCELED, _B.PENDING, _B.APPROVED}),
    # Refused by what we concluded, as it was not listed: it gives way to the broker's word.
    _B.REJECTED: frozenset((*WAITING_BANK, _B.APPROVED)),
    # The broker confirmed it, and said later that it failed (CANCEL_FAILED) or lists it still.
    _B.CANCELED: frozenset((*WAITING_BANK, _B.APPROVED)),
}
"""The steps that the broker documents, and ours."""

_BANK_ENDINGS = frozenset(FINAL_BANK)
BANK_TRANSITIONS: dict[str, frozenset[str]] = {
    # A reply that was lost can hide any of the broker's statuses, so all of them may come next.
    _B.SUBMITTING: frozenset(BankLinkStatus) - {_B.SUBMITTING},
    _B.UNKNOWN: frozenset(BankLinkStatus) - {_B.UNKNOWN},
    # Onward, with steps missed.
    _B.QUEUED: BANK_PATHS[_B.QUEUED] | _BANK_ENDINGS,
    _B.PENDING: BANK_PATHS[_B.PENDING] | _BANK_ENDINGS,
    # The broker may take an approval back.
    _B.APPROVED: BANK_PATHS[_B.APPROVED] | _BANK_ENDINGS,
    _B.CANCEL_REQUESTED: BANK_PATHS[_B.CANCEL_REQUESTED] | _BANK_ENDINGS,
    _B.CANCELED: BANK_PATHS[_B.CANCELED],
    _B.REJECTED: BANK_PATHS[_B.REJECTED],
}
"""What a link may really do: also what a poll or a lost reply can hide."""

BROKER_BANK_STATUS: dict[str, BankLinkStatus] = {
    "QUEUED": BankLinkStatus.QUEUED,
    "PENDING": BankLinkStatus.PENDING,
    "SENT_TO_CLEARING": BankLinkStatus.PENDING,
    "APPROVED": BankLinkStatus.APPROVED,
    "REJECTED": BankLinkStatus.REJECTED,
    "CANCEL_REQUESTED": BankLinkStatus.CANCEL_REQUESTED,
    "CANCEL_SENT": BankLinkStatus.CANCEL_REQUESTED,
    "CANCEL_FAILED": BankLinkStatus.APPROVED,
    "CANCELED": BankLinkStatus.CANCELED,
}


class Direction(TextChoices):
    """Which way the money goes, in Alpaca's words."""

    INCOMING = "INCOMING", "Deposit"
    OUTGOING = "OUTGOING", "Withdrawal"


class RailName(TextChoices):
    """The way that money takes into or out of an account; what each does is in `funding.rails`."""

    ACH = "ach", "Bank (ACH)"
    JOURNAL = "journal", "Credit from us"


class TransferStatus(TextChoices):
    """Money on its way. SUBMITTING, UNKNOWN and NOT_MADE are ours; the others are Alpaca's, word for word."""

    SUBMITTING = "SUBMITTING", "Sending"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    NOT_MADE = "NOT_MADE", "Not made"
    QUEUED = "QUEUED", "Queued"
    APPROVAL_PENDING = "APPROVAL_PENDING", "In review"
    PENDING = "PENDING", "In progress"
    APPROVED = "APPROVED", "Approved"
    SENT_TO_CLEARING = "SENT_TO_CLEARING", "With the banks"
    COMPLETE = "COMPLETE", "Complete"
    REJECTED = "REJECTED", "Refused"
    CANCELED = "CANCELED", "Canceled"
    RETURNED = "RETURNED", "Returned by the bank"
    EXPIRED = "EXPIRED", "Expired"


UNSETTLED_TRANSFER = (TransferStatus.SUBMITTING, TransferStatus.UNKNOWN)
"""Statuses with a call of ours under way, or with an outcome that we do not know."""
MOVING_TRANSFER = (
    TransferStatus.QUEUED,
    TransferStatus.APPROVAL_PENDING,
    TransferStatus.PENDING,
    TransferStatus.APPROVED,
    TransferStatus.SENT_TO_CLEARING,
)
"""Statuses at Alpaca that will change by themselves and are polled, in the order in which they are passed."""
IN_FLIGHT_TRANSFER = UNSETTLED_TRANSFER + MOVING_TRANSFER
FAILED_TRANSFER = (
    TransferStatus.REJECTED,
    TransferStatus.CANCELED,
    TransferStatus.RETURNED,
    TransferStatus.EXPIRED,
)
"""Alpaca's statuses of transfers that move no money, or whose money went back."""
NO_MONEY = (*FAILED_TRANSFER, TransferStatus.NOT_MADE)

_T = TransferStatus
# The broker names these ends and not what comes before them: whatever is under way may come to one.
_FAILS = frozenset({_T.REJECTED, _T.EXPIRED})

TRANSFER_PATHS: dict[str, frozenset[str]] = {
    _T.SUBMITTING: frozenset({_T.QUEUED, _T.REJECTED, _T.UNKNOWN, _T.NOT_MADE}),
    _T.UNKNOWN: frozenset({_T.QUEUED, _T.REJECTED, _T.NOT_MADE}),
    # Our word, by what we knew or what staff decided: it gives way to whatever the broker says.
    _T.NOT_MADE: frozenset({_T.QUEUED}),
    _T.QUEUED: _FAILS | {_T.APPROVAL_PENDING, _T.PENDING, _T.SENT_TO_CLEARING, _T.CANCELED},
    # To COMPLETE: a journal that the broker's staff have approved is executed at once.
    _T.APPROVAL_PENDING: _FAILS | {_T.PENDING, _T.APPROVED, _T.SENT_TO_CLEARING, _T.COMPLETE, _T.CANCELED},
    _T.PENDING: _FAILS | {_T.APPROVED, _T.SENT_TO_CLEARING, _T.CANCELED},
    _T.APPROVED: _FAILS | {_T.SENT_TO_CLEARING},
    _T.SENT_TO_CLEARING: _FAILS | {_T.COMPLETE},
    # What was booked is taken back: returned by the bank (Nacha), or undone by the broker's operations staff.
    _T.COMPLETE: frozenset({_T.RETURNED, _T.CANCELED}),
    **{status: frozenset() for status in FAILED_TRANSFER},
}
"""The steps that the broker documents of transfers and of journals, and ours."""

TRANSFER_TRANSITIONS: dict[str, frozenset[str]] = {
    **reachable(TRANSFER_PATHS),
    # No page says by which word the broker's staff undo a transfer.
    _T.COMPLETE: TRANSFER_PATHS[_T.COMPLETE] | {_T.REJECTED},
}
"""What a transfer may really do: polls and lost replies hide steps of its paths."""

BROKER_TRANSFER_STATUS: dict[str, TransferStatus] = {
    **{status.value: status for status in (*MOVING_TRANSFER, TransferStatus.COMPLETE, *FAILED_TRANSFER)},
    "SETTLED": TransferStatus.COMPLETE,
}
"""Alpaca's words for transfers."""
BROKER_JOURNAL_STATUS: dict[str, TransferStatus] = {
    "queued": TransferStatus.QUEUED,
    "sent_to_clearing": TransferStatus.SENT_TO_CLEARING,
    "pending": TransferStatus.APPROVAL_PENDING,
    "executed": TransferStatus.COMPLETE,
    "rejected": TransferStatus.REJECTED,
    "refused": TransferStatus.REJECTED,
    "canceled": TransferStatus.CANCELED,
    "deleted": TransferStatus.CANCELED,
    # Booked back, and replaced by another journal of another amount.
    "correct": TransferStatus.CANCELED,
}
"""Alpaca's words for journals (Broker API, "Journals API": "Journal Status")."""
