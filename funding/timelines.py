"""Where a transfer stands, in words and dates for the person who asked for it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from brokerapp.ui.timeline import TimelineStep
from brokerapp.workflow.models import StatusChange
from funding import bank_days
from funding.models import BankLink, Transfer
from funding.statuses import FAILED_TRANSFER, BankLinkStatus, TransferStatus

TRANSFER_TONES = {
    TransferStatus.COMPLETE: "success",
    TransferStatus.UNKNOWN: "warn",
    TransferStatus.CANCELED: "neutral",
    TransferStatus.REJECTED: "error",
    TransferStatus.RETURNED: "error",
    TransferStatus.EXPIRED: "error",
}
BANK_TONES = {
    BankLinkStatus.APPROVED: "success",
    BankLinkStatus.UNKNOWN: "warn",
    BankLinkStatus.REJECTED: "error",
    BankLinkStatus.CANCELED: "neutral",
}


def transfer_tone(transfer: Transfer) -> str:
    """The tone of the status tag."""
    return TRANSFER_TONES.get(TransferStatus(transfer.status), "info")


def bank_tone(link: BankLink) -> str:
    """The tone of the status tag."""
    return BANK_TONES.get(BankLinkStatus(link.status), "info")


def day(on: date) -> str:
    """`Tue 4 Mar`."""
    return f"{on:%a} {on.day} {on:%b}"


def promise(transfer: Transfer, now: datetime) -> str:
    """By when the money should be there, and that it is late once it is."""
    if bank_days.is_late(transfer.expected_on, now):
        return (
            f"Expected by {day(transfer.expected_on)} and not confirmed yet, so it is late. Nothing is lost: "
            "the banks have not told us the outcome. If it worries you, quote the reference to support."
        )
    return f"Expected by {day(transfer.expected_on)}. Banks do not move money on weekends and bank holidays."


def transfer_steps(transfer: Transfer, changes: Iterable[StatusChange], now: datetime) -> list[TimelineStep]:
    """Requested, with the broker, with the banks, there; ended early where it failed."""
    reached = {change.to_status: change.at for change in changes}
    steps = [TimelineStep("Requested", "done", transfer.created_at)]
    if transfer.broker_transfer_id is None:
        return [*steps, *_before_broker(transfer)]
    accepted = min((at for status, at in reached.items() if status != TransferStatus.UNKNOWN), default=None)
    steps.append(TimelineStep("Accepted by the broker", "done", accepted))
    if transfer.completed_at is None and transfer.status in FAILED_TRANSFER:
        return [*steps, _failure(transfer)]
    last = "Ready to invest" if transfer.is_deposit else "Paid out to your bank"
    if transfer.completed_at is None:
        on_the_way = TimelineStep("On its way between the banks", "current", None, promise(transfer, now))
        return [*steps, on_the_way, TimelineStep(last, "upcoming")]
    cleared = reached.get(TransferStatus.SENT_TO_CLEARING)
    steps += [
        TimelineStep("On its way between the banks", "done", cleared),
        TimelineStep(last, "done", transfer.completed_at),
    ]
    return [*steps, _failure(transfer)] if transfer.status == TransferStatus.RETURNED else steps


@dataclass(frozen=True)
class LogLine:
    """One line of the event log: in words, and in the statuses that support staff know."""

    title: str
    at: datetime
    statuses: str = ""
    reason: str = ""
    request_id: str = ""


def event_log(row: Transfer | BankLink, changes: Iterable[StatusChange]) -> list[LogLine]:
    """Everything that happened to a row, oldest first."""
    labels = dict(BankLinkStatus.choices if isinstance(row, BankLink) else TransferStatus.choices)
    lines = [
        LogLine(
            str(labels.get(change.to_status, change.to_status)),
            change.at,
            f"{change.from_status} → {change.to_status}",
            change.reason,
            change.request_id,
        )
        for change in changes
    ]
    return [LogLine("Asked for by you", row.created_at), *lines]


def _before_broker(transfer: Transfer) -> list[TimelineStep]:
    if transfer.status == TransferStatus.REJECTED:
        return [_failure(transfer)]
    text = transfer.status_reason or "We are sending it to the broker."
    return [
        TimelineStep("Sending to the broker", "current", None, text),
        TimelineStep("On its way between the banks", "upcoming"),
    ]


def _failure(transfer: Transfer) -> TimelineStep:
    title = {
        TransferStatus.REJECTED: "Refused",
        TransferStatus.CANCELED: "Canceled",
        TransferStatus.EXPIRED: "Expired at the broker",
        TransferStatus.RETURNED: "Returned by your bank",
    }[TransferStatus(transfer.status)]
    return TimelineStep(title, "failed", transfer.status_at, transfer.status_reason)
