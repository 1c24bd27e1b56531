"""Statuses of bank links and transfers, the steps between them, and Alpaca's words for them.

Broker API, "ACH Relationships", "Transfers" and "Funding Status Events"
(https://docs.alpaca.markets/docs/funding-via-ach), "Journals".
"""

from django.db.models import TextChoices


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

_BANK_ENDINGS = frozenset(FINAL_BANK)
BANK_TRANSITIONS: dict[str, frozenset[str]] = {
    # A reply that was lost can hide any of the broker's statuses, so all of them may come next.
    BankLinkStatus.SUBMITTING: frozenset(BankLinkStatus) - {BankLinkStatus.SUBMITTING},
    BankLinkStatus.UNKNOWN: frozenset(BankLinkStatus) - {BankLinkStatus.UNKNOWN},
    BankLinkStatus.QUEUED: _BANK_ENDINGS
    | {BankLinkStatus.PENDING, BankLinkStatus.APPROVED, BankLinkStatus.CANCEL_REQUESTED},
    # Back to QUEUED after an unlinking that was refused: we wait as PENDING to read what it was.
    BankLinkStatus.PENDING: _BANK_ENDINGS
    | {BankLinkStatus.QUEUED, BankLinkStatus.APPROVED, BankLinkStatus.CANCEL_REQUESTED},
    # The broker may take an approval back.
    BankLinkStatus.APPROVED: _BANK_ENDINGS | {BankLinkStatus.CANCEL_REQUESTED},
    # Back to where it was if the broker refuses to unlink, or says that unlinking failed.
    BankLinkStatus.CANCEL_REQUESTED: _BANK_ENDINGS | {BankLinkStatus.PENDING, BankLinkStatus.APPROVED},
    # Refused by what we concluded, as it was not listed: it gives way to the broker's word.
    BankLinkStatus.REJECTED: frozenset((*WAITING_BANK, BankLinkStatus.APPROVED)),
    # The broker confirmed it, and said later that it failed (CANCEL_FAILED) or lists it still.
    BankLinkStatus.CANCELED: frozenset((*WAITING_BANK, BankLinkStatus.APPROVED)),
}

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

_AT_BROKER = frozenset((*MOVING_TRANSFER, TransferStatus.COMPLETE, *FAILED_TRANSFER))
_ENDINGS = frozenset((TransferStatus.COMPLETE, *FAILED_TRANSFER))
TRANSFER_TRANSITIONS: dict[str, frozenset[str]] = {
    # A reply that was lost can hide any of the broker's statuses, so all of them may come next.
    TransferStatus.SUBMITTING: _AT_BROKER | {TransferStatus.UNKNOWN, TransferStatus.NOT_MADE},
    TransferStatus.UNKNOWN: _AT_BROKER | {TransferStatus.NOT_MADE},
    # Our word, by what we knew or what staff decided: it gives way to whatever the broker says.
    TransferStatus.NOT_MADE: _AT_BROKER,
    # Onward only, but a poll may miss steps that the events would show.
    **{
        status: frozenset(MOVING_TRANSFER[place + 1 :]) | _ENDINGS
        for place, status in enumerate(MOVING_TRANSFER)
    },
    # What was booked is taken back: returned by the bank (Nacha), or undone by the broker's operations staff.
    TransferStatus.COMPLETE: frozenset(
        {TransferStatus.RETURNED, TransferStatus.CANCELED, TransferStatus.REJECTED}
    ),
    **{status: frozenset() for status in FAILED_TRANSFER},
}

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
