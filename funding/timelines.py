"""Where a transfer stands, in words and dates for the person who asked for it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from brokerapp.ui.timeline import TimelineStep
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from funding import bank_days
from funding.models import BankLink, Transfer
from funding.statuses import FAILED_TRANSFER, BankLinkStatus, RailName, TransferStatus

TRANSFER_TONES = {
    TransferStatus.COMPLETE: "success",
    TransferStatus.UNKNOWN: "warn",
    TransferStatus.NOT_MADE: "neutral",
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
    if transfer.is_taken_back:
        return "error"
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
    """Requested, with the broker, with the banks, there; ended early where it failed.

    What was there and is taken back keeps its steps and gets one more.
    """
    reached = {change.to_status: change.at for change in changes}
    steps = [TimelineStep("Requested", "done", transfer.created_at)]
    if transfer.broker_transfer_id is None:
        return [*steps, *_before_broker(transfer)]
    steps.append(TimelineStep("Accepted by the broker", "done", transfer.accepted_at))
    if transfer.completed_at is None and transfer.status in FAILED_TRANSFER:
        return [*steps, _failure(transfer)]
    between = "On its way between the banks" if transfer.rail == RailName.ACH else "Being booked"
    last = "Ready to invest" if transfer.is_deposit else "Paid out to your bank"
    if transfer.completed_at is None:
        on_the_way = TimelineStep(between, "current", None, promise(transfer, now))
        return [*steps, on_the_way, TimelineStep(last, "upcoming")]
    cleared = reached.get(TransferStatus.SENT_TO_CLEARING)
    steps += [
        TimelineStep(between, "done", cleared),
        TimelineStep(last, "done", transfer.completed_at),
    ]
    return [*steps, _failure(transfer)] if transfer.is_taken_back else steps


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
    return [_log_line(change, labels) for change in changes]


def _log_line(change: StatusChange, labels: dict[str, str]) -> LogLine:
    by_staff = change.actor == ActorKind.STAFF
    if not change.from_status:
        return LogLine("Given by us" if by_staff else "Asked for by you", change.at)
    if change.from_status == change.to_status:
        return LogLine("Our staff are looking into it", change.at, reason=change.reason)
    title = str(labels.get(change.to_status, change.to_status))
    steps = f"{change.from_status} → {change.to_status}"
    who = " (our staff)" if by_staff else ""
    return LogLine(f"{title}{who}", change.at, steps, change.reason, change.request_id)


def _before_broker(transfer: Transfer) -> list[TimelineStep]:
    if transfer.status in (TransferStatus.REJECTED, TransferStatus.NOT_MADE):
        return [_failure(transfer)]
    if transfer.is_undecided:
        return [TimelineStep("Our staff are looking into it", "current", None, transfer.status_reason)]
    text = transfer.status_reason or "We are sending it to the broker."
    return [
        TimelineStep("Sending to the broker", "current", None, text),
        TimelineStep("On its way between the banks", "upcoming"),
    ]


def _failure(transfer: Transfer) -> TimelineStep:
    title = {
        TransferStatus.NOT_MADE: "Not made",
        TransferStatus.REJECTED: "Refused",
        TransferStatus.CANCELED: "Canceled",
        TransferStatus.EXPIRED: "Expired at the broker",
        TransferStatus.RETURNED: "Returned by your bank",
    }[TransferStatus(transfer.status)]
    if transfer.is_taken_back and transfer.status != TransferStatus.RETURNED:
        title = "Taken back by the broker"
    return TimelineStep(title, "failed", transfer.status_at, transfer.status_reason)
