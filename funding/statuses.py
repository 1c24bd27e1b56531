"""Statuses of bank links and transfers, the steps between them, and Alpaca's words for them.

Broker API, "ACH Relationships", "Transfers" and "Funding Status Events"
(https://docs.alpaca.markets/docs/funding-via-ach).
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

_BANK_AT_BROKER = frozenset(
    {
        BankLinkStatus.QUEUED,
        BankLinkStatus.PENDING,
        BankLinkStatus.APPROVED,
        BankLinkStatus.REJECTED,
        BankLinkStatus.CANCEL_REQUESTED,
        BankLinkStatus.CANCELED,
    }
)
BANK_TRANSITIONS: dict[str, frozenset[str]] = {
    BankLinkStatus.SUBMITTING: _BANK_AT_BROKER | {BankLinkStatus.UNKNOWN},
    BankLinkStatus.UNKNOWN: _BANK_AT_BROKER | {BankLinkStatus.SUBMITTING},
    BankLinkStatus.QUEUED: _BANK_AT_BROKER - {BankLinkStatus.QUEUED},
    BankLinkStatus.PENDING: _BANK_AT_BROKER - {BankLinkStatus.PENDING},
    BankLinkStatus.APPROVED: _BANK_AT_BROKER - {BankLinkStatus.APPROVED},
    # Back to what it was if Alpaca refuses to unlink, or says that unlinking failed.
    BankLinkStatus.CANCEL_REQUESTED: _BANK_AT_BROKER - {BankLinkStatus.CANCEL_REQUESTED},
    BankLinkStatus.REJECTED: frozenset(),
    BankLinkStatus.CANCELED: frozenset(),
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


class TransferStatus(TextChoices):
    """A transfer. SUBMITTING and UNKNOWN are ours; the others are Alpaca's, word for word."""

    SUBMITTING = "SUBMITTING", "Sending"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    QUEUED = "QUEUED", "Queued"
    APPROVAL_PENDING = "APPROVAL_PENDING", "In review"
    PENDING = "PENDING", "In progress"
    SENT_TO_CLEARING = "SENT_TO_CLEARING", "With the banks"
    APPROVED = "APPROVED", "Approved"
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
    TransferStatus.SENT_TO_CLEARING,
    TransferStatus.APPROVED,
)
"""Statuses at Alpaca that will change by themselves and are polled."""
IN_FLIGHT_TRANSFER = UNSETTLED_TRANSFER + MOVING_TRANSFER
FAILED_TRANSFER = (
    TransferStatus.REJECTED,
    TransferStatus.CANCELED,
    TransferStatus.RETURNED,
    TransferStatus.EXPIRED,
)

_ENDINGS = frozenset(FAILED_TRANSFER)
# Polls may skip steps that the events would show, and Alpaca does not promise an order among the steps on the
# way, so any of them may follow any other. What is out of date is kept out by the broker's own update time.
_ON_THE_WAY = frozenset(MOVING_TRANSFER) | {TransferStatus.COMPLETE} | _ENDINGS
TRANSFER_TRANSITIONS: dict[str, frozenset[str]] = {
    TransferStatus.SUBMITTING: _ON_THE_WAY | {TransferStatus.UNKNOWN},
    TransferStatus.UNKNOWN: _ON_THE_WAY,
    **{status: _ON_THE_WAY - {status} for status in MOVING_TRANSFER},
    TransferStatus.COMPLETE: frozenset({TransferStatus.RETURNED}),
    **{status: frozenset() for status in FAILED_TRANSFER},
}

BROKER_TRANSFER_STATUS: dict[str, TransferStatus] = {
    **{status.value: status for status in (*MOVING_TRANSFER, TransferStatus.COMPLETE, *FAILED_TRANSFER)},
    "SETTLED": TransferStatus.COMPLETE,
}
